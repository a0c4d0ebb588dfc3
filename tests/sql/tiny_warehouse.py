"""Writes a warehouse of a few rows."""

import numpy as np
import polars as pl

from vlclip_dagster.evaluation.retrieval import Gallery, QuerySet, Retrieval, evaluate
from vlclip_dagster.warehouse import Warehouse

HOSTILE = "\x1b[31m'; drop table raw_catalog; --<script>[x](javascript:y)</script>"


def fill(
    home: Warehouse,
    slug: str,
    items: list[str],
    *,
    duplicates: dict[str, str] | None = None,
    unreadable: set[str] | None = None,
    accepted: bool = True,
    converged: bool = True,
) -> None:
    """Write one product type; ``items`` have one photograph each."""
    duplicates, unreadable = duplicates or {}, unreadable or set()
    readable = [item for item in items if item not in unreadable]
    canonical = {item: f"{duplicates.get(item, item)}#0" for item in readable}
    products = [(item, slug, HOSTILE) for item in items]
    put(home, "raw_catalog", slug, products, "item_id", "slug", "title")
    photographs = [(f"{i}#0", i, "torn" if i in unreadable else None, b"jpeg") for i in items]
    put(home, "photographs", slug, photographs, "photo_id", "item_id", "error", "rendition")
    mapping = [(f"{item}#0", item, canonical[item]) for item in readable]
    put(home, "deduped_images", slug, mapping, "photo_id", "item_id", "canonical_id")
    crops = [(f"{i}#0", i, accepted, b"jpeg") for i in readable if i not in duplicates]
    put(home, "grounded_crops", slug, crops, "photo_id", "item_id", "accepted", "crop")
    queries = [(item, "a query", converged) for item in items]
    put(home, "refined_queries", slug, queries, "item_id", "query", "converged")
    vectors = [(item, canonical[item], [1.0, 0.0]) for item in readable]
    put(home, "embeddings", slug, vectors, "item_id", "canonical_id", "image")


def put(home: Warehouse, table: str, slug: str | None, rows: list[tuple], *columns: str) -> None:
    """Add rows to a table; the key is the id."""
    frame = pl.DataFrame(rows, schema=list(columns), orient="row")
    home.table(table, slug).upsert(frame.with_columns(key=pl.col(columns[0])))


def retrieval(ranks: dict[str, int]) -> Retrieval:
    """What a search gave that found one product of each type, at these ranks."""
    slugs = sorted(ranks)
    images = np.eye(len(slugs), dtype=np.float32)
    # A query as near to the next product as to its own loses the tie: it ranks second.
    pairs = enumerate(ranks[slug] for slug in slugs)
    texts = np.stack([images[at] + (rank - 1) * images[at - 1] for at, rank in pairs])
    nothing = [None] * len(slugs)
    gallery = Gallery(slugs, slugs, images, nothing, nothing)
    return evaluate(QuerySet(slugs, slugs, texts, np.arange(len(slugs))), gallery)
