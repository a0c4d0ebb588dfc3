"""A drop made into the newest state of its shop's products.

What belongs here: reading a drop batch by batch into rows that wait on disk, and from what is
landed so far to what should be. What does not: where that state is stored (``warehouse``), and
what is computed from it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import polars as pl

from vlclip_dagster.catalog.drops import Drop, DropManifest, Mode
from vlclip_dagster.catalog.encoded import row_keys
from vlclip_dagster.catalog.feeds import COMPANIONS, read_feed
from vlclip_dagster.catalog.mapping import MAPPING
from vlclip_dagster.catalog.rejected import REJECTED_SCHEMA, broken_rows, rejected_rows
from vlclip_dagster.catalog.schema import PLACE_SCHEMA, PRODUCT_SCHEMA, Validated, validate
from vlclip_dagster.catalog.spool import PLACE, Spool
from vlclip_dagster.catalog.table import Batch
from vlclip_dagster.compute import map_batches

LANDED_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "item_id": pl.String,
    "key": pl.String,
    "error": pl.String,
    **PRODUCT_SCHEMA,
}
"""Columns of a landed row: those of ``raw_catalog``."""

EMBEDDED = "photographs"
"""Folder, in a drop's own, of the photographs that its feeds hold themselves."""

_LISTED = {"item_id": pl.String, "key": pl.String, "slug": pl.String, **PLACE_SCHEMA, **PLACE}
_NOT_CONTENT = ("key", "error", "root", "photographs")
_CONTENT = sorted(name for name in LANDED_SCHEMA if name not in _NOT_CONTENT)
_WORKERS = 2  # reading goes on beside them


@dataclass(frozen=True)
class Landed:
    """What a drop says about its shop; its rows wait on disk for as long as this object lives.

    Attributes:
        shop: the shop's key.
        mode: whether the drop is everything the shop sells, or changes only.
        listing: each good row's ``item_id``, ``key``, ``slug`` and places.
        good: the landed rows themselves (``LANDED_SCHEMA``), see ``rows``.
        bad: rows that can't be used (``REJECTED_SCHEMA``).
        deleted: ``item_id`` of products that the drop marks as deleted.
        slugs: slug → name that people read (the most frequent spelling).
        problems: sentences about the feeds that their owner should know.
    """

    shop: str
    mode: Mode
    listing: pl.DataFrame
    good: Spool
    bad: Spool
    deleted: frozenset[str]
    slugs: dict[str, str]
    problems: tuple[str, ...] = ()

    @cached_property
    def named(self) -> pl.Series:
        """``item_id`` of every product that the drop sets or deletes."""
        deleted = pl.Series("item_id", list(self.deleted), dtype=pl.String)
        return pl.concat([self.listing["item_id"], deleted])

    def rows(self, listed: pl.DataFrame) -> pl.DataFrame:
        """The landed rows (``LANDED_SCHEMA``) of some of ``listing``, in their order."""
        return self.good.read(listed)


def land(drop: Drop, store: Path | None = None) -> Landed:
    """Read and judge the feeds of ``drop``.

    Args:
        drop: what a shop handed over.
        store: folder for photographs that the feeds hold themselves; one in the drop's own
            folder if absent.

    Raises:
        VlclipError: a feed can't be read at all.
    """
    manifest = drop.manifest
    taken = _Taken(manifest.shop)
    pins = _pins(manifest)
    problems = []
    store = store or drop.folder / EMBEDDED
    for name in [feed.path for feed in manifest.feeds if feed.path not in COMPANIONS]:
        feed = read_feed(drop.folder / name, manifest.mapping, root=Path(drop.root), store=store)
        for judged in map_batches(feed, partial(_Judge, drop, name, pins), workers=_WORKERS):
            taken.add(judged)
        problems += [f"{name}: {told}" for told in feed.problems]
    problems += _unnamed_types(taken.slugs().values())
    return Landed(
        shop=manifest.shop,
        mode=manifest.mode,
        listing=taken.listing(),
        good=taken.products,
        bad=taken.rejected,
        deleted=frozenset(f"{manifest.shop}/{item}" for item in taken.deleted),
        slugs=taken.slugs(),
        problems=tuple(problems),
    )


def _unnamed_types(names: Iterable[str]) -> list[str]:
    """A sentence about product types that are numbers, if there are any."""
    numbers = [name for name in names if name.isdecimal()]
    if not numbers:
        return []
    return [
        f"{len(numbers)} of its product types are numbers, such as {numbers[0]}: name each in "
        f'{MAPPING} below the line [product_types], as in "Dog bowls" = "{numbers[0]}"'
    ]


@dataclass(frozen=True)
class _Judged:
    """A batch that was judged: good rows with their keys, and the others."""

    validated: Validated
    products: pl.DataFrame
    broken: pl.DataFrame


class _Judge:
    """Judges batches of one feed; may be called from several threads."""

    def __init__(self, drop: Drop, feed: str, pins: pl.DataFrame) -> None:
        self._shop, self._root, self._feed, self._pins = drop.manifest.shop, drop.root, feed, pins
        self._type_names = drop.manifest.mapping.type_names()

    def __call__(self, batch: Batch) -> _Judged:
        validated = validate(
            batch.rows, self._shop, self._root, feed=self._feed, type_names=self._type_names
        )
        pins = pl.concat([self._pins, _embedded(validated.products, self._root)])
        products = _keyed(_pinned(validated.products, pins))
        return _Judged(validated, products, broken_rows(batch.broken, self._shop, self._feed))


class _Taken:
    """Collects judged batches in the order of the feed; an id counts once."""

    def __init__(self, shop: str) -> None:
        self._shop = shop
        self.products = Spool(LANDED_SCHEMA)
        self.rejected = Spool(REJECTED_SCHEMA)
        self.deleted: set[str] = set()
        self._listings = [pl.DataFrame(schema=_LISTED)]
        self._names: Counter[tuple[str, str]] = Counter()
        self._seen: set[int] = set()

    def add(self, judged: _Judged) -> None:
        """Take in one batch."""
        products, repeats = self._without_repeats(judged.products)
        rejected = [judged.validated.rejected, judged.broken]
        if len(repeats):
            rejected.append(self._rejected_repeats(repeats, judged.validated.rows))
        bad = pl.concat(rejected)
        if len(bad):
            self.rejected.add(bad.sort("row_number"))
        if len(products):
            products = products.sort("slug")  # rows of one type are read back together
            listing = products.select(name for name in _LISTED if name not in PLACE)
            self._listings.append(listing.hstack(self.products.add(products)))
            names = products.group_by("slug", "product_type").len()
            self._names.update({(slug, name): count for slug, name, count in names.iter_rows()})
        self.deleted |= judged.validated.deleted

    def listing(self) -> pl.DataFrame:
        """All good rows so far (see ``Landed.listing``)."""
        return pl.concat(self._listings)

    def slugs(self) -> dict[str, str]:
        """The most frequent spelling of each product type."""
        ranked = sorted(self._names.items(), key=lambda item: (item[1], item[0]))
        return {slug: name for (slug, name), _ in ranked}

    def _without_repeats(self, products: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows with a new id, and rows whose id was used before, with who keeps it."""
        digests = products["item_id"].hash(seed=0).to_list()
        if len(set(digests)) == len(digests) and self._seen.isdisjoint(digests):
            self._seen.update(digests)
            return products, products.clear()
        new = []
        for digest in digests:
            new.append(digest not in self._seen)
            self._seen.add(digest)
        fresh = products.filter(new)
        places = [listing.select("item_id", *PLACE_SCHEMA) for listing in self._listings]
        keepers = pl.concat([*places, fresh.select("item_id", *PLACE_SCHEMA)])
        repeats = products.filter(~pl.Series(new)).join(keepers, on="item_id", suffix="_kept")
        return fresh, repeats

    def _rejected_repeats(self, repeats: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
        reason = pl.format(
            "its id is used twice: row {} of {} keeps it, row {} of {} repeats it",
            *("row_number_kept", "feed_kept", "row_number", "feed"),
        )
        told = repeats.select("row_number", "slug", reasons=pl.concat_list(reason))
        both = rows.join(told, on="row_number", how="inner", maintain_order="left", suffix="_told")
        return rejected_rows(both.select(rows.columns), self._shop, both["slug"], both["reasons"])


def _pins(manifest: DropManifest) -> pl.DataFrame:
    """Hash and size of the photographs that the drop pins, by link."""
    images = manifest.images
    return pl.DataFrame(
        {
            "link": [image.path for image in images],
            "sha256": [image.sha256 for image in images],
            "size": [image.size for image in images],
        },
        schema={"link": pl.String, "sha256": pl.String, "size": pl.Int64},
    )


def _embedded(products: pl.DataFrame, root: str) -> pl.DataFrame:
    """Hash of the photographs that the feed held itself, which their names tell, by link."""
    kept = products.filter(pl.col("root") != root).select(pl.col("photographs").explode())
    link = kept.to_series().struct.field("link").unique()
    return pl.DataFrame({"link": link, "sha256": link.str.tail(64)}).with_columns(
        pl.lit(None, pl.Int64).alias("size")
    )


def _pinned(products: pl.DataFrame, pins: pl.DataFrame) -> pl.DataFrame:
    """Fill in the hash and size of photographs that the drop pins."""
    links = products.select(pl.col("photographs").explode().struct.field("link"))
    pins = pins.join(links, on="link", how="semi")
    if pins.is_empty():
        return products
    link = pl.element().struct.field("link")
    photograph = pl.struct(
        link,
        *(
            link.replace_strict(pins["link"], pins[name], default=None).alias(name)
            for name in ("sha256", "size")
        ),
    )
    return products.with_columns(pl.col("photographs").list.eval(photograph))


def _keyed(products: pl.DataFrame) -> pl.DataFrame:
    """Add each row's key: the hash of what the shop says, wherever its files lie.

    A photograph counts by its hash where that is known, by its link otherwise.
    """
    image = pl.element().struct
    identity = pl.coalesce(image.field("sha256"), image.field("link"))
    content, photographs = products.select(
        pl.struct(_CONTENT).alias("content"), pl.col("photographs").list.eval(identity)
    )
    keys = row_keys("landed/1", content, photographs)
    return products.with_columns(key=keys, error=pl.lit(None, pl.String))
