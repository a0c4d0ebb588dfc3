"""Figures made of ranks: HITS@k, MRR, agreement of attributes, and how sure they are.

What belongs here: pure functions from arrays to numbers. What does not: vectors and galleries
(``retrieval``), identical queries (``collisions``), wording (``report``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]
IntArray = NDArray[np.integer]

HITS_AT = (1, 5, 10)
PRECISION_AT = (1, 5)
RESAMPLES = 2_000
CONFIDENCE = 0.95
# Resampled index blocks stay under about 64 MB however many queries there are.
_BLOCK_CELLS = 8_000_000


@dataclass(frozen=True)
class Estimate:
    """A mean over queries and its 95% bootstrap interval; bounds may be infinite for a ratio."""

    value: float
    low: float
    high: float

    def apart_from(self, other: "Estimate") -> bool:
        """Whether the two intervals share no value."""
        return self.low > other.high or other.low > self.high


@dataclass(frozen=True)
class RankScores:
    """What a list of ranks says: ``hits[k]`` is the share of queries ranked ``k`` or better."""

    queries: int
    gallery: int
    hits: Mapping[int, Estimate]
    mrr: Estimate


@dataclass(frozen=True)
class Agreement:
    """Precision@k by agreement of one attribute, over the queries where it is known."""

    queries: int
    at: Mapping[int, Estimate]


def pessimistic_ranks(scores: FloatArray, correct: IntArray, tolerance: float = 0.0) -> IntArray:
    """Rank of each query's correct item when every tie is lost.

    A score that is not a number counts as a tie, so a broken model cannot look good.

    Args:
        scores: ``(n, g)`` similarity of each query to each gallery item; higher is better.
        correct: ``(n,)`` gallery column of the one correct item.
        tolerance: scores this close to the correct one's count as equal to it.

    Returns:
        ``(n,)`` ranks from 1 to ``g``.
    """
    target = scores[np.arange(len(scores)), correct][:, None]
    return np.asarray((~(scores < target - tolerance)).sum(axis=1), dtype=np.int64)


def hits(ranks: IntArray, k: int) -> FloatArray:
    """``(n,)`` ones where the correct item is among the first ``k``, else zeros."""
    return (np.asarray(ranks) <= k).astype(np.float64)


def reciprocal(ranks: IntArray) -> FloatArray:
    """``(n,)`` reciprocal ranks, whose mean is MRR; the whole gallery counts, not a top list."""
    return 1.0 / np.asarray(ranks, dtype=np.float64)


def score_ranks(ranks: IntArray, gallery: int, seed: int = 0) -> RankScores | None:
    """HITS@1, 5, 10 and MRR of ``ranks`` in a gallery of ``gallery`` items; None without queries.

    The intervals of all four come from the same resamples of the queries.
    """
    if len(ranks) == 0:
        return None
    values = np.column_stack([*(hits(ranks, k) for k in HITS_AT), reciprocal(ranks)])
    *at, mrr = estimates(values, seed=seed)
    return RankScores(len(ranks), gallery, dict(zip(HITS_AT, at, strict=True)), mrr)


def agreement(
    attribute: Sequence[str | None], top: IntArray, correct: IntArray, seed: int = 0
) -> Agreement | None:
    """Precision@1 and @5 of retrieved items by agreement with the correct item's attribute.

    Several products can agree, so identical queries do not cap this figure as they cap HITS.
    A retrieved item whose attribute is unknown counts as not agreeing.

    Args:
        attribute: one value per gallery item, compared without case and outer blanks;
            None or blank where unknown.
        top: ``(n, k)`` gallery columns of the best items of each query, best first.
        correct: ``(n,)`` gallery column of the correct item.
        seed: of the bootstrap.

    Returns:
        None when no query's attribute is known.
    """
    codes = _codes(attribute)
    known = codes[correct] >= 0
    if not known.any():
        return None
    agrees = codes[top[known]] == codes[correct[known]][:, None]
    values = np.column_stack([agrees[:, :k].mean(axis=1) for k in PRECISION_AT])
    at = dict(zip(PRECISION_AT, estimates(values, seed=seed), strict=True))
    return Agreement(int(known.sum()), at)


def _codes(attribute: Sequence[str | None]) -> IntArray:
    """Number equal attribute values alike; -1 where unknown."""
    numbers: dict[str, int] = {}
    cleaned = ((value or "").strip().casefold() for value in attribute)
    codes = [numbers.setdefault(value, len(numbers)) if value else -1 for value in cleaned]
    return np.array(codes, dtype=np.int64)


def bootstrap_means(
    values: FloatArray, resamples: int = RESAMPLES, seed: int = 0
) -> NDArray[np.float64]:
    """Means of ``values`` over queries drawn again with replacement.

    Columns share their draws, which is what makes comparisons of two systems paired.

    Args:
        values: ``(n, m)``, one row per query, one column per statistic; ``n`` > 0.
        resamples: how many times the queries are drawn.
        seed: equal seeds and ``n`` give equal draws.

    Returns:
        ``(resamples, m)``.
    """
    count = len(values)
    rng = np.random.default_rng(seed)
    block = max(1, _BLOCK_CELLS // count)
    means = []
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        drawn = rng.integers(count, size=(rows, count)) + np.arange(rows)[:, None] * count
        weights = np.bincount(drawn.ravel(), minlength=rows * count).reshape(rows, count)
        means.append(weights.astype(np.float64) @ values / count)
    return np.concatenate(means)


def estimates(
    values: FloatArray, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[Estimate, ...]:
    """Mean and percentile-bootstrap interval of each column of ``values`` ``(n, m)``, n > 0."""
    means = bootstrap_means(values, resamples, seed)
    return tuple(
        _interval(float(point), column)
        for point, column in zip(values.mean(axis=0), means.T, strict=True)
    )


def paired_difference(
    ours: FloatArray, theirs: FloatArray, resamples: int = RESAMPLES, seed: int = 0
) -> Estimate:
    """Mean of ``ours - theirs``, both ``(n,)`` over the same queries in the same order."""
    return estimates((ours - theirs)[:, None], resamples, seed)[0]


def paired_ratio(
    ours: FloatArray, theirs: FloatArray, resamples: int = RESAMPLES, seed: int = 0
) -> Estimate | None:
    """``mean(ours) / mean(theirs)`` over the same queries, resampled together.

    Returns:
        None when ``theirs`` is zero on every query, where no ratio exists.
    """
    if len(theirs) == 0 or not theirs.any():
        return None
    means = bootstrap_means(np.column_stack([ours, theirs]), resamples, seed)
    with np.errstate(divide="ignore", invalid="ignore"):
        # A resample in which both systems find nothing says nothing for or against either.
        ratios = np.nan_to_num(means[:, 0] / means[:, 1], nan=1.0, posinf=np.inf)
    return _interval(float(ours.mean() / theirs.mean()), ratios)


def _interval(point: float, resampled: FloatArray) -> Estimate:
    tail = (1.0 - CONFIDENCE) / 2.0
    # Observed values only: interpolation between finite and infinite ratios gives no number.
    low, high = np.quantile(resampled, [tail, 1.0 - tail], method="nearest")
    return Estimate(point, float(low), float(high))
