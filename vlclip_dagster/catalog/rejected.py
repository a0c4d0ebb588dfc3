"""Rows of a feed that can't be used: kept in full, with every reason.

What belongs here: the shape of a rejected row. What does not: deciding which rows those are
(``schema``).
"""

from collections.abc import Sequence

import polars as pl

from vlclip_dagster.catalog.columns import RESERVED
from vlclip_dagster.catalog.encoded import json_object, row_keys
from vlclip_dagster.catalog.table import BrokenRow

REJECTED_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "rejected_id": pl.String,
    "shop": pl.String,
    "feed": pl.String,
    "row_number": pl.Int64,
    "id": pl.String,
    "slug": pl.String,
    "reasons": pl.List(pl.String),
    "record": pl.String,
}
"""Columns of a rejected row; ``record`` is the whole row of the feed as JSON text."""


def rejected_rows(
    rows: pl.DataFrame, shop: str, slugs: pl.Series, reasons: pl.Series
) -> pl.DataFrame:
    """Rejected rows (``REJECTED_SCHEMA``) from rows that were found bad.

    Args:
        rows: as the feed has them, with ``feed`` and ``row_number``.
        shop: the shop's key.
        slugs: the product type of each, where it is known.
        reasons: why each is rejected.
    """
    if rows.is_empty():
        return pl.DataFrame(schema=REJECTED_SCHEMA)
    record = json_object(rows.drop(RESERVED, strict=False), height=len(rows))
    return _shaped(rows.with_columns(slug=slugs, reasons=reasons, record=record), shop)


def broken_rows(broken: Sequence[BrokenRow], shop: str, feed: str) -> pl.DataFrame:
    """Rejected rows (``REJECTED_SCHEMA``) from lines that could not even be read."""
    if not broken:
        return pl.DataFrame(schema=REJECTED_SCHEMA)
    lines = pl.DataFrame({"line": [row.text for row in broken]}, schema={"line": pl.String})
    rows = pl.DataFrame(
        {
            "row_number": pl.Series([row.row_number for row in broken], dtype=pl.Int64),
            "reasons": pl.Series([[row.reason] for row in broken], dtype=pl.List(pl.String)),
            "record": json_object(lines),
        }
    )
    return _shaped(rows.with_columns(feed=pl.lit(feed)), shop)


def listed(rows: pl.DataFrame) -> pl.DataFrame:
    """Stored rejected rows as people read them: by shop, feed and row."""
    columns = [name for name in REJECTED_SCHEMA if name != "rejected_id"]
    return rows.select(columns).sort("shop", "feed", "row_number")


def _shaped(rows: pl.DataFrame, shop: str) -> pl.DataFrame:
    absent = [name for name in ("id", "slug") if name not in rows.columns]
    return (
        rows.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)
        .with_columns(
            rejected_id=row_keys(shop, rows["feed"], rows["row_number"], rows["record"]),
            shop=pl.lit(shop),
        )
        .select(pl.col(name).cast(kind) for name, kind in REJECTED_SCHEMA.items())
    )
