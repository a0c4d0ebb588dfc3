"""Reading an edge index: Qdrant's engine in this process, one shard per product type.

Shards open when they are first needed and again when their pointer has moved, so a running
service follows a publication without a restart. Nothing that only writing needs is imported.
"""

from __future__ import annotations

import heapq
import os
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.index.edge_folder import POINTER, Pointer, TypeFolder, published
from vlclip_dagster.index.edge_points import PointTable
from vlclip_dagster.index.filters import Filters
from vlclip_dagster.index.naming import point_id, version_token
from vlclip_dagster.index.payload import unpack
from vlclip_dagster.index.settings import IndexSettings
from vlclip_dagster.index.types import Collection, Hit, Point, VectorName
from vlclip_dagster.mirror import Mirror

if TYPE_CHECKING:
    from vlclip_dagster.index.edge_shard import Shard

LAYOUT = 1
"""Raised when the same points would be stored differently, so that every type is built anew."""

_ATTEMPTS = 3  # a pointer can move between reading it and opening its build


class OpenBuild:
    """A published build, opened as far as it was needed."""

    def __init__(self, folder: Path, pointer: Pointer) -> None:
        """Open the table of points.

        Raises:
            sqlite3.OperationalError: the build is gone.
        """
        self.pointer = pointer
        self.table = PointTable(folder / "points.sqlite")
        self._shard = folder / "shard"
        self._lock = threading.Lock()

    @cached_property
    def _opened(self) -> Shard:
        from vlclip_dagster.index.edge_shard import Shard

        return Shard.load(self._shard)

    @property
    def shard(self) -> Shard:
        """The shard, opened at first use by whichever thread comes first."""
        with self._lock:
            return self._opened


@dataclass(frozen=True)
class _Wanted:
    """A search, as every type is asked it."""

    vector: np.ndarray
    using: VectorName
    k: int
    where: Filters | None
    exclude_group: str | None
    exact: bool


class EdgeIndex:
    """All product types under one folder; see :class:`vlclip_dagster.index.types.VectorIndex`.

    Example:
        >>> index = EdgeIndex(IndexSettings(root=Path("index")))     # doctest: +SKIP
        >>> index.search(["dress"], vector, k=5)                     # doctest: +SKIP
    """

    def __init__(self, settings: IndexSettings) -> None:
        self._settings = settings
        self._root = Mirror(settings.root, settings.remote)
        self._open: dict[str, OpenBuild] = {}
        self._lock = threading.Lock()
        self.fingerprint = version_token(
            "edge", LAYOUT, settings.m, settings.ef_construct, settings.full_scan_kb
        )

    def space(self, version: str, dim: int) -> str:
        """Name of a space of vectors."""
        return version_token(version, dim, self.fingerprint)

    def collection(self, product_type: str, version: str, dim: int) -> Collection:
        """Open a type for writing."""
        from vlclip_dagster.index.edge_collection import EdgeCollection

        space = self.space(version, dim)
        return EdgeCollection(self._folder(product_type), space, dim, self._settings)

    def search(
        self,
        product_types: Sequence[str] | None,
        vector: np.ndarray,
        *,
        using: VectorName = "image",
        k: int = 5,
        where: Filters | None = None,
        exclude_group: str | None = None,
        exact: bool = False,
    ) -> list[Hit]:
        """Ask each type, then keep the best of all; equal scores are ordered by item id."""
        wanted = _Wanted(vector, using, k, where, exclude_group, exact)
        slugs = self.product_types() if product_types is None else dict.fromkeys(product_types)
        hits = [hit for slug in slugs for hit in self._search_one(slug, wanted)]
        return heapq.nsmallest(k, hits, key=lambda hit: (-hit.score, hit.item_id))

    def _search_one(self, slug: str, wanted: _Wanted) -> list[Hit]:
        build = self._build(slug)
        if build is None or not build.pointer.count:
            return []
        from vlclip_dagster.index.edge_shard import ShardQuery

        query = ShardQuery(
            vector=wanted.vector,
            using=wanted.using,
            k=wanted.k,
            ef=max(self._settings.ef, wanted.k),
            exact=wanted.exact,
            where=tuple(wanted.where.conditions()) if wanted.where else (),
            exclude_group=wanted.exclude_group,
        )
        found = [(score, unpack(payload)[1]) for score, payload in build.shard.search(query)]
        return [Hit(payload["item_id"], score, payload, slug) for score, payload in found]

    def find(self, item_id: str) -> Point | None:
        """Look the item up in every type's table, and open only the shard that has it."""
        owners = ((b, owner) for b in self._builds() if (owner := b.table.owner(item_id)))
        # An item that is a point of its own comes before one that is somebody's duplicate.
        best = min(owners, key=lambda pair: pair[1] != item_id, default=None)
        if best is None:
            return None
        build, owner = best
        (stored,) = build.shard.get([point_id(owner)])
        key, payload = unpack(stored.payload)
        return Point(owner, key, stored.image, stored.text, payload)

    def resolve(self, name: str) -> list[str]:
        """Full item ids that a name may mean."""
        fulls = sorted({full for build in self._builds() for full in build.table.fulls(name)})
        return [name] if name in fulls else fulls

    def item_ids(self, limit: int) -> list[str]:
        """Up to ``limit`` item ids, an even share from every type."""
        builds = self._builds()
        share = -(-limit // max(1, len(builds)))
        return [item for build in builds for item in build.table.item_ids(share)][:limit]

    def count(self, product_type: str) -> int:
        """Number of published points of a type."""
        pointer = self._folder(product_type).pointer()
        return pointer.count if pointer else 0

    def spaces(self) -> dict[str, str]:
        """The space of each published collection, by slug."""
        return {pointer.product_type: pointer.version for pointer in published(self._root)}

    def product_types(self) -> list[str]:
        """Slugs with a published collection, sorted."""
        return sorted(self.spaces())

    def retire(self, product_type: str) -> None:
        """Remove a type with its files; whoever has it open keeps what they opened."""
        self._folder(product_type).retire()
        with self._lock:
            self._open.pop(product_type, None)

    def check(self) -> str | None:
        """Whether the folder can be written."""
        root = self._settings.root
        existing = next((p for p in (root, *root.parents) if p.exists()), None)
        if existing is None or not existing.is_dir() or not os.access(existing, os.W_OK):
            return f"the index folder {root} cannot be written: set VLCLIP_INDEX__ROOT"
        return None

    def _folder(self, product_type: str) -> TypeFolder:
        self._root.refresh(POINTER)
        return TypeFolder(self._root, product_type)

    def _builds(self) -> list[OpenBuild]:
        builds = (self._build(slug) for slug in self.product_types())
        return [build for build in builds if build is not None]

    def _build(self, slug: str) -> OpenBuild | None:
        """The published build of a type, as it is now."""
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._opened(slug)
            except sqlite3.OperationalError:
                continue
        try:
            return self._opened(slug)
        except sqlite3.OperationalError as error:
            raise VlclipError(
                f"the index of {slug} is damaged: type `vlclip run` to build it again"
            ) from error

    def _opened(self, slug: str) -> OpenBuild | None:
        folder = self._folder(slug)
        pointer = folder.pointer()
        if pointer is None:
            return None
        with self._lock:
            build = self._open.get(slug)
            if build is None or build.pointer != pointer:
                build = OpenBuild(folder.build(pointer.build), pointer)
                self._open[slug] = build
            return build
