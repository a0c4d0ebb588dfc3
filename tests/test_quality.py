"""Rules are judged by Great Expectations, one verdict each, with harmless sample ids."""

import polars as pl
import pytest

from vlclip_dagster.quality import Rule, judge

ROWS = pl.DataFrame({"item_id": ["a", "b", "<script>"], "words": [12, 30, 40]})


def test_counts_and_escaped_ids():
    rule = Rule(
        "short", "ExpectColumnValuesToBeBetween", {"column": "words", "max_value": 20}, True
    )
    (verdict,) = judge(ROWS, "item_id", [rule])
    assert (verdict.passed, verdict.rows, verdict.unexpected) == (False, 3, 2)
    assert verdict.sample_ids == ("b", "&lt;script&gt;")


@pytest.mark.parametrize(("mostly", "passed"), [(0.3, True), (0.9, False)])
def test_a_rule_may_hold_for_most_rows(mostly, passed):
    arguments = {"column": "words", "max_value": 20, "mostly": mostly}
    rule = Rule("short", "ExpectColumnValuesToBeBetween", arguments)
    assert judge(ROWS, "item_id", [rule])[0].passed is passed


def test_a_rule_about_a_missing_column_does_not_pass():
    rule = Rule("gone", "ExpectColumnValuesToNotBeNull", {"column": "nope"})
    (verdict,) = judge(ROWS, "item_id", [rule])
    assert not verdict.passed
    assert "nope" in verdict.observed


def test_no_rows_comply_with_everything():
    rule = Rule("gone", "ExpectColumnValuesToNotBeNull", {"column": "words"})
    assert judge(ROWS.clear(), "item_id", [rule])[0].passed
