"""Writing an edge index: drafts on disk, a build in a process of its own, one pointer.

Every change is a file in a draft, so a run that is killed goes on from its last batch. The draft
belongs to one version and one base build; when either moves on, it is forgotten.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from filelock import FileLock

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.index.edge_build import Built, Job, draft_files
from vlclip_dagster.index.edge_builder import builder
from vlclip_dagster.index.edge_folder import Pointer, TypeFolder
from vlclip_dagster.index.edge_points import PointTable
from vlclip_dagster.index.edge_shard import GraphSettings
from vlclip_dagster.index.naming import version_token
from vlclip_dagster.index.payload import parse
from vlclip_dagster.index.settings import IndexSettings
from vlclip_dagster.index.vectors import unit_matrix

COLUMNS = ("item_id", "key", "image", "text", "payload")


class EdgeCollection:
    """The writing side of one product type; see :class:`vlclip_dagster.index.types.Collection`."""

    id_column = "item_id"

    def __init__(self, folder: TypeFolder, version: str, dim: int, settings: IndexSettings) -> None:
        """Args: ``version`` covers everything that decides how the vectors are stored."""
        self._folder = folder
        self._version = version
        self._dim = dim
        self._settings = settings
        folder.refresh()
        self._current = folder.pointer()
        base = self._current.build if self._current else ""
        self._draft = folder.draft(version_token(version, base))

    def keys(self) -> pl.DataFrame:
        """What this version holds, the draft included."""
        keys = dict(self._published_keys())
        for file in draft_files(self._draft):
            if file.stem.endswith("delete"):
                for item in pl.read_ipc(file)["item_id"]:
                    keys.pop(item, None)
            else:
                rows = pl.read_ipc(file, columns=["item_id", "key"])
                keys.update(rows.iter_rows())
        columns = {"item_id": list(keys), "key": list(keys.values()), "failed": [False] * len(keys)}
        return pl.DataFrame(columns, {"item_id": pl.String, "key": pl.String, "failed": pl.Boolean})

    def upsert(self, rows: pl.DataFrame) -> None:
        """Add a batch to the draft."""
        if rows.is_empty():
            return
        for name in ("image", "text"):
            unit_matrix(rows, name, self._dim)
        for item_id, text in rows.select("item_id", "payload").iter_rows():
            parse(item_id, text)
        vector = pl.col("image", "text").cast(pl.List(pl.Float32))
        self._add("upsert", rows.select(COLUMNS).with_columns(vector))

    def delete(self, ids: Sequence[str]) -> None:
        """Add deletions to the draft."""
        if ids:
            self._add("delete", pl.DataFrame({"item_id": list(ids)}, {"item_id": pl.String}))

    def finish(self) -> None:
        """Build, verify and publish, unless the published build already is what is wanted.

        Raises:
            VlclipError: verification failed, or another run published in the meantime.
        """
        if self._base() and not draft_files(self._draft):
            return
        self._folder.path.mkdir(parents=True, exist_ok=True)
        with FileLock(self._folder.lock):
            if self._folder.pointer() != self._current:
                raise VlclipError(
                    f"another run published {self._folder.product_type} in the meantime: "
                    "run this one again"
                )
            self._current = self._build()
            self._folder.publish(self._current)
            self._folder.clean()
            self._draft = self._folder.draft(version_token(self._version, self._current.build))

    def _base(self) -> Path | None:
        """The published build, if it is of this version and still there."""
        if self._current is None or self._current.version != self._version:
            return None
        build = self._folder.build(self._current.build)
        return build if (build / "points.sqlite").is_file() else None

    def _published_keys(self) -> list[tuple[str, str]]:
        base = self._base()
        return PointTable(base / "points.sqlite").keys() if base else []

    def _add(self, kind: str, rows: pl.DataFrame) -> None:
        self._draft.mkdir(parents=True, exist_ok=True)
        path = self._draft / f"{time.time_ns():020d}-{kind}.arrow"
        partial = path.with_suffix(".partial")
        rows.write_ipc(partial)
        partial.replace(path)

    def _build(self) -> Pointer:
        build = f"{time.time_ns():020d}"
        target = self._folder.build(build)
        builder().run(self._job(target), self._draft / "job.json")
        built = Built(**json.loads((target / "build.json").read_text(encoding="utf-8")))
        return Pointer(
            product_type=self._folder.product_type,
            build=build,
            version=self._version,
            dim=self._dim,
            count=built.count,
            recall=built.recall,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            previous=self._current.build if self._current else None,
        )

    def _job(self, target: Path) -> Job:
        base = self._base()
        settings = self._settings
        return Job(
            product_type=self._folder.product_type,
            base=str(base) if base else None,
            draft=str(self._draft),
            target=str(target),
            dim=self._dim,
            graph=GraphSettings(settings.m, settings.ef_construct, settings.full_scan_kb),
            ef=settings.ef,
            min_recall=settings.min_recall,
        )
