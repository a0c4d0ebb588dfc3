"""The suites as Dagster's checks: one result per rule and type; integrity stops its type alone."""

import dagster as dg
import polars as pl
import pytest

from assets.checks import all_checks
from resources.index import IndexResource
from resources.warehouse import WarehouseResource
from vlclip_dagster.partitions import product_types
from vlclip_dagster.quality.settings import QualitySettings
from vlclip_dagster.warehouse import Warehouse


@dg.asset(partitions_def=product_types)
def raw_catalog() -> None:
    """Stands for the asset whose table is judged."""


@dg.asset(partitions_def=product_types, deps=[raw_catalog])
def downstream() -> None:
    """Whatever reads it."""


@pytest.fixture
def build(tmp_path):
    """Fills the catalog of a type with ``titles``, and materializes it with its checks."""
    instance = dg.DagsterInstance.ephemeral()
    resources = {"warehouse": WarehouseResource(home=str(tmp_path)), "index": IndexResource()}
    instance.add_dynamic_partitions(product_types.name, ["sofa", "vase"])

    def run(slug: str, titles: list[str | None], **limits: float):
        ids = [f"<b>{slug}{n}" for n in range(len(titles))]
        rows = pl.DataFrame({"item_id": ids, "title": titles, "price": 9.0, "key": "k"})
        Warehouse(tmp_path).table("raw_catalog", slug).upsert(rows)
        checks = all_checks(QualitySettings(**limits))
        mine = [one for one in checks if one.keys_by_input_name.get("raw_catalog")]
        return dg.materialize(
            [raw_catalog, downstream, *mine],
            partition_key=slug,
            instance=instance,
            resources=resources,
            raise_on_error=False,
        )

    return run


def made(result: dg.ExecuteInProcessResult) -> set[str]:
    events = result.get_asset_materialization_events()
    return {event.asset_key.to_user_string() for event in events}


def test_integrity_stops_its_own_type_and_no_other(build):
    broken = build("vase", ["vase"] * 30 + [None] * 30)
    sound = build("sofa", ["sofa"])
    assert (made(broken), broken.success) == ({"raw_catalog"}, False)
    assert (made(sound), sound.success) == ({"raw_catalog", "downstream"}, True)
    (failed,) = [one for one in broken.get_asset_check_evaluations() if not one.passed]
    assert (failed.check_name, failed.partition) == ("titles_are_there", "vase")
    assert failed.severity == dg.AssetCheckSeverity.ERROR
    shown = {name: value.value for name, value in failed.metadata.items()}
    assert (shown["rows"], shown["unexpected"]) == (60, 30)
    assert len(shown["sample_ids"].split(", ")) == 20
    assert "<" not in shown["sample_ids"]


def test_a_limit_is_a_setting_and_what_is_beyond_it_only_warns(build):
    result = build("sofa", ["sofa"], max_price=5)
    assert made(result) == {"raw_catalog", "downstream"}
    (failed,) = [one for one in result.get_asset_check_evaluations() if not one.passed]
    assert (failed.check_name, failed.severity) == (
        "prices_are_plausible",
        dg.AssetCheckSeverity.WARN,
    )
    assert failed.metadata["expected"].value == "`price` is at least 0 and at most 5 in every row"


def test_each_check_says_what_it_expects_and_with_which_limit():
    specs = [spec for one in all_checks(QualitySettings(min_side=64)) for spec in one.check_specs]
    said = {spec.name: spec.description for spec in specs}
    assert all(said.values())
    assert said["photographs_are_large_enough"] == "`side` is at least 64 in every row"
    assert said["rows_are_usable"] == "`usable` is true in at least 0.8 of the rows"
