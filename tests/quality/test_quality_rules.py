"""Rules are judged by Great Expectations, one verdict each, with harmless sample ids."""

import subprocess
import sys

import polars as pl
import pytest

from vlclip_dagster.quality.expectations import SAMPLE_IDS, Rule, judge

ROWS = pl.DataFrame({"item_id": ["a", "b", "<script>"], "words": [12, 30, 40]})
SHORT = Rule("short", "ExpectColumnValuesToBeBetween", {"column": "words", "max_value": 20}, True)
THERE = Rule("there", "ExpectColumnValuesToNotBeNull", {"column": "words"}, rows="others")


def test_counts_values_and_escaped_ids():
    (verdict,) = judge({"rows": ROWS}, [SHORT])
    assert (verdict.passed, verdict.rows, verdict.unexpected) == (False, 3, 2)
    assert verdict.sample_ids == ("b", "&lt;script&gt;")
    assert verdict.observed == "30, 40"


def test_few_ids_of_many():
    rows = pl.DataFrame({"item_id": [f"{n:03d}" + "x" * 999 for n in range(99)], "words": 99})
    (verdict,) = judge({"rows": rows}, [SHORT])
    assert verdict.unexpected == 99
    assert [name[:3] for name in verdict.sample_ids] == [f"{n:03d}" for n in range(SAMPLE_IDS)]
    assert max(map(len, verdict.sample_ids)) <= 200


@pytest.mark.parametrize(("mostly", "passed"), [(0.3, True), (0.9, False)])
def test_a_rule_may_hold_for_most_rows(mostly, passed):
    arguments = {"column": "words", "max_value": 20, "mostly": mostly}
    rule = Rule("short", "ExpectColumnValuesToBeBetween", arguments)
    assert judge({"rows": ROWS}, [rule])[0].passed is passed


def test_each_rule_is_about_its_own_rows_and_verdicts_keep_their_order():
    holes = pl.DataFrame({"row": ["x", "y"], "words": [1, None]})
    there, short = judge({"rows": ROWS, "others": holes}, [THERE, SHORT])
    assert (there.rule, there.rows, there.sample_ids) == (THERE, 2, ("y",))
    assert (short.rule, short.rows, short.unexpected) == (SHORT, 3, 2)


def test_frames_of_one_process_are_not_mixed_up():
    again = ROWS.with_columns(words=pl.lit(5))
    assert [judge({"rows": rows}, [SHORT])[0].passed for rows in (ROWS, again, ROWS)] == [
        False,
        True,
        False,
    ]


def test_a_rule_that_can_not_be_evaluated_does_not_pass():
    rule = Rule("odd", "ExpectColumnMeanToBeBetween", {"column": "item_id", "max_value": 1})
    (verdict,) = judge({"rows": ROWS}, [rule])
    assert not verdict.passed
    assert verdict.observed


def test_no_rows_comply_with_everything_and_need_no_library():
    code = (
        "import sys, polars as pl\n"
        "from vlclip_dagster.quality.expectations import Rule, judge\n"
        "rule = Rule('there', 'ExpectColumnValuesToNotBeNull', {'column': 'a'})\n"
        "assert judge({'rows': pl.DataFrame(schema=['id', 'a'])}, [rule])[0].passed\n"
        "assert 'great_expectations' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
