"""Which test queries the report shows: drawn by lot, so that nobody picks the pretty ones."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain, zip_longest

import numpy as np

from vlclip_dagster.evaluation.inputs import Picture, QueryRow
from vlclip_dagster.evaluation.retrieval import Gallery, QuerySet, Retrieval

SHOWN = 5


def draw_by_type(slugs: Sequence[str], count: int, seed: int = 0) -> list[int]:
    """Draw up to ``count`` rows by lot, one of each type before a second of any.

    Args:
        slugs: product type of each row.
        count: how many rows to draw.
        seed: equal seeds draw equal rows.
    """
    by_type: dict[str, list[int]] = defaultdict(list)
    for row in np.random.default_rng(seed).permutation(len(slugs)):
        by_type[slugs[row]].append(int(row))
    rounds = zip_longest(*by_type.values())
    return [row for row in chain.from_iterable(rounds) if row is not None][:count]


def query_rows(
    queries: QuerySet,
    gallery: Gallery,
    retrieval: Retrieval,
    picture: Callable[[str], Picture],
    count: int = 12,
    seed: int = 0,
) -> tuple[QueryRow, ...]:
    """Test queries with their first five results, drawn by lot over the product types.

    Args:
        queries: what was asked.
        gallery: what was searched.
        retrieval: ``evaluate(queries, gallery)``.
        picture: shows the item of an id; its score and rightness are filled in here.
        count: how many queries to show.
        seed: of the lot.
    """
    drawn = draw_by_type([gallery.slugs[row] for row in queries.correct], count, seed)

    def show(query: int) -> QueryRow:
        answer = int(queries.correct[query])
        found = zip(retrieval.top[query, :SHOWN], retrieval.top_scores[query], strict=False)
        return QueryRow(
            query=queries.texts[query],
            slug=gallery.slugs[answer],
            rank=int(retrieval.ranks[query]),
            answer=replace(
                picture(gallery.ids[answer]),
                right=True,
                score=float(queries.vectors[query] @ gallery.vectors[answer]),
            ),
            results=tuple(
                replace(picture(gallery.ids[row]), right=bool(row == answer), score=float(score))
                for row, score in found
            ),
        )

    return tuple(show(query) for query in drawn)
