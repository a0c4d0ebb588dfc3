"""The schema of every table: which columns it has, of which type, and what its rows are.

A table is declared here and nowhere else; writes are brought into this shape, so that a batch
in which every row failed has the same columns as one in which every row is good.
"""

from dataclasses import dataclass, field

import polars as pl

_TEXT = pl.String
_VECTOR = pl.List(pl.Float32)
_PHOTOGRAPHS = pl.List(pl.Struct({"link": pl.String, "sha256": pl.String, "size": pl.Int64}))


@dataclass(frozen=True)
class TableSchema:
    """Columns of a table; ``id_column`` is unique, ``key`` and ``error`` are always there."""

    id_column: str
    fields: dict[str, pl.DataType | type[pl.DataType]] = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, pl.DataType | type[pl.DataType]]:
        """All columns by name, in storage order."""
        return {self.id_column: _TEXT, "key": _TEXT, "error": _TEXT, **self.fields}

    def empty(self) -> pl.DataFrame:
        """No rows, all columns."""
        return pl.DataFrame(schema=self.columns)

    def conform(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Order and cast ``rows`` to the schema; absent columns become null."""
        present = set(rows.columns)
        return rows.select(
            (pl.col(name) if name in present else pl.lit(None)).cast(kind).alias(name)
            for name, kind in self.columns.items()
        )


PRODUCT_FIELDS: dict[str, pl.DataType | type[pl.DataType]] = {
    "shop": _TEXT,
    "id": _TEXT,
    "item_group_id": _TEXT,
    "slug": _TEXT,
    "product_type": _TEXT,
    "title": _TEXT,
    "description": _TEXT,
    "raw_title": _TEXT,
    "raw_description": _TEXT,
    "gender": _TEXT,
    "age_group": _TEXT,
    "color": _TEXT,
    "material": _TEXT,
    "pattern": _TEXT,
    "brand": _TEXT,
    "price": pl.Float64,
    "currency": _TEXT,
    "link": _TEXT,
    "attributes": _TEXT,
    "photographs": _PHOTOGRAPHS,
    "root": _TEXT,
}

TABLES: dict[str, TableSchema] = {
    # A product as its shop's newest drop has it; what `raw_catalog` is made from.
    "landed": TableSchema("item_id", PRODUCT_FIELDS),
    # A drop that was read or refused, as it lay there (`key` is the signature of its files), so
    # that the same files are not read twice.
    "drops": TableSchema(
        "landing_id",
        {
            "place": _TEXT,
            "drop_id": _TEXT,
            "shop": _TEXT,
            "mode": _TEXT,
            "root": _TEXT,
            "landed_at": _TEXT,
            "rows": pl.Int64,
        },
    ),
    # The product types: slug, the name people read, and since when no shop has products of it.
    "product_types": TableSchema("slug", {"product_type": _TEXT, "retired_at": _TEXT}),
    # A row of a feed that could not be used; `record` is the whole row as JSON.
    "rejected_products": TableSchema(
        "rejected_id",
        {
            "shop": _TEXT,
            "feed": _TEXT,
            "row_number": pl.Int64,
            "id": _TEXT,
            "slug": _TEXT,
            "reasons": pl.List(pl.String),
            "record": _TEXT,
        },
    ),
    "raw_catalog": TableSchema("item_id", PRODUCT_FIELDS),
    # A catalog photograph, verified and normalised, with its fingerprints; for one from the
    # network also what its server called this version, and when (seconds) it was last asked.
    "photographs": TableSchema(
        "photo_id",
        {
            "item_id": _TEXT,
            "position": pl.Int64,
            "sha256": _TEXT,
            "width": pl.Int64,
            "height": pl.Int64,
            "phash": pl.UInt64,
            "framed": pl.List(pl.UInt64),
            "tints": _VECTOR,
            "colour": _VECTOR,
            "degenerate": pl.Boolean,
            "rendition": pl.Binary,
            "thumbnail": pl.Binary,
            "etag": _TEXT,
            "last_modified": _TEXT,
            "checked_at": pl.Int64,
        },
    ),
    # Which photograph stands for each photograph; the answer to "is this one a duplicate?".
    # `rule` is the fingerprint of what counted as a duplicate when that was decided.
    "deduped_images": TableSchema(
        "photo_id",
        {
            "item_id": _TEXT,
            "position": pl.Int64,
            "sha256": _TEXT,
            "canonical_id": _TEXT,
            "group_size": pl.Int64,
            "rule": _TEXT,
        },
    ),
    # A canonical photograph cut to its product; box in pixels of the rendition.
    "grounded_crops": TableSchema(
        "photo_id",
        {
            "item_id": _TEXT,
            "detection_key": _TEXT,
            "x0": pl.Float32,
            "y0": pl.Float32,
            "x1": pl.Float32,
            "y1": pl.Float32,
            "score": pl.Float32,
            "accepted": pl.Boolean,
            "reason": _TEXT,
            "area_share": pl.Float32,
            "crop": pl.Binary,
            "found_by": _TEXT,
            "detector_iou": pl.Float32,
        },
    ),
    "refined_queries": TableSchema(
        "item_id",
        {
            "query": _TEXT,
            "summary": _TEXT,
            "converged": pl.Boolean,
            "rounds": pl.Int64,
            "source": _TEXT,
            "words": pl.Int64,
            "history": _TEXT,
            "note": _TEXT,
            "texts": pl.List(pl.String),
        },
    ),
    "embeddings": TableSchema(
        "item_id",
        {
            "canonical_id": _TEXT,
            "image_key": _TEXT,
            "text_key": _TEXT,
            "image": _VECTOR,
            "text": _VECTOR,
        },
    ),
    # What the newest report encoded, each named by the hash of its input and its checkpoint.
    "test_vectors": TableSchema("vector_id", {"vector": _VECTOR}),
    # How well one checkpoint finds the products of one type, or of all where `slug` is null:
    # what the newest report on that checkpoint says.
    "retrieval_scores": TableSchema(
        "score_id",
        {
            "checkpoint": _TEXT,
            "slug": _TEXT,
            "queries": pl.Int64,
            "gallery": pl.Int64,
            "hits1": pl.Float64,
            "hits5": pl.Float64,
            "hits5_low": pl.Float64,
            "hits5_high": pl.Float64,
            "hits10": pl.Float64,
            "mrr": pl.Float64,
            "measured_at": _TEXT,
        },
    ),
    # One line per materialization: what it did, how long it took, in seconds, and what endpoints
    # charged for it, in US dollars; null where the price is not known.
    "stage_runs": TableSchema(
        "run_id",
        {
            "asset": _TEXT,
            "slug": _TEXT,
            "rows": pl.Int64,
            "kept": pl.Int64,
            "computed": pl.Int64,
            "deleted": pl.Int64,
            "failed": pl.Int64,
            "seconds": pl.Float64,
            "usd": pl.Float64,
            "inputs": _TEXT,
            "finished_at": _TEXT,
        },
    ),
}
