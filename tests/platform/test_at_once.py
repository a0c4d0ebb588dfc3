"""Two runs of one product type at once end as one does, whoever is faster."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import dagster as dg
import pytest
from homes import ROW_TABLES, Home

from vlclip_dagster.automation import PRODUCT_ASSETS, SEARCH_ASSETS
from vlclip_dagster.definitions import build_defs
from vlclip_dagster.partitions import product_types
from vlclip_dagster.runs import QUIET

SLUG = "sofa"


@pytest.fixture(scope="module")
def twice(few, tmp_path_factory) -> tuple[Home, list[dg.ExecuteInProcessResult]]:
    """A built home that lost all of one type, and two runs that make it anew at the same time."""
    home = few.copy(tmp_path_factory.mktemp("at-once") / "home")
    for table in (*ROW_TABLES, "embeddings"):
        shutil.rmtree(home.table(table, SLUG).uri)
    everything = dg.AssetSelection.assets(*PRODUCT_ASSETS, *SEARCH_ASSETS)
    definitions = build_defs(home.settings)
    job = dg.define_asset_job("everything", everything, partitions_def=product_types)
    together = dg.Definitions.merge(definitions, dg.Definitions(jobs=[job]))
    start = threading.Barrier(2)

    def run(_: int) -> dg.ExecuteInProcessResult:
        with dg.DagsterInstance.ephemeral() as instance:
            instance.add_dynamic_partitions(str(product_types.name), [SLUG])
            start.wait()
            return together.resolve_job_def("everything").execute_in_process(
                instance=instance, partition_key=SLUG, run_config=QUIET, raise_on_error=False
            )

    with ThreadPoolExecutor(2) as pool:
        return home, list(pool.map(run, range(2)))


def test_both_succeed(twice):
    _, results = twice
    failures = [
        event.event_specific_data.error_display_string
        for done in results
        for event in done.all_events
        if event.is_step_failure
    ]
    assert failures == []


@pytest.mark.parametrize("table", [*ROW_TABLES, "embeddings"])
def test_every_row_is_there_once(twice, few, table):
    home, _ = twice
    assert home.keys(table, SLUG) == few.keys(table, SLUG)
    assert home.table(table, SLUG).count() == few.table(table, SLUG).count()


def test_every_product_is_found_once(twice, few):
    home, _ = twice
    found, expected = (
        sorted(hit.item_id for hit in one.search().text("sofa", product_type=SLUG, k=100))
        for one in (home, few)
    )
    assert found == expected
