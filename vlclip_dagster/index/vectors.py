"""Vectors on their way in, and the recall of a search over them.

An index accepts vectors that are not numbers or have no length and then answers nonsense, so they
are looked at here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from vlclip_dagster.errors import VlclipError

if TYPE_CHECKING:
    import polars as pl

NEAREST = 10
"""Recall is measured among so many nearest points."""

_SLACK = 1e-5  # scores of equal vectors differ in the last bits between the two ways of searching


def unit_matrix(rows: pl.DataFrame, column: str, dim: int) -> np.ndarray:
    """The vectors of a column as an array of shape (n, dim), float32.

    Raises:
        VlclipError: a vector has another length, is not finite or is not a unit vector.
    """
    import polars as pl

    lengths = rows[column].cast(pl.List(pl.Float32)).list.len()
    _refuse(rows, (lengths != dim).fill_null(True).to_numpy(), f"{column} vector is not {dim} long")
    vectors = rows[column].explode(empty_as_null=False).cast(pl.Float32).to_numpy()
    matrix = vectors.reshape(-1, dim)
    norms = np.linalg.norm(matrix, axis=1)
    wrong = ~(np.abs(norms - 1.0) < 1e-2)  # also true of NaN
    _refuse(rows, wrong, f"{column} vector is not a unit vector")
    return matrix


def _refuse(rows: pl.DataFrame, wrong: np.ndarray, what: str) -> None:
    if wrong.any():
        item = rows["item_id"][int(np.argmax(wrong))]
        raise VlclipError(
            f"the {what} for {item} ({int(wrong.sum())} of {len(wrong)} rows): "
            "embed these items again with the current checkpoint"
        )


def sampled_recall(queries: np.ndarray, search: Callable[[np.ndarray, bool], list[float]]) -> float:
    """Mean share of the true nearest points that a search finds.

    Points are told apart by score, so that equal vectors do not count against the search.

    Args:
        queries: shape (n, d).
        search: (vector, exact) -> scores of the :data:`NEAREST` nearest, best first.

    Returns:
        Between 0 and 1; 1 where there is nothing to find.
    """
    shares = []
    for query in queries:
        truth = search(query, True)
        if truth:
            found = sum(score >= truth[-1] - _SLACK for score in search(query, False))
            shares.append(min(1.0, found / len(truth)))
    return float(np.mean(shares)) if shares else 1.0
