"""A backfill makes one run per product type, whichever types were chosen, and no other run."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from time import time

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.test_utils import InProcessTestWorkspaceLoadTarget, instance_for_test
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._daemon.backfill import execute_backfill_iteration

from vlclip_dagster.automation import PRODUCT_ASSETS, SEARCH_ASSETS
from vlclip_dagster.partitions import product_types

SLUGS = ["boots", "dress", "handbag", "sofa", "vase"]
QUEUED = {
    "run_coordinator": {"module": "dagster._core.test_utils", "class": "MockedRunCoordinator"}
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Iterator[WorkspaceProcessContext]:
    """The code location as a daemon sees it, in this process; runs are queued and never start."""
    module = LoadableTargetOrigin(module_name="vlclip_dagster.definitions", attribute="defs")
    target = InProcessTestWorkspaceLoadTarget(InProcessCodeLocationOrigin(module))
    home = tmp_path_factory.mktemp("backfills")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLCLIP_HOME", str(home))
        with (
            instance_for_test(QUEUED, temp_dir=str(home)) as instance,
            WorkspaceProcessContext(instance, target) as context,
        ):
            instance.add_dynamic_partitions(str(product_types.name), SLUGS)
            yield context


@pytest.fixture
def backfill(workspace) -> Callable[..., Counter]:
    """Ask for a backfill as the UI does; the runs it made, by product type and assets."""

    def ask(names: tuple[str, ...], slugs: list[str] | None) -> Counter:
        instance = workspace.instance
        before = {run.run_id for run in instance.get_runs()}
        request = workspace.create_request_context()
        wanted = PartitionBackfill.from_asset_partitions(
            backfill_id=f"backfill-{len(before)}-{time()}",
            asset_graph=request.asset_graph,
            partition_names=slugs,
            asset_selection=[dg.AssetKey(name) for name in names],
            backfill_timestamp=time(),
            tags={},
            dynamic_partitions_store=instance,
            all_partitions=slugs is None,
            title=None,
            description=None,
            run_config=None,
        )
        instance.add_backfill(wanted)
        list(execute_backfill_iteration(workspace, logging.getLogger("backfill")))
        instance.update_backfill(
            instance.get_backfill(wanted.backfill_id).with_status(BulkActionStatus.CANCELED)
        )
        made = [run for run in instance.get_runs() if run.run_id not in before]
        return Counter(
            (
                run.tags["dagster/partition"],
                frozenset(key.to_python_identifier() for key in run.asset_selection),
            )
            for run in made
        )

    return ask


@pytest.mark.parametrize(
    ("assets", "slugs"),
    [
        (PRODUCT_ASSETS, ["boots", "dress"]),
        (("refined_queries",), ["boots", "handbag", "vase"]),
        ((*PRODUCT_ASSETS, *SEARCH_ASSETS), None),
    ],
    ids=["chosen", "with gaps", "all"],
)
def test_each_type_is_one_run_of_all_the_assets(backfill, assets, slugs):
    assert backfill(assets, slugs) == Counter(
        {(slug, frozenset(assets)): 1 for slug in slugs or SLUGS}
    )
