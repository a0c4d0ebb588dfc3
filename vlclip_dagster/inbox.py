"""The inbox: drops that wait there, landed one by one in the order they were made.

Landing is idempotent and at least once: a kill in the middle lands the drop again, with the
same result. What a drop says is decided in ``catalog``; here it meets the warehouse.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from vlclip_dagster.catalog.drops import MANIFEST, Drop, read_drop
from vlclip_dagster.catalog.landing import Landed, land, merge_state, slugs_to_merge
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.stages import StageLog
from vlclip_dagster.warehouse import Warehouse, each, refresh

LANDING_ROWS = 4096  # per commit: text alone, so many fit


@dataclass(frozen=True)
class LandedDrop:
    """What landing one drop did.

    Attributes:
        versions: content hash of the landed rows of each product type that changed, by slug.
        problem: why the drop could not be landed; None when it was.
    """

    drop: str
    shop: str = ""
    products: int = 0
    rejected: int = 0
    versions: dict[str, str] | None = None
    notes: tuple[str, ...] = ()
    problem: str | None = None


def land_pending(warehouse: Warehouse, inbox: Path) -> list[LandedDrop]:
    """Land every drop in ``inbox`` that was not landed before; one that is bad stops no other."""
    done = set(warehouse.table("drops").read(["drop_id"])["drop_id"])
    outcomes: list[LandedDrop] = []
    waiting: list[Drop] = []
    for place in _places(inbox):
        if place.name in done:
            continue
        try:
            waiting.append(read_drop(place))
        except VlclipError as error:
            outcomes.append(LandedDrop(place.name, problem=str(error)))
    for drop in sorted(waiting, key=lambda drop: drop.manifest.created_at):
        if drop.manifest.drop_id not in done:
            outcomes.append(_land_or_tell(warehouse, drop))
    return outcomes


def _places(inbox: Path) -> Iterator[Path]:
    """Folders with a manifest, and what people put there by hand: folders and files with a feed."""
    if not inbox.is_dir():
        return
    for entry in sorted(inbox.iterdir()):
        if entry.name.startswith("."):
            continue
        drops = sorted(path.parent for path in entry.glob(f"*/{MANIFEST}"))
        yield from drops or [entry]


def _land_or_tell(warehouse: Warehouse, drop: Drop) -> LandedDrop:
    try:
        return land_drop(warehouse, drop)
    except VlclipError as error:
        return LandedDrop(drop.manifest.drop_id, drop.manifest.shop, problem=str(error))


def land_drop(warehouse: Warehouse, drop: Drop) -> LandedDrop:
    """Bring the tables ``landed``, ``rejected_products`` and ``product_types`` up to ``drop``.

    Raises:
        VlclipError: a feed of the drop can't be read, or none of its rows can be used.
    """
    landed = land(drop)
    if not landed.products and not landed.rejected.is_empty():
        first = landed.rejected.row(0, named=True)
        raise VlclipError(
            f"none of the {landed.rejected.height} rows of {landed.shop} can be used, so its "
            f"catalog stays as it was; row {first['row_number']}: {'; '.join(first['reasons'])}"
        )
    log = StageLog(warehouse)
    versions = {
        slug: version
        for slug in sorted(slugs_to_merge(landed, _present(warehouse)))
        if (version := _merge(warehouse, log, landed, slug))
    }
    _keep_rejected(warehouse, landed)
    products = sum(rows.height for rows in landed.products.values())
    line = {
        "drop_id": drop.manifest.drop_id,
        "key": drop.manifest.drop_id,
        "shop": landed.shop,
        "mode": landed.mode,
        "landed_at": drop.manifest.created_at,
        "rows": products,
    }
    warehouse.table("drops").upsert(pl.DataFrame([line]))
    return LandedDrop(
        drop.manifest.drop_id,
        landed.shop,
        products,
        landed.rejected.height,
        versions,
        landed.problems,
    )


def _present(warehouse: Warehouse) -> pl.DataFrame:
    slugs = warehouse.table("product_types").read(["slug"])["slug"]
    frames = [warehouse.table("landed", slug).read(["item_id", "slug"]) for slug in slugs]
    return pl.concat(frames) if frames else warehouse.table("landed").read(["item_id", "slug"])


def _merge(warehouse: Warehouse, log: StageLog, landed: Landed, slug: str) -> str | None:
    """Bring one product type up to the drop; its new version, None when nothing changed."""
    started = time.monotonic()
    table = warehouse.table("landed", slug)
    state = merge_state(table.read(), landed, slug)
    counts = refresh(
        table, state, each(lambda rows: rows), label=f"landing {slug}", batch_rows=LANDING_ROWS
    )
    if not counts.changed and log.last("landed", slug) is not None:
        return None
    if slug in landed.slugs:
        name = {"slug": slug, "key": slug, "product_type": landed.slugs[slug]}
        warehouse.table("product_types").upsert(pl.DataFrame([name]))
    version = table.data_version()
    seconds = round(time.monotonic() - started, 3)
    log.record("landed", slug, counts, seconds=seconds, output_version=version, inputs={})
    return version


def _keep_rejected(warehouse: Warehouse, landed: Landed) -> None:
    """A snapshot replaces the rows its shop had rejected; a delta adds to them."""
    table = warehouse.table("rejected_products")
    if landed.mode == "snapshot":
        before = table.read(["rejected_id", "shop"]).filter(pl.col("shop") == landed.shop)
        table.delete(before["rejected_id"].to_list())
    table.upsert(landed.rejected.with_columns(key="rejected_id"))
