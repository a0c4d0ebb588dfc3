import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlclip_dagster.evaluation.collisions import find_collisions


def test_two_products_behind_one_text_cap_hits_at_1_at_a_half():
    found = find_collisions(["red dress", " Red   DRESS", "blue sofa", "lamp"], np.arange(4))
    assert found.colliding == 2
    assert found.share == 0.5
    assert found.largest == 2
    assert found.ceiling == {1: 0.75, 5: 1.0, 10: 1.0}
    assert found.mrr_ceiling == pytest.approx((1 + 0.5 + 1 + 1) / 4)
    assert found.examples == (("red dress", 2),)


def test_duplicates_that_share_text_and_answer_do_not_collide():
    found = find_collisions(["red dress", "red dress"], np.array([7, 7]))
    assert found.colliding == 0
    assert found.ceiling[1] == 1.0


def test_twelve_products_behind_one_text_cap_hits_at_5_and_10():
    found = find_collisions(["shirt"] * 12, np.arange(12))
    assert found.ceiling == {
        1: pytest.approx(1 / 12),
        5: pytest.approx(5 / 12),
        10: pytest.approx(10 / 12),
    }


def test_no_queries():
    found = find_collisions([], np.array([], dtype=int))
    assert (found.share, found.ceiling[5], found.mrr_ceiling, found.examples) == (0.0, 1.0, 1.0, ())


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3)), min_size=1, max_size=7))
def test_the_ceiling_is_what_the_best_ranking_reaches(asked):
    texts, correct = zip(*asked, strict=True)
    found = find_collisions(texts, np.array(correct))
    hits, mrr = 0, 0.0
    for text in set(texts):
        rows = [row for t, row in asked if t == text]
        orders = list(itertools.permutations(range(4)))
        hits += max(sum(order.index(row) < 1 for row in rows) for order in orders)
        mrr += max(sum(1 / (order.index(row) + 1) for row in rows) for order in orders)
    assert found.ceiling[1] == pytest.approx(hits / len(asked))
    assert found.mrr_ceiling == pytest.approx(mrr / len(asked))
