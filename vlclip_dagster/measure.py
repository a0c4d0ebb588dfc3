"""A trained model's test gallery and test queries, encoded out of the warehouse.

The protocol itself (ranks, ties, intervals) is in ``evaluation``; this is the way from stored
rows and a checkpoint's split to its inputs.
"""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from vlclip_dagster.evaluation.retrieval import Gallery, QuerySet
from vlclip_dagster.pairs import WarehousePairs
from vlclip_dagster.warehouse import Warehouse

if TYPE_CHECKING:
    from vlclip_dagster.encoder.embed import Encoder

ENCODE_ROWS = 256


def held_out(pairs: WarehousePairs, items: Collection[str]) -> pl.DataFrame:
    """The pairs of ``items`` with their row number ``at``, sorted by item."""
    frame = pairs.frame.with_row_index("at")
    return frame.filter(pl.col("item_id").is_in(list(items))).sort("item_id")


def gallery_of(
    pairs: WarehousePairs, items: Collection[str], encoder: "Encoder", facts: pl.DataFrame
) -> Gallery:
    """One entry per canonical photograph among ``items``, encoded from the pairs' pictures.

    Args:
        pairs: pairs of one variant.
        items: item ids of the split.
        encoder: the model trained on that variant.
        facts: ``item_id``, ``color``, ``pattern`` as the catalog states them.
    """
    unique = held_out(pairs, items).unique("canonical_id", keep="first", maintain_order=True)
    known = unique.join(facts, on="item_id", how="left", maintain_order="left")
    blocks = [
        encoder.encode_images(pairs.images(part["at"].to_list()))
        for part in unique.iter_slices(ENCODE_ROWS)
    ]
    return Gallery(
        ids=unique["canonical_id"].to_list(),
        slugs=unique["slug"].to_list(),
        vectors=np.concatenate(blocks) if blocks else np.zeros((0, encoder.dim), np.float32),
        colours=known["color"].to_list(),
        patterns=known["pattern"].to_list(),
    )


def queries_of(
    pairs: WarehousePairs, items: Collection[str], gallery: Gallery, encoder: "Encoder"
) -> QuerySet:
    """One query per item of ``items`` in the pairs' text; the right answer is its photograph."""
    rows = held_out(pairs, items)
    texts = rows["query"].to_list()
    place = {canonical: at for at, canonical in enumerate(gallery.ids)}
    blocks = [
        encoder.encode_texts(texts[start : start + ENCODE_ROWS])
        for start in range(0, len(texts), ENCODE_ROWS)
    ]
    return QuerySet(
        item_ids=rows["item_id"].to_list(),
        texts=texts,
        vectors=np.concatenate(blocks) if blocks else np.zeros((0, encoder.dim), np.float32),
        correct=np.array([place[canonical] for canonical in rows["canonical_id"]], dtype=np.int64),
    )


def attribute_facts(warehouse: Warehouse, slugs: Iterable[str]) -> pl.DataFrame:
    """Colour and pattern of every product as its feed states them, lower case, for Precision@k."""
    frames = [
        warehouse.table("raw_catalog", slug).read(["item_id", "color", "pattern"]) for slug in slugs
    ]
    facts = pl.concat(frames) if frames else pl.DataFrame(schema=_FACTS)
    return facts.with_columns(pl.col("color", "pattern").str.to_lowercase())


_FACTS = {"item_id": pl.String, "color": pl.String, "pattern": pl.String}
