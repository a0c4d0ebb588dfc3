"""A drop made into the newest state of its shop's products.

What belongs here: pure functions from a drop, and from landed rows, to landed rows. What does
not: where that state is stored (``warehouse``), and what is computed from it.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from vlclip_dagster.catalog.drops import Drop, Mode
from vlclip_dagster.catalog.feeds import read_feed
from vlclip_dagster.catalog.rejected import broken_rows
from vlclip_dagster.catalog.schema import PRODUCT_SCHEMA, validate
from vlclip_dagster.hashing import data_version, row_key

LANDED_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "item_id": pl.String,
    "key": pl.String,
    "error": pl.String,
    **PRODUCT_SCHEMA,
}
"""Columns of a landed row: those of ``raw_catalog``."""

_NOT_CONTENT = frozenset(("key", "error", "root", "photographs"))


@dataclass(frozen=True)
class Landed:
    """What a drop says about its shop.

    Attributes:
        shop: the shop's key.
        mode: whether the drop is everything the shop sells, or changes only.
        products: good rows (``LANDED_SCHEMA``) of each product type, by slug.
        rejected: rows that can't be used (``REJECTED_SCHEMA``).
        deleted: ``item_id`` of products that the drop marks as deleted.
        slugs: slug → name that people read (the most frequent spelling).
        touched: slug → hash of the content of its rows.
        problems: sentences about the feeds that their owner should know.
    """

    shop: str
    mode: Mode
    products: dict[str, pl.DataFrame]
    rejected: pl.DataFrame
    deleted: frozenset[str]
    slugs: dict[str, str]
    touched: dict[str, str]
    problems: tuple[str, ...] = ()

    @cached_property
    def item_ids(self) -> frozenset[str]:
        """Every product that the drop sets or deletes."""
        listed = (item for rows in self.products.values() for item in rows["item_id"])
        return self.deleted.union(listed)


def land(drop: Drop) -> Landed:
    """Read and judge the feeds of ``drop``.

    Raises:
        VlclipError: a feed can't be read at all.
    """
    manifest = drop.manifest
    feeds = {feed.path: read_feed(drop.folder / feed.path) for feed in manifest.feeds}
    rows = pl.concat(
        [feed.rows.with_columns(pl.lit(name).alias("feed")) for name, feed in feeds.items()],
        how="diagonal",
    )
    judged = validate(rows, manifest.shop, drop.root)
    unread = [broken_rows(feed.broken, manifest.shop, name) for name, feed in feeds.items()]
    hashes = {image.path: (image.sha256, image.size) for image in manifest.images}
    landed = _as_landed(_with_hashes(judged.products, hashes))
    by_slug = {
        str(slug): part for (slug,), part in landed.partition_by("slug", as_dict=True).items()
    }
    return Landed(
        shop=manifest.shop,
        mode=manifest.mode,
        products=by_slug,
        rejected=pl.concat([judged.rejected, *unread]),
        deleted=frozenset(f"{manifest.shop}/{item}" for item in judged.deleted),
        slugs=_display_names(landed),
        touched={slug: _content(part) for slug, part in by_slug.items()},
        problems=tuple(f"{name}: {told}" for name, feed in feeds.items() for told in feed.problems),
    )


def row_key_of(row: dict[str, Any]) -> str:
    """The key of a landed row: the hash of what the shop says, wherever its files lie.

    A photograph counts by its hash where that is known, by its link otherwise.
    """
    content = {name: value for name, value in row.items() if name not in _NOT_CONTENT}
    photographs = [image["sha256"] or image["link"] for image in row["photographs"]]
    return row_key("landed/1", content, photographs)


def _as_landed(products: pl.DataFrame) -> pl.DataFrame:
    keys = [row_key_of(row) for row in products.iter_rows(named=True)]
    return products.with_columns(
        pl.Series("key", keys, dtype=pl.String), pl.lit(None, pl.String).alias("error")
    ).select(LANDED_SCHEMA.keys())


def _with_hashes(products: pl.DataFrame, hashes: dict[str, tuple[str, int]]) -> pl.DataFrame:
    """Fill in the hash and size of photographs that the drop pins."""
    links = list(hashes)
    digests = [digest for digest, _ in hashes.values()]
    sizes = [size for _, size in hashes.values()]
    link = pl.element().struct.field("link")
    photograph = pl.struct(
        link,
        link.replace_strict(links, digests, default=None, return_dtype=pl.String).alias("sha256"),
        link.replace_strict(links, sizes, default=None, return_dtype=pl.Int64).alias("size"),
    )
    return products.with_columns(pl.col("photographs").list.eval(photograph)) if links else products


def _display_names(landed: pl.DataFrame) -> dict[str, str]:
    names = landed.group_by("slug", "product_type").len()
    best = names.sort("len", "product_type", descending=[True, False]).unique(
        "slug", keep="first", maintain_order=True
    )
    return dict(zip(best["slug"], best["product_type"], strict=True))


def _content(rows: pl.DataFrame) -> str:
    return data_version(zip(rows["item_id"], rows["key"], strict=True))
