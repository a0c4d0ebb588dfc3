"""The warehouse's tables as SQL sees them: one table for all product types, without pictures.

Photographs and vectors are left out: nothing that SQL answers is in them, and they are nearly
all of a table's bytes.
"""

from collections.abc import Collection

import polars as pl

from vlclip_dagster.tables import TABLES
from vlclip_dagster.warehouse import Warehouse

# Tables that exist once; every other one exists per product type.
WHOLE = frozenset(
    {
        "drops",
        "landed",
        "product_types",
        "rejected_products",
        "retrieval_scores",
        "stage_runs",
        "test_vectors",
    }
)
LEFT_OUT = (pl.Binary, pl.List(pl.Float32))
SLUG = "slug"
_SQL_TYPES = {
    pl.String: "TEXT",
    pl.Boolean: "BOOLEAN",
    pl.Int64: "BIGINT",
    pl.UInt64: "UBIGINT",
    pl.Float32: "REAL",
    pl.Float64: "DOUBLE",
    pl.List(pl.String): "TEXT[]",
}


def source_columns() -> dict[str, dict[str, str]]:
    """The columns of each source, in order, with their types in SQL.

    ``slug`` is in all that exist per product type.
    """
    columns = {
        name: {
            column: _SQL_TYPES.get(kind, "UNKNOWN")
            for column, kind in schema.columns.items()
            if kind not in LEFT_OUT
        }
        for name, schema in TABLES.items()
    }
    for name in columns.keys() - WHOLE:
        columns[name].setdefault(SLUG, "TEXT")
    return columns


def read_source(warehouse: Warehouse, name: str, columns: Collection[str]) -> pl.DataFrame:
    """Read ``columns`` of the source ``name``, of all product types."""
    schema = TABLES[name]
    if name in WHOLE:
        return warehouse.table(name).read(list(columns) or [schema.id_column])
    stored = [column for column in columns if column in schema.columns] or [schema.id_column]
    slugs = warehouse.table("product_types").read([SLUG])[SLUG].sort()
    # Of no product type at all, the table still has its columns.
    frames = [schema.empty().select(stored).with_columns(pl.lit("").alias(SLUG))]
    frames += [
        warehouse.table(name, slug).read(stored).with_columns(pl.lit(slug).alias(SLUG))
        for slug in slugs
    ]
    return pl.concat(frames)
