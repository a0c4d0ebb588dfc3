"""Text-to-product retrieval over a gallery: who is found, and at what rank.

The protocol is the paper's (section 4.2): each query has one correct item among all canonical
items of the test split, over all product types. What belongs here: queries and gallery as arrays
and the matrix product between them. What does not: the encoder that made the vectors.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vlclip_dagster.evaluation.collisions import Collisions, find_collisions
from vlclip_dagster.evaluation.metrics import (
    Agreement,
    FloatArray,
    IntArray,
    RankScores,
    agreement,
    pessimistic_ranks,
    score_ranks,
)

TOP = 10
# One float32 dot product of unit vectors rounds differently at the edge of a matrix block, so
# copies of one vector tie only within this distance.
TIE_TOLERANCE = 1e-6
_CHUNK_CELLS = 4_000_000


@dataclass(frozen=True)
class Gallery:
    """The items a query can find: unique canonical items of the test split, all types.

    Attributes:
        ids: ``g`` item ids.
        slugs: product type of each.
        vectors: ``(g, d)`` float32 image vectors of unit length.
        colours: colour of each, None where unknown.
        patterns: pattern of each, None where unknown.
    """

    ids: Sequence[str]
    slugs: Sequence[str]
    vectors: FloatArray
    colours: Sequence[str | None]
    patterns: Sequence[str | None]

    def __post_init__(self) -> None:
        """Refuse columns of unequal length, which would silently shift the right answers."""
        lengths = {len(c) for c in (self.ids, self.slugs, self.vectors, self.colours)}
        if lengths != {len(self.patterns)}:
            raise ValueError(f"gallery columns differ in length: {sorted(lengths)}")


@dataclass(frozen=True)
class QuerySet:
    """The texts asked, each with its one right answer.

    Attributes:
        item_ids: ``n`` items whose text is asked; several may share a canonical item.
        texts: the text of each.
        vectors: ``(n, d)`` float32 text vectors of unit length.
        correct: ``(n,)`` gallery row of the item's canonical item.
    """

    item_ids: Sequence[str]
    texts: Sequence[str]
    vectors: FloatArray
    correct: IntArray

    def __post_init__(self) -> None:
        """Refuse columns of unequal length, which would silently shift the right answers."""
        lengths = {len(c) for c in (self.item_ids, self.texts, self.vectors)}
        if lengths != {len(self.correct)}:
            raise ValueError(f"query columns differ in length: {sorted(lengths)}")


@dataclass(frozen=True)
class TypeScores:
    """One product type's queries, still searched in the gallery of all types.

    Attributes:
        slug: the product type.
        items: gallery items of that type.
        scores: None where no query asks for the type.
    """

    slug: str
    items: int
    scores: RankScores | None


@dataclass(frozen=True)
class Retrieval:
    """Everything one model's search over one gallery gave.

    Attributes:
        queries: number of queries ``n``.
        gallery: number of items ``g``.
        scores: HITS and MRR; None without queries.
        precision: attribute ("type", "colour", "pattern") to agreement, where any is known.
        per_type: one row per type in the gallery, by slug.
        collisions: identical queries and the ceiling they set.
        item_ids: ``n`` ids of the items asked for.
        ranks: ``(n,)`` pessimistic ranks.
        top: ``(n, min(10, g))`` gallery rows of the best items, best first.
        top_scores: their cosine similarities.
    """

    queries: int
    gallery: int
    scores: RankScores | None
    precision: Mapping[str, Agreement]
    per_type: tuple[TypeScores, ...]
    collisions: Collisions
    item_ids: tuple[str, ...]
    ranks: IntArray
    top: IntArray
    top_scores: FloatArray


def evaluate(queries: QuerySet, gallery: Gallery, seed: int = 0) -> Retrieval:
    """Search every query in the whole gallery and score the ranks of the right answers.

    Raises:
        ValueError: a correct row lies outside the gallery, or the vectors differ in width.
    """
    correct = np.asarray(queries.correct, dtype=np.int64)
    if len(correct) and not (correct.min() >= 0 and correct.max() < len(gallery.ids)):
        raise ValueError("a query's correct row lies outside the gallery")
    ranks, top, top_scores = _search(queries.vectors, gallery.vectors, correct)
    return Retrieval(
        queries=len(correct),
        gallery=len(gallery.ids),
        scores=score_ranks(ranks, len(gallery.ids), seed),
        precision=_precision(gallery, top, correct, seed),
        per_type=_per_type(gallery, ranks, correct, seed),
        collisions=find_collisions(queries.texts, correct),
        item_ids=tuple(queries.item_ids),
        ranks=ranks,
        top=top,
        top_scores=top_scores,
    )


def _search(
    texts: FloatArray, images: FloatArray, correct: IntArray
) -> tuple[IntArray, IntArray, FloatArray]:
    """Ranks ``(n,)``, best rows ``(n, k)`` and their scores ``(n, k)``, in blocks of queries."""
    width = min(TOP, len(images))
    ranks = np.empty(len(texts), dtype=np.int64)
    top = np.empty((len(texts), width), dtype=np.int64)
    top_scores = np.empty((len(texts), width), dtype=np.float32)
    for rows in _blocks(len(texts), len(images)):
        scores = texts[rows] @ images.T
        ranks[rows] = pessimistic_ranks(scores, correct[rows], TIE_TOLERANCE)
        top[rows] = _best(scores, width)
        top_scores[rows] = np.take_along_axis(scores, top[rows], axis=1)
    return ranks, top, top_scores


def _blocks(count: int, width: int) -> Iterator[slice]:
    """Slices of ``count`` rows whose score matrix stays small."""
    step = max(1, _CHUNK_CELLS // max(1, width))
    return (slice(start, min(start + step, count)) for start in range(0, count, step))


def _best(scores: FloatArray, width: int) -> IntArray:
    """The ``width`` highest columns of each row, best first, lower column first among equals."""
    candidates = np.sort(np.argpartition(-scores, width - 1, axis=1)[:, :width], axis=1)
    order = np.argsort(-np.take_along_axis(scores, candidates, axis=1), axis=1, kind="stable")
    return np.take_along_axis(candidates, order, axis=1)


def _precision(
    gallery: Gallery, top: IntArray, correct: IntArray, seed: int
) -> dict[str, Agreement]:
    attributes: dict[str, Sequence[str | None]] = {
        "type": gallery.slugs,
        "colour": gallery.colours,
        "pattern": gallery.patterns,
    }
    found = {name: agreement(values, top, correct, seed) for name, values in attributes.items()}
    return {name: value for name, value in found.items() if value is not None}


def _per_type(
    gallery: Gallery, ranks: IntArray, correct: IntArray, seed: int
) -> tuple[TypeScores, ...]:
    slugs = np.array(gallery.slugs, dtype=object)
    asked = slugs[correct]
    return tuple(
        TypeScores(
            slug,
            int((slugs == slug).sum()),
            score_ranks(ranks[asked == slug], len(slugs), seed),
        )
        for slug in sorted(set(gallery.slugs))
    )
