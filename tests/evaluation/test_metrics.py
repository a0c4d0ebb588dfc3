import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlclip_dagster.evaluation import metrics

# Few distinct scores, so that ties are the rule.
_score_tables = st.integers(1, 12).flatmap(
    lambda width: st.lists(
        st.tuples(
            st.lists(st.sampled_from([-1.0, 0.0, 0.25, 0.5, 1.0]), min_size=width, max_size=width),
            st.integers(0, width - 1),
        ),
        min_size=1,
        max_size=20,
    )
)


def _naive_rank(row: list[float], correct: int) -> int:
    return 1 + sum(1 for i, score in enumerate(row) if i != correct and score >= row[correct])


@given(_score_tables)
def test_ranks_hits_and_mrr_equal_a_naive_count(table):
    scores = np.array([row for row, _ in table])
    correct = np.array([index for _, index in table])
    expected = [_naive_rank(row, index) for row, index in table]

    ranks = metrics.pessimistic_ranks(scores, correct)

    assert ranks.tolist() == expected
    result = metrics.score_ranks(ranks, scores.shape[1])
    for k in metrics.HITS_AT:
        assert result.hits[k].value == pytest.approx(np.mean([rank <= k for rank in expected]))
    assert result.mrr.value == pytest.approx(np.mean([1 / rank for rank in expected]))


def test_figures_of_a_case_worked_by_hand():
    scores = np.array([[0.9, 0.1, 0.5], [0.2, 0.7, 0.7], [0.3, 0.2, 0.1]])
    ranks = metrics.pessimistic_ranks(scores, np.array([0, 1, 2]))
    assert ranks.tolist() == [1, 2, 3]
    result = metrics.score_ranks(ranks, 3)
    assert result.hits[1].value == pytest.approx(1 / 3)
    assert result.hits[5].value == 1.0
    assert result.mrr.value == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)


def test_a_model_that_gives_every_item_one_score_ranks_last():
    ranks = metrics.pessimistic_ranks(np.full((4, 50), 0.3), np.arange(4))
    assert ranks.tolist() == [50] * 4


def test_scores_that_are_no_numbers_rank_last():
    scores = np.full((2, 5), np.nan)
    scores[1] = [0.9, np.nan, 0.1, np.nan, 0.2]
    assert metrics.pessimistic_ranks(scores, np.array([0, 0])).tolist() == [5, 3]


def test_no_queries_give_no_scores():
    assert metrics.score_ranks(np.array([], dtype=np.int64), 10) is None


def test_tolerance_makes_near_equal_scores_ties():
    scores = np.array([[0.5, 0.5 - 1e-8]])
    assert metrics.pessimistic_ranks(scores, np.array([0])).tolist() == [1]
    assert metrics.pessimistic_ranks(scores, np.array([0]), 1e-6).tolist() == [2]


def test_bootstrap_repeats_with_its_seed_and_changes_with_another():
    values = np.random.default_rng(1).random((80, 2))
    first, again = (metrics.bootstrap_means(values, 300, seed=5) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, metrics.bootstrap_means(values, 300, seed=6))


def test_bootstrap_does_not_depend_on_how_it_is_cut_into_blocks(monkeypatch):
    values = np.random.default_rng(1).random((30, 2))
    whole = metrics.bootstrap_means(values, 100, seed=5)
    monkeypatch.setattr(metrics, "_BLOCK_CELLS", 30 * 7)
    assert np.allclose(metrics.bootstrap_means(values, 100, seed=5), whole)


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(2)
    covered = 0
    for trial in range(200):
        sample = (rng.random((150, 1)) < 0.4).astype(float)
        interval = metrics.estimates(sample, 500, seed=trial)[0]
        covered += interval.low <= 0.4 <= interval.high
    assert 180 <= covered <= 200


def test_pairing_sees_a_small_steady_gain_that_separate_intervals_hide():
    rng = np.random.default_rng(3)
    theirs = rng.random(300)
    ours = theirs + 0.01
    assert not metrics.estimates(ours[:, None])[0].apart_from(metrics.estimates(theirs[:, None])[0])
    gain = metrics.paired_difference(ours, theirs)
    assert gain.low == pytest.approx(0.01)
    assert gain.high == pytest.approx(0.01)


def test_paired_ratio():
    ours, theirs = np.array([1.0, 1.0, 1.0, 0.0] * 50), np.array([1.0, 0.0, 1.0, 0.0] * 50)
    ratio = metrics.paired_ratio(ours, theirs)
    assert ratio.value == 1.5
    assert 1.2 < ratio.low < 1.5 < ratio.high < 1.9


def test_paired_ratio_against_nothing_is_none_and_against_almost_nothing_unbounded():
    found = np.ones(4)
    assert metrics.paired_ratio(found, np.zeros(4)) is None
    assert metrics.paired_ratio(np.array([]), np.array([])) is None
    assert metrics.paired_ratio(found, np.array([1.0, 0, 0, 0])).high == np.inf


def test_agreement_counts_only_queries_whose_attribute_is_known():
    colours = ["Red", "red ", "blue", None, " "]
    top = np.array([[1, 0, 2, 3, 4], [2, 0, 1, 3, 4], [3, 0, 1, 2, 4]])
    result = metrics.agreement(colours, top, np.array([0, 0, 3]))
    assert result.queries == 2
    assert result.at[1].value == 0.5
    assert result.at[5].value == pytest.approx(0.4)


def test_agreement_without_any_known_attribute_is_none():
    top = np.array([[0, 1]])
    assert metrics.agreement([None, ""], top, np.array([0])) is None
    assert metrics.agreement([], np.empty((0, 0), dtype=int), np.array([], dtype=int)) is None
