"""What a drop costs: each asset computes the rows that the change touches, and not one more."""

import pytest

from benchmarks.incremental import READS
from benchmarks.shop import change
from vlclip_dagster.definitions import build_defs
from vlclip_dagster.stages import StageLog

HALVES = {"text": {"text"}, "image": {"image"}, "both": {"text", "image"}}
TYPES = {"text": "t-shirt", "image": "sofa", "both": "dress"}
TOUCHED = 2


@pytest.fixture(scope="module")
def computed(built, shop, copied, tmp_path_factory):
    """Rows computed by asset and type after one drop with three kinds of changes."""
    place = tmp_path_factory.mktemp("incremental")
    home, new = built.copy(place / "home"), shop.copy(place / "shop")
    for kind, slug in TYPES.items():
        lone = [row["id"] for row in new.of(slug) if row["id"] not in copied]
        change(new.folder, kind, lone[:TOUCHED])
    home.drop(new.folder)
    outcome = home.run()
    assert outcome.failures == []
    return {(run.asset, run.slug): run.counts.computed for run in outcome.ran}, home


@pytest.mark.parametrize("kind", HALVES)
@pytest.mark.parametrize("asset", READS)
def test_rows_computed_are_rows_touched(computed, asset, kind):
    rows, _ = computed
    expected = TOUCHED if READS[asset] & HALVES[kind] else 0
    assert rows.get((asset, TYPES[kind]), 0) == expected


def test_types_without_a_change_and_the_checkpoint_are_left_alone(computed):
    rows, _ = computed
    assert {slug for _, slug in rows} == {*TYPES.values(), None}
    assert ("finetuned_checkpoint", None) not in rows


def test_when_nothing_changed_no_asset_computes_a_row(computed):
    """Neither does any run by itself, nor is there anything to do for those made to run."""
    _, home = computed
    assert home.run().ran == []
    before = home.table("stage_runs").count()
    definitions = build_defs(home.settings)
    with home.instance() as instance:
        for name in ("prepare_products", "publish_search"):
            job = definitions.resolve_job_def(name)
            assert job.execute_in_process(instance=instance, partition_key="sofa").success
    assert home.table("stage_runs").count() == before + len(READS)
    log = StageLog(home.warehouse)
    for asset in READS:
        counts = log.last(asset, "sofa").counts
        assert (counts.computed, counts.deleted, counts.failed) == (0, 0, 0), asset
