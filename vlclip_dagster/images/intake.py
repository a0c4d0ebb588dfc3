"""A batch of photographs from their links to finished rows.

What belongs here: reading many at once, decoding as many as there are processors, and what
becomes of a row whose photograph is unchanged or cannot be had. What does not: how one is read
(``fetch``) or decoded (``rendition``), and which are wanted (the asset).
"""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

import cv2
import polars as pl

from vlclip_dagster.images.errors import PhotographError
from vlclip_dagster.images.fetch import PhotographReader, on_network
from vlclip_dagster.images.fetched import UNKNOWN, Version
from vlclip_dagster.images.rendition import Photograph, intake

# Every column that the worker fills, beside those that it copies from the wanted rows.
TAKEN: dict[str, pl.DataType | type[pl.DataType]] = {
    "error": pl.String,
    "sha256": pl.String,
    "width": pl.Int64,
    "height": pl.Int64,
    "phash": pl.UInt64,
    "framed": pl.List(pl.UInt64),
    "tints": pl.List(pl.Float32),
    "colour": pl.List(pl.Float32),
    "degenerate": pl.Boolean,
    "rendition": pl.Binary,
    "thumbnail": pl.Binary,
    "etag": pl.String,
    "last_modified": pl.String,
    "checked_at": pl.Int64,
}
COPIED = ("photo_id", "key", "item_id", "position")

Row = Mapping[str, Any]


class IntakeWorker:
    """Reads photographs and takes them in; a failure is the row's ``error``. Threads may share it.

    A photograph that is stored and due again is asked for by its version. While it cannot be
    had, the stored one stands: a shop's outage must not empty its search.

    Args:
        reader: reads one photograph.
        readers: runs as many reads as may wait for the network at once.
        stored: reads stored rows of given ``photo_id``, nulls for those that are not there.
        now: the time, in seconds since 1970.
    """

    def __init__(
        self,
        reader: PhotographReader,
        readers: Executor,
        stored: Callable[[Sequence[str]], pl.DataFrame],
        now: int,
    ) -> None:
        self._reader = reader
        self._readers = readers
        self._stored = stored
        self._now = now
        self._decoding = threading.Semaphore(os.cpu_count() or 1)
        cv2.setNumThreads(1)  # the threads here are the parallelism; more would only contend

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Map wanted rows (``COPIED``, ``link``, ``root``) to rows of the table ``photographs``."""
        wanted = rows.rows(named=True)
        before = self._before(wanted)
        # Variants often share a photograph; it is asked for once.
        different = {row["key"]: row for row in wanted}
        taken = self._readers.map(
            lambda row: self._take(row, before.get(row["key"])), different.values()
        )
        by_key = dict(zip(different, taken, strict=True))
        filled = pl.DataFrame([by_key[row["key"]] for row in wanted], schema=TAKEN)
        return rows.select(COPIED).hstack(filled)

    def _before(self, wanted: Sequence[Row]) -> dict[str, Row]:
        """What is stored of the same links, by key."""
        ids = [row["photo_id"] for row in wanted if on_network(row["link"], row["root"])]
        stored = self._stored(ids) if ids else pl.DataFrame({"key": [], "sha256": []})
        good = stored.filter(pl.col("sha256").is_not_null())
        rows = good.select("key", *TAKEN).rows(named=True) if len(good) else []
        return {row["key"]: {name: row[name] for name in TAKEN} for row in rows}

    def _take(self, row: Row, before: Row | None) -> Row:
        link, root = row["link"], row["root"]
        known = Version(before["etag"], before["last_modified"]) if before else UNKNOWN
        try:
            data, version = self._reader.read(link, root, known)
            if data is None and before is not None:
                return {**before, "checked_at": self._now}
            with self._decoding:
                photograph = intake(data or b"")
        except PhotographError as error:
            return before or {"error": f"{link[:200]}: {error}"}
        asked = {"checked_at": self._now} if on_network(link, root) else {}
        own = {name: getattr(photograph, name) for name in Photograph.__dataclass_fields__}
        return {**own, **version._asdict(), **asked}
