"""Rows of a feed that can't be used: kept in full, with every reason.

What belongs here: the shape of a rejected row. What does not: deciding which rows those are
(``schema``).
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from vlclip_dagster.catalog.table import BrokenRow
from vlclip_dagster.hashing import row_key

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


def rejected_rows(judged: pl.DataFrame, shop: str, columns: Sequence[str]) -> pl.DataFrame:
    """Rejected rows (``REJECTED_SCHEMA``) from rows that were found bad.

    Args:
        judged: columns ``feed``, ``row_number``, ``id``, ``slug``, ``reasons``, and ``columns``.
        shop: the shop's key.
        columns: the feed's own columns, which become the record.
    """
    return _frame(
        {
            **{name: row[name] for name in ("feed", "row_number", "id", "slug", "reasons")},
            "shop": shop,
            "record": _json({name: row[name] for name in columns if row[name] is not None}),
        }
        for row in judged.iter_rows(named=True)
    )


def broken_rows(broken: Iterable[BrokenRow], shop: str, feed: str) -> pl.DataFrame:
    """Rejected rows (``REJECTED_SCHEMA``) from lines that could not even be read."""
    return _frame(
        {
            "shop": shop,
            "feed": feed,
            "row_number": row.row_number,
            "id": None,
            "slug": None,
            "reasons": [row.reason],
            "record": _json({"line": row.text}),
        }
        for row in broken
    )


def _frame(rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    named = [
        {"rejected_id": row_key(row["shop"], row["feed"], row["row_number"], row["record"]), **row}
        for row in rows
    ]
    return pl.DataFrame(named, schema=REJECTED_SCHEMA)


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False)
