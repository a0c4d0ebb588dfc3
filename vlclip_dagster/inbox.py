"""The inbox: drops that wait there, landed one by one in the order they were made.

Landing is idempotent and at least once: a kill in the middle lands the drop again, with the
same result. What belongs here: which drops are new, in which order, one process at a time. What
does not: reading a drop (``catalog``), and what it changes (``merging``).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
from filelock import Timeout

from vlclip_dagster.alone import alone
from vlclip_dagster.catalog.drops import Drop, fetch_drop, read_drop
from vlclip_dagster.catalog.waiting import Waiting, bucket_entries, folder_entries, waiting_drops
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.merging import LandedDrop, merge_drop
from vlclip_dagster.storage import is_remote
from vlclip_dagster.warehouse import Warehouse

# What a person copies into the inbox is taken when nothing moved for so long; a drop with a
# manifest is whole when the manifest is there.
STILL_SECONDS = 30
LOCK_SECONDS = 20  # longer than most drops take to land, shorter than a sensor's tick may take


def land_pending(
    warehouse: Warehouse, inbox: Path, *, client: Any = None, patient: bool = False
) -> list[LandedDrop]:
    """Land every drop in ``inbox`` that was not landed before; one that is bad stops no other.

    Args:
        warehouse: where to.
        inbox: a folder, or a path on S3.
        client: a boto3 client for an inbox on S3; one made from the environment if None.
        patient: for a caller that comes again by itself: what is still being copied waits, and
            what was refused is read again only when its files changed.

    Raises:
        VlclipError: another process is landing.
    """
    with _alone(warehouse):
        ledger = _Ledger(warehouse)
        outcomes, ready = ledger.sort(waiting_in(inbox, client), patient)
        drops = []
        with TemporaryDirectory() as scratch:
            for place in ready:
                try:
                    drops.append((place, _read(inbox, place, Path(scratch))))
                except VlclipError as error:
                    outcomes.append(ledger.refuse(place, place.shop, error))
            for place, drop in sorted(drops, key=lambda pair: _made_at(*pair)):
                if not ledger.is_current(place, drop):
                    outcomes.append(_land_or_tell(warehouse, ledger, place, drop))
    return outcomes


def waiting_in(inbox: Path, client: Any = None) -> list[Waiting]:
    """The drops in an inbox, landed ones included."""
    if not is_remote(inbox):
        return waiting_drops(folder_entries(inbox))
    import boto3

    return waiting_drops(bucket_entries(client or boto3.client("s3"), str(inbox)))


def refused_drops(warehouse: Warehouse, inbox: Path) -> list[str]:
    """The drops that lie in the inbox and can't be landed, each with why, in a sentence."""
    lines = warehouse.table("drops").read(["key", "error"])
    refused = dict(lines.filter(pl.col("error").is_not_null()).iter_rows())
    if not refused:
        return []
    waiting = waiting_in(inbox)
    return [f"{d.place}: {refused[d.signature]}" for d in waiting if d.signature in refused]


@contextmanager
def _alone(warehouse: Warehouse) -> Iterator[None]:
    try:
        with alone(warehouse.home, "landing", LOCK_SECONDS):
            yield
    except Timeout:
        raise VlclipError("another process is landing drops; try again when it is done") from None


def _read(inbox: Path, waiting: Waiting, scratch: Path) -> Drop:
    place = inbox / waiting.place
    if not is_remote(inbox):
        return read_drop(place, shop=waiting.shop)
    folder = scratch / waiting.signature
    folder.mkdir()
    return fetch_drop(place, folder, shop=waiting.shop)


def _made_at(waiting: Waiting, drop: Drop) -> tuple[datetime, str]:
    # A feed without a manifest is prepared as it is read, which says nothing of its age.
    stated = drop.manifest.created_at if waiting.pinned else None
    return stated or waiting.modified, waiting.place


class _Ledger:
    """The table ``drops``: which files were landed or refused before."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._table = warehouse.table("drops")
        lines = self._table.read(["key", "error", "shop", "drop_id", "root", "landed_at"])
        self._known = dict(lines.select("key", "error").iter_rows())
        landed = lines.filter(pl.col("error").is_null()).sort("landed_at")
        self._current = {shop: rest for shop, *rest in landed[:, 2:5].iter_rows()}

    def sort(
        self, waiting: Sequence[Waiting], patient: bool
    ) -> tuple[list[LandedDrop], list[Waiting]]:
        """What to tell without reading, and what to read."""
        told, ready = [], []
        still = datetime.now(UTC) - timedelta(seconds=STILL_SECONDS)
        for drop in waiting:
            problem = self._known.get(drop.signature, "")
            if problem is None:
                continue
            if patient and problem:
                told.append(LandedDrop(drop.place, problem=problem, told_before=True))
            elif patient and not drop.pinned and drop.modified > still:
                waits = f"it has no manifest and is taken when nothing moved for {STILL_SECONDS} s"
                told.append(LandedDrop(drop.place, problem=waits, told_before=True))
            else:
                ready.append(drop)
        return told, ready

    def is_current(self, waiting: Waiting, drop: Drop) -> bool:
        """Whether the newest drop of the shop says exactly this; then it is only written down."""
        same = self._current.get(drop.manifest.shop) == [drop.manifest.drop_id, drop.root]
        if same:
            self.accept(waiting, drop, 0)
        return same

    def accept(self, waiting: Waiting, drop: Drop, rows: int) -> None:
        """Write down that a drop was landed."""
        self._current[drop.manifest.shop] = [drop.manifest.drop_id, drop.root]
        self._write(
            waiting,
            drop_id=drop.manifest.drop_id,
            shop=drop.manifest.shop,
            mode=drop.manifest.mode,
            root=drop.root,
            rows=rows,
        )

    def refuse(self, waiting: Waiting, shop: str, error: VlclipError) -> LandedDrop:
        """Write down why a drop can't be landed."""
        self._write(waiting, shop=shop, error=str(error))
        return LandedDrop(waiting.place, shop, problem=str(error))

    def _write(self, waiting: Waiting, **fields: str | int) -> None:
        line = {
            "landing_id": f"{waiting.place}@{waiting.signature}",
            "key": waiting.signature,
            "place": waiting.place,
            "landed_at": datetime.now(UTC).isoformat(timespec="microseconds"),
            **fields,
        }
        self._table.upsert(pl.DataFrame([line]))


def _land_or_tell(
    warehouse: Warehouse, ledger: _Ledger, waiting: Waiting, drop: Drop
) -> LandedDrop:
    try:
        landed = merge_drop(warehouse, drop, waiting.place)
    except VlclipError as error:
        return ledger.refuse(waiting, drop.manifest.shop, error)
    ledger.accept(waiting, drop, landed.products)
    return landed
