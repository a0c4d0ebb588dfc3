"""Identical queries for different products, and the ceiling they set on HITS and MRR.

Queries with the same text share one ranking, so however good the model is, their correct items
must queue for the first places.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vlclip_dagster.evaluation.metrics import HITS_AT, IntArray


@dataclass(frozen=True)
class Collisions:
    """How many queries collide, and the best figures any model could reach on them.

    Attributes:
        queries: how many there are in all.
        colliding: how many share their text with a query for another product.
        largest: most products behind one text.
        ceiling: for each k, the highest HITS@k possible.
        mrr_ceiling: the highest MRR possible.
        examples: the most shared texts, each with its number of products.
    """

    queries: int
    colliding: int
    largest: int
    ceiling: Mapping[int, float]
    mrr_ceiling: float
    examples: tuple[tuple[str, int], ...] = ()

    @property
    def share(self) -> float:
        """Share of queries that collide, 0 without queries."""
        return self.colliding / self.queries if self.queries else 0.0


def find_collisions(texts: Sequence[str], correct: IntArray, examples: int = 5) -> Collisions:
    """Count colliding queries and compute their ceilings.

    A text with ``m`` products asked once each reaches at best ``min(k, m) / m`` in HITS@k. Where
    duplicates make one product the answer to several queries, the best ranking starts with the
    product most often asked for.

    Args:
        texts: the queries; case and runs of blanks make no difference, as in a CLIP tokenizer.
        correct: ``(n,)`` gallery row of each query's correct item.
        examples: how many of the most shared texts to keep.
    """
    asked: dict[str, Counter[int]] = defaultdict(Counter)
    for text, row in zip(texts, correct, strict=True):
        asked[" ".join(text.split()).casefold()][int(row)] += 1
    shared = {text: rows for text, rows in asked.items() if len(rows) > 1}
    ranked = [[n for _, n in rows.most_common()] for rows in asked.values()]
    total = len(texts)
    return Collisions(
        queries=total,
        colliding=sum(rows.total() for rows in shared.values()),
        largest=max((len(rows) for rows in asked.values()), default=0),
        ceiling={k: _mean(sum(sum(counts[:k]) for counts in ranked), total) for k in HITS_AT},
        mrr_ceiling=_mean(
            sum(n / place for counts in ranked for place, n in enumerate(counts, 1)), total
        ),
        examples=tuple(
            (text, len(shared[text]))
            for text in sorted(shared, key=lambda text: (-len(shared[text]), text))[:examples]
        ),
    )


def _mean(total: float, count: int) -> float:
    return total / count if count else 1.0
