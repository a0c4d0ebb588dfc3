import pytest
from report_inputs import train

from vlclip_dagster.evaluation.ablation import BASELINE
from vlclip_dagster.evaluation.examples import draw_by_type, query_rows
from vlclip_dagster.evaluation.inputs import Picture
from vlclip_dagster.evaluation.retrieval import evaluate


def test_every_type_comes_once_before_any_comes_twice():
    slugs = ["dress"] * 90 + ["sofa"] * 2 + ["lamp"]
    drawn = draw_by_type(slugs, 5)
    assert sorted(slugs[row] for row in drawn[:3]) == ["dress", "lamp", "sofa"]
    assert sorted(slugs[row] for row in drawn[3:]) == ["dress", "sofa"]
    assert draw_by_type(slugs, 5) == drawn
    assert draw_by_type(slugs, 5, seed=1) != drawn
    assert sorted(draw_by_type(slugs, 1000)) == list(range(93))
    assert draw_by_type([], 5) == []


def test_rows_show_what_was_found_and_mark_the_right_one():
    trained = train(BASELINE)
    retrieval = evaluate(trained.own, trained.gallery)
    rows = query_rows(trained.own, trained.gallery, retrieval, lambda id_: Picture(None, id_), 60)
    assert len(rows) == 60
    for row in rows:
        assert len(row.results) == 5
        scores = [shown.score for shown in row.results]
        assert scores == sorted(scores, reverse=True)
        marked = [place for place, shown in enumerate(row.results, 1) if shown.right]
        assert marked == ([row.rank] if row.rank <= 5 else [])
        if marked:
            assert row.results[marked[0] - 1].title == row.answer.title
            assert row.results[marked[0] - 1].score == pytest.approx(row.answer.score, abs=1e-5)
    assert any(row.rank > 5 for row in rows)
