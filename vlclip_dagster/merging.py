"""A drop meets the warehouse: its shop's products are replaced, and what changed is written down.

What belongs here: the tables that landing writes. What does not: what a feed's row means
(``catalog``), and which drop comes first (``inbox``).
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from vlclip_dagster.catalog.drops import Drop
from vlclip_dagster.catalog.landing import Landed, land
from vlclip_dagster.compute import map_batches
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.stages import StageLog, StageRun
from vlclip_dagster.storage import working_folder
from vlclip_dagster.warehouse import (
    EMPTY_VERSION,
    Compute,
    Counts,
    Table,
    Warehouse,
    any_of,
    data_version,
    refresh,
)

LANDING_ROWS = 100_000  # per commit: text alone, so many fit
_ROW = ["item_id", "slug", "key"]
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class LandedDrop:
    """What landing one drop did.

    Attributes:
        drop: its place in the inbox.
        versions: content hash of the landed rows of each product type that changed, by slug.
        problem: why the drop could not be landed; None when it was.
        told_before: whether the problem is that of an earlier reading of the same files.
    """

    drop: str
    shop: str = ""
    products: int = 0
    rejected: int = 0
    versions: dict[str, str] | None = None
    notes: tuple[str, ...] = ()
    problem: str | None = None
    told_before: bool = False


def merge_drop(warehouse: Warehouse, drop: Drop, place: str) -> LandedDrop:
    """Bring the tables ``landed``, ``rejected_products`` and ``product_types`` up to ``drop``.

    The cost follows the rows, not the product types: every table is written once.

    Raises:
        VlclipError: a feed of the drop can't be read, or none of its rows can be used.
    """
    started = time.monotonic()
    store = working_folder(warehouse.home) / "photographs"
    landed = land(drop, store)
    _refuse_empty(landed)
    log = StageLog(warehouse, any_of("asset", ["landed"]))
    products = landed.listing
    rows = _Affected(warehouse.table("landed"), landed, [drop.root, str(store)])
    refresh(rows, products, _read_ahead(landed), label="landing", batch_rows=LANDING_ROWS)
    changed = _changed_types(rows, products, log.all_of("landed"), time.monotonic() - started)
    _keep_names(warehouse, changed, landed.slugs)
    _keep_rejected(warehouse, landed)
    # Last, because these lines say what is to be done: a kill before them lands the drop again.
    log.append(changed)
    return LandedDrop(
        place,
        landed.shop,
        products.height,
        landed.bad.height,
        {str(run.slug): run.output_version for run in changed},
        landed.problems,
    )


def _read_ahead(landed: Landed) -> Compute:
    """The rows of each batch, read while the batch before is written."""
    return lambda batches: map_batches(batches, lambda: landed.rows, workers=2)


def _refuse_empty(landed: Landed) -> None:
    if len(landed.listing) or (landed.mode == "delta" and not landed.bad.height):
        return
    if not landed.bad.height:
        raise VlclipError(
            f"the catalog of {landed.shop} lists no product, so it stays as it was; to take all "
            "products away, drop a delta that marks them as deleted"
        )
    first = next(iter(landed.bad)).row(0, named=True)
    raise VlclipError(
        f"none of the {landed.bad.height} rows of {landed.shop} can be used, so its "
        f"catalog stays as it was; row {first['row_number']}: {'; '.join(first['reasons'])}"
    )


class _Affected:
    """The landed rows that a drop decides on: its shop's, or those that a delta names."""

    id_column = "item_id"

    def __init__(self, table: Table, landed: Landed, roots: list[str]) -> None:
        rows = table.read([*_ROW, "root"])
        if landed.mode == "snapshot":
            mine = pl.col("item_id").str.starts_with(f"{landed.shop}/")
        else:
            mine = pl.col("item_id").is_in(landed.named)
        self.rows, self.others = rows.filter(mine), rows.filter(~mine)
        self._roots = roots
        # Where nothing of it is stored, no id repeats, and looking for them is half the work.
        self.upsert = table.append if self.rows.is_empty() else table.upsert
        self.delete, self.finish = table.delete, table.finish

    def keys(self) -> pl.DataFrame:
        """What is stored; a product whose files moved counts as failed, to be written again."""
        in_place = pl.col("root").is_in(self._roots).fill_null(False)
        return self.rows.select("item_id", "key", failed=~in_place)


def _changed_types(
    before: _Affected, products: pl.DataFrame, known: Iterable[StageRun], seconds: float
) -> list[StageRun]:
    """A line for each product type whose rows are not those of its newest line."""
    after = pl.concat([before.others.select(_ROW), products.select(_ROW)])
    versions = {
        str(slug): data_version(rows.select("item_id", "key")) for (slug,), rows in _by_slug(after)
    }
    newest = {str(run.slug): run for run in known}
    stored = {slug: run.output_version for slug, run in newest.items()}
    changed = sorted(
        slug
        for slug in versions.keys() | stored.keys()
        if versions.get(slug, EMPTY_VERSION) != stored.get(slug)
    )
    sizes, new, gone = (
        dict(rows.group_by("slug").len().iter_rows())
        for rows in (
            after,
            products.join(before.rows, on=_ROW, how="anti"),
            before.rows.join(products, on=["item_id", "slug"], how="anti"),
        )
    )
    share = round(seconds / max(1, len(changed)), 3)
    stamp = _after(newest.values())
    runs = []
    for slug in changed:
        size, computed = sizes.get(slug, 0), new.get(slug, 0)
        counts = Counts(size - computed, computed, gone.get(slug, 0))
        version = versions.get(slug, EMPTY_VERSION)
        runs.append(StageRun("landed", slug, counts, size, share, version, {}, stamp))
    return runs


def _by_slug(rows: pl.DataFrame) -> Iterable[tuple[tuple[object, ...], pl.DataFrame]]:
    return rows.partition_by("slug", as_dict=True).items()


def _after(runs: Iterable[StageRun]) -> str:
    """Now, but after all of ``runs``: whoever reads on from a time must miss no line.

    Clocks differ between machines, and may be set back.
    """
    newest = max((datetime.fromisoformat(run.finished_at) + _MOMENT for run in runs), default=None)
    now = datetime.now(UTC)
    return max(now, newest or now).isoformat(timespec="microseconds")


def _keep_names(warehouse: Warehouse, changed: Iterable[StageRun], names: dict[str, str]) -> None:
    """Name new product types; mark those that no shop sells any more, and those that returned."""
    table = warehouse.table("product_types")
    known = dict(table.read(["slug", "product_type"]).iter_rows())
    lines = [
        {
            "slug": run.slug,
            "key": run.slug,
            "product_type": names.get(str(run.slug)) or known.get(run.slug) or run.slug,
            "retired_at": None if run.rows else run.finished_at,
        }
        for run in changed
    ]
    if lines:
        table.upsert(pl.DataFrame(lines, schema_overrides={"retired_at": pl.String}))


def _keep_rejected(warehouse: Warehouse, landed: Landed) -> None:
    """Keep the newest word on each row: it goes once its product is good, or rejected anew.

    A snapshot replaces all rows that its shop had rejected; a delta those of products it names.
    """
    table = warehouse.table("rejected_products")
    before = table.read(["rejected_id", "id"], where=any_of("shop", [landed.shop]))
    if landed.mode == "delta":
        again = [rows["id"] for rows in landed.bad]
        named = pl.concat([landed.named.str.strip_prefix(f"{landed.shop}/"), *again])
        before = before.filter(pl.col("id").str.strip_chars().is_in(named.str.strip_chars()))
    table.delete(before["rejected_id"].to_list())
    for rows in landed.bad:
        table.upsert(rows.with_columns(key="rejected_id"))
