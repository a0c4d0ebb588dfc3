"""Exports of shop systems in which a row may be part of a product: Shopify and WooCommerce.

What belongs here: bringing such rows to the product that they belong to. What does not: reading
them (``readers``), and what columns are called (``columns``).
"""

from collections.abc import Collection, Iterator

import polars as pl

from vlclip_dagster.catalog.table import Batch

_SHOPIFY = frozenset(("handle", "image_src"))
_TOLD_BY = frozenset(("id", "title", "image_link"))
_WOO = frozenset(("parent", "sku", "categories"))
_INHERITED = ("product_type", "description", "brand", "image_link", "additional_image_link")


def whole_products(names: Collection[str], batches: Iterator[Batch]) -> Iterator[Batch]:
    """``batches`` with a row for each product; as they are if the feed is no such export.

    Args:
        names: columns of the feed as it calls them, spelled as ``column_name`` does.
        batches: what was read.
    """
    if _SHOPIFY.issubset(names):
        return _continued(batches)
    if _WOO.issubset(names):
        return map(_with_parents, batches)
    return batches


def _continued(batches: Iterator[Batch]) -> Iterator[Batch]:
    """Shopify: rows of one handle; the first has its title, each a variant or photograph."""
    held = pl.DataFrame()
    for batch in batches:
        rows = pl.concat([held, batch.rows], how="diagonal")
        if not _TOLD_BY.issubset(rows.columns):
            yield batch
            continue
        begins = _begins(rows).arg_true()
        last = begins.last() or 0
        # The last product may go on in the next batch.
        held = rows[last:]
        yield Batch(_folded(rows[:last]), batch.broken)
    if len(held):
        yield Batch(_folded(held))


def _begins(rows: pl.DataFrame) -> pl.Series:
    """Which rows begin a product."""
    is_first = pl.int_range(pl.len()) == 0
    is_new = pl.col("id").ne_missing(pl.col("id").shift())
    return rows.select(is_first | is_new | pl.col("title").is_not_null()).to_series()


def _folded(rows: pl.DataFrame) -> pl.DataFrame:
    """The first row of each product, with the photographs of all."""
    begins = _begins(rows)
    product = begins.cum_sum().alias("product")
    found = rows.group_by(product, maintain_order=True).agg(pl.col("image_link").drop_nulls())
    links = found["image_link"]
    more = links.list.slice(1).list.join(",")
    return rows.filter(begins).with_columns(
        image_link=links.list.first(), additional_image_link=more.set(more == "", None)
    )


def _with_parents(batch: Batch) -> Batch:
    """WooCommerce: a variation has no type of its own, and names its product by SKU or id."""
    rows = batch.rows
    if not {"id", "sku", "parent"}.issubset(rows.columns):
        return batch
    inherited = [name for name in _INHERITED if name in rows.columns]
    named = (pl.col("sku"), pl.format("id:{}", "id"))
    families = pl.concat(
        rows.select(name.alias("parent"), pl.col("id").alias("item_group_id"), *inherited)
        for name in named
    ).unique("parent", keep="first", maintain_order=True)
    own = rows.drop("item_group_id", strict=False)
    joined = own.join(families, on="parent", how="left", suffix="@", maintain_order="left")
    filled = [pl.coalesce(name, f"{name}@").alias(name) for name in inherited]
    group = pl.coalesce("item_group_id", "id").alias("item_group_id")
    whole = joined.with_columns(*filled, group).drop(f"{name}@" for name in inherited)
    # It writes a line break as two characters.
    lines = pl.col("^description$").str.replace_all(r"\n", "\n", literal=True)
    return Batch(whole.with_columns(lines), batch.broken)
