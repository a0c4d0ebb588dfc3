"""The best box holds the evidence, and lies where products lie when there is none."""

import numpy as np
import pytest

from vlclip_dagster.grounding.search import best_box
from vlclip_dagster.grounding.shapes import TALL, WIDE, usual_aspect
from vlclip_dagster.grounding.types import Box


def _area(rows: int, columns: int, box: Box) -> np.ndarray:
    evidence = np.full((rows, columns), -1.0)
    evidence[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)] = 1.0
    return evidence


@pytest.mark.parametrize("box", [Box(6, 9, 20, 22), Box(3, 14, 25, 26), Box(9, 2, 19, 26)])
def test_clear_evidence_is_boxed_exactly(box):
    assert best_box(_area(28, 28, box), None).iou(box) > 0.9


def test_without_evidence_a_box_lies_in_the_middle_and_has_the_usual_shape():
    nothing = np.zeros((28, 28))
    wide, tall = best_box(nothing, WIDE), best_box(nothing, TALL)
    assert (wide.x1 - wide.x0) / (wide.y1 - wide.y0) == pytest.approx(WIDE, rel=0.15)
    assert (tall.x1 - tall.x0) / (tall.y1 - tall.y0) == pytest.approx(TALL, rel=0.15)
    assert (wide.x0 + wide.x1) / 2 == pytest.approx(14, abs=1)


def test_of_two_equal_areas_the_middle_one_is_the_product():
    one, other = Box(0, 4, 6, 16), Box(16, 4, 22, 16)
    evidence = 4 * np.maximum(_area(20, 36, one), _area(20, 36, other))
    assert best_box(evidence, None).iou(other) > 0.8


@pytest.mark.parametrize(("rows", "columns"), [(1, 28), (2, 2), (3, 3), (28, 1), (5, 28)])
def test_any_grid_has_a_box_within_it(rows, columns):
    box = best_box(np.random.default_rng(0).normal(size=(rows, columns)), 1.9)
    assert 0 <= box.x0 < box.x1 <= columns
    assert 0 <= box.y0 < box.y1 <= rows


def test_kinds_are_known_by_their_noun():
    assert usual_aspect("mid-century coffee table.") == WIDE
    assert usual_aspect("table lamp.") == TALL
    assert usual_aspect("handbag.") is None
    assert usual_aspect("product.") is None
