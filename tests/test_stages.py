"""The stage log tells what is out of date, and why."""

import pytest

from vlclip_dagster.stages import CODE, StageLog, why_stale
from vlclip_dagster.warehouse import Counts, Warehouse


@pytest.fixture
def home(tmp_path):
    return Warehouse(tmp_path)


def record(home, asset, slug, version, inputs=None, counts=None):
    log = StageLog(home)
    log.record(
        asset,
        slug,
        counts or Counts(computed=1),
        seconds=1.0,
        output_version=version,
        inputs=inputs or {},
    )


def inputs_of_crops(home, slug="a", code="1"):
    return StageLog(home).inputs(code, ["photographs"], slug, ["a", "b"])


def test_an_artifact_is_due_until_built_and_again_when_an_input_changes(home):
    record(home, "photographs", "a", "v1")
    assert why_stale(StageLog(home).last("crops", "a"), inputs_of_crops(home)) == "never built"
    record(home, "crops", "a", "c1", inputs_of_crops(home))
    assert why_stale(StageLog(home).last("crops", "a"), inputs_of_crops(home)) is None
    record(home, "photographs", "a", "v2")
    reason = why_stale(StageLog(home).last("crops", "a"), inputs_of_crops(home))
    assert reason == "photographs changed"


def test_another_type_changing_is_nobody_elses_business(home):
    record(home, "photographs", "a", "v1")
    record(home, "crops", "a", "c1", inputs_of_crops(home))
    record(home, "photographs", "b", "v1")
    assert why_stale(StageLog(home).last("crops", "a"), inputs_of_crops(home)) is None


def test_changed_settings_and_failed_rows_are_reasons(home):
    record(home, "photographs", "a", "v1")
    record(home, "crops", "a", "c1", inputs_of_crops(home), Counts(computed=1, failed=2))
    last = StageLog(home).last("crops", "a")
    assert why_stale(last, inputs_of_crops(home)) == "2 rows failed"
    assert why_stale(last, inputs_of_crops(home, code="2")) == "its settings or its code changed"


def test_an_artifact_for_all_types_follows_each_of_them(home):
    record(home, "photographs", "a", "v1")
    before = StageLog(home).inputs("1", ["photographs"], None, ["a", "b"])
    record(home, "photographs", "b", "v1")
    after = StageLog(home).inputs("1", ["photographs"], None, ["a", "b"])
    assert before[CODE] == after[CODE]
    assert before["photographs"] != after["photographs"]


def test_cost_counts_the_newest_run_that_worked(home):
    record(home, "crops", "a", "c1", counts=Counts(computed=5))
    record(home, "crops", "a", "c1", counts=Counts(kept=5))
    record(home, "crops", "b", "c1", counts=Counts(kept=1, computed=3))
    assert StageLog(home).cost().rows() == [("crops", 9, 8, 2.0)]
