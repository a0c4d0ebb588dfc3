import json

import pytest
from report_inputs import filled, train_without_queries

from vlclip_dagster.evaluation.ablation import FULL, run_ablation
from vlclip_dagster.evaluation.inputs import ModelResult, ReportInputs, Stage
from vlclip_dagster.evaluation.retrieval import evaluate
from vlclip_dagster.evaluation.tables import report_json, summary_table


@pytest.fixture(scope="module")
def report():
    return report_json(filled())


def test_the_keys_other_programs_rely_on(report):
    model = report["retrieval"][0]
    promised = {
        "model",
        "split",
        "gallery",
        "queries",
        "hits@1",
        "hits@5",
        "hits@10",
        "mrr",
        "ci95",
    }
    assert promised <= set(model)
    assert set(model["ci95"]) == {"hits@1", "hits@5", "hits@10", "mrr"}
    assert {"p@1", "p@5", "queries"} <= set(model["precision"]["type"])
    assert {"variant", "hits@5", "mrr", "ci95", "queries"} <= set(report["ablation"][0])
    assert {"type", "queries", "hits@5", "mrr"} <= set(report["per_type"][0])
    assert report["stages"][0] == {
        "asset": "raw_catalog",
        "rows": 60,
        "seconds": 1.5,
        "computed": 60,
    }
    assert {"share", "ceiling", "queries", "colliding"} <= set(report["collisions"])
    assert "pessimistically" in report["protocol"]


def test_variants_are_named_as_the_paper_orders_them(report):
    names = ["full", "no_grounding", "no_grounding_no_refinement"]
    assert [row["variant"] for row in report["ablation"]] == names
    assert [row["variant"] for row in report["ablation_same_queries"]] == names
    headline = report["ablation_comparisons"][0]
    assert (headline["better"], headline["worse"]) == (names[0], names[2])
    low, high = headline["ci95"]["hits@5_ratio"]
    assert low <= headline["hits@5_ratio"] <= high


def test_intervals_hold_their_figures_and_ceilings_cap_them(report):
    for row in [*report["retrieval"], *report["ablation"], *report["per_type"]]:
        for name in ("hits@1", "hits@5", "hits@10", "mrr"):
            low, high = row["ci95"][name]
            assert low <= row[name] <= high
    for name, ceiling in report["collisions"]["ceiling"].items():
        assert report["chance"][name] <= report["retrieval"][0][name]
        assert 0 < ceiling <= 1


def test_figures_are_plain_json(report):
    text = json.dumps(report, allow_nan=False)
    assert json.loads(text) == report


def test_an_empty_report_is_plain_json_with_the_same_keys(report):
    empty = report_json(ReportInputs("nothing", "now"))
    assert set(empty) == set(report)
    assert json.loads(json.dumps(empty, allow_nan=False)) == empty
    assert empty["retrieval"] == []
    assert "not run" in empty["ablation_verdict"]["own"]


def test_no_test_queries_give_nulls_and_no_comparison():
    nothing = train_without_queries(FULL)
    model = ModelResult("fine-tuned", "test", evaluate(nothing.own, nothing.gallery))
    report = report_json(
        ReportInputs("x", "now", retrieval=(model,), ablation=run_ablation(train_without_queries))
    )
    assert json.dumps(report, allow_nan=False)
    assert report["retrieval"][0]["hits@5"] is None
    assert report["retrieval"][0]["ci95"] is None
    assert report["ablation_comparisons"] == []
    assert summary_table(report)[1][1:] == ["–", "–", "–", "–", "–", "0", "60"]


def test_a_time_that_is_no_number_is_null():
    stages = (Stage("eval_report", 1, float("nan")),)
    assert report_json(ReportInputs("x", "now", stages=stages))["stages"][0]["seconds"] is None


def test_the_terminal_table_names_models_and_variants(report):
    table = summary_table(report)
    assert [row[0] for row in table] == [
        "",
        "fine-tuned",
        "ablation: full",
        "ablation: no_grounding",
        "ablation: no_grounding_no_refinement",
    ]
    assert {len(row) for row in table} == {8}
    assert table[1][2] == f"{report['retrieval'][0]['hits@5']:.3f}"
