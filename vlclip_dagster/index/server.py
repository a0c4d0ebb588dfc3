"""Reading from a Qdrant server: one alias per product type."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.index.filters import Equals, Filters
from vlclip_dagster.index.naming import names_of, safe_name, slug_of, version_token
from vlclip_dagster.index.payload import NAME, unpack
from vlclip_dagster.index.settings import IndexSettings
from vlclip_dagster.index.types import Collection, Hit, Point, VectorName

if TYPE_CHECKING:
    from qdrant_client import QdrantClient, models

LAYOUT = 1
"""Raised when the same points would be stored differently, so that every type is filled anew."""


class ServerIndex:
    """Product types on a server; see :class:`vlclip_dagster.index.types.VectorIndex`."""

    def __init__(self, settings: IndexSettings, client: QdrantClient | None = None) -> None:
        """Args: ``client`` stands in for the one made from the settings, in tests."""
        self._settings = settings
        self._given = client
        self.fingerprint = version_token(
            "server", LAYOUT, settings.m, settings.ef_construct, settings.full_scan_kb
        )

    @cached_property
    def _client(self) -> QdrantClient:
        from vlclip_dagster.index.server_client import connect

        return self._given or connect(self._settings)

    def space(self, version: str, dim: int) -> str:
        """Name of a space of vectors."""
        return version_token(version, dim, self.fingerprint)

    def collection(self, product_type: str, version: str, dim: int) -> Collection:
        """Open a type for writing."""
        from vlclip_dagster.index.server_collection import ServerCollection

        space = self.space(version, dim)
        return ServerCollection(self._client, product_type, space, dim, self._settings)

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
        from vlclip_dagster.index.server_client import query_filter

        chosen = query_filter(where.conditions() if where else (), exclude_group)
        hits: list[Hit] = []
        with self._speaking() as published:
            for slug in published if product_types is None else dict.fromkeys(product_types):
                if slug in published:
                    found = self._query(published[slug], vector, using, k, chosen, exact)
                    hits.extend(_hit(point, slug) for point in found)
        return heapq.nsmallest(k, hits, key=lambda hit: (-hit.score, hit.item_id))

    def _query(
        self,
        alias: str,
        vector: np.ndarray,
        using: VectorName,
        k: int,
        chosen: models.Filter | None,
        exact: bool,
    ) -> list[models.ScoredPoint]:
        from qdrant_client import models

        params = models.SearchParams(hnsw_ef=max(self._settings.ef, k), exact=exact)
        query = np.asarray(vector, dtype=np.float32).tolist()
        return self._client.query_points(
            alias, query, using=using, limit=k, query_filter=chosen, search_params=params
        ).points

    def find(self, item_id: str) -> Point | None:
        """The point of an item, or of the photograph it shares."""
        known = (record for record in self._named(item_id) if item_id in _fulls(record, item_id))
        best = min(known, key=lambda r: _payload(r)["item_id"] != item_id, default=None)
        if best is None:
            return None
        key, payload = unpack(_payload(best))
        image, text = (np.array(best.vector[n], np.float32) for n in ("image", "text"))  # type: ignore
        return Point(payload["item_id"], key, image, text, payload)

    def resolve(self, name: str) -> list[str]:
        """Full item ids that a name may mean."""
        fulls = sorted({full for record in self._named(name) for full in _fulls(record, name)})
        return [name] if name in fulls else fulls

    def item_ids(self, limit: int) -> list[str]:
        """Up to ``limit`` item ids, an even share from every type."""
        from vlclip_dagster.index.server_client import scroll

        found: list[str] = []
        with self._speaking() as published:
            share = -(-limit // max(1, len(published)))
            for alias in published.values():
                fields = ("item_id", "variants")
                for record in scroll(self._client, alias, payload=fields, limit=share):
                    found.extend(full for name, full in _names(record) if name == full)
        return list(dict.fromkeys(found))[:limit]

    def count(self, product_type: str) -> int:
        """Number of published points of a type."""
        with self._speaking() as published:
            alias = published.get(product_type)
            return self._client.count(alias, exact=True).count if alias else 0

    def spaces(self) -> dict[str, str]:
        """The space of each published collection, by slug; the end of the collection's name."""
        from vlclip_dagster.index.server_client import aliases, speaking_to

        prefix = self._settings.prefix
        with speaking_to(self._settings.url):
            published = aliases(self._client, prefix)
        return {
            slug_of(alias.removeprefix(prefix)): name.removeprefix(f"{alias}__")
            for alias, name in published.items()
        }

    def product_types(self) -> list[str]:
        """Slugs with a published collection, sorted."""
        return sorted(self.spaces())

    def retire(self, product_type: str) -> None:
        """Remove a type's alias, then all of its collections."""
        from qdrant_client import models

        from vlclip_dagster.index.server_collection import drop_versions

        alias = self._settings.prefix + safe_name(product_type)
        with self._speaking() as published:
            if product_type in published:
                delete = models.DeleteAlias(alias_name=alias)
                moves = [models.DeleteAliasOperation(delete_alias=delete)]
                self._client.update_collection_aliases(moves)
            drop_versions(self._client, alias, keep=set())

    def check(self) -> str | None:
        """Whether the server answers and takes the key."""
        try:
            with self._speaking():
                return None
        except VlclipError as error:
            return str(error)

    @contextmanager
    def _speaking(self) -> Iterator[dict[str, str]]:
        """Slug to alias of what is published, while errors of the server become sentences."""
        from vlclip_dagster.index.server_client import aliases, speaking_to

        prefix = self._settings.prefix
        with speaking_to(self._settings.url):
            ours = aliases(self._client, prefix)
            yield {slug_of(alias.removeprefix(prefix)): alias for alias in ours}

    def _named(self, name: str) -> list[models.Record]:
        from vlclip_dagster.index.server_client import query_filter, scroll

        where = query_filter([Equals(NAME, name)], None)
        with self._speaking() as published:
            return [
                record
                for alias in published.values()
                for record in scroll(self._client, alias, vectors=True, where=where)
            ]


def _payload(record: models.Record | models.ScoredPoint) -> dict[str, Any]:
    return record.payload or {}


def _names(record: models.Record) -> list[tuple[str, str]]:
    payload = _payload(record)
    return names_of(payload["item_id"], payload.get("variants") or [])


def _fulls(record: models.Record, name: str) -> list[str]:
    return [full for known, full in _names(record) if known == name]


def _hit(point: models.ScoredPoint, slug: str) -> Hit:
    _, payload = unpack(_payload(point))
    return Hit(payload["item_id"], float(point.score), payload, slug)
