"""Writing to a Qdrant server: a collection per product type and version, behind an alias.

While the version stays, points change in place. A new version fills a collection of its own,
which is verified before one request moves the alias to it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
from qdrant_client import QdrantClient, models

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.index.naming import point_id, safe_name
from vlclip_dagster.index.payload import INDEXED, NAME, pack, parse, unpack
from vlclip_dagster.index.server_client import aliases, scroll, speaking_to
from vlclip_dagster.index.settings import IndexSettings
from vlclip_dagster.index.vectors import NEAREST, sampled_recall, unit_matrix

_SAMPLE = 64  # points whose two vectors are searched for
_GREEN_WITHIN_S = 1_800.0  # after that a server is stuck, not slow
_KINDS = {
    "keyword": models.PayloadSchemaType.KEYWORD,
    "float": models.PayloadSchemaType.FLOAT,
}


class ServerCollection:
    """The writing side of one product type; see :class:`vlclip_dagster.index.types.Collection`."""

    id_column = "item_id"

    def __init__(
        self,
        client: QdrantClient,
        product_type: str,
        version: str,
        dim: int,
        settings: IndexSettings,
    ) -> None:
        self._client = client
        self._product_type = product_type
        self._alias = settings.prefix + safe_name(product_type)
        self._name = f"{self._alias}__{version}"
        self._dim = dim
        self._settings = settings
        self._ids: set[str] | None = None  # what should be there after the changes so far
        self._ready = False

    def keys(self) -> pl.DataFrame:
        """What the collection of this version holds now."""
        with speaking_to(self._settings.url):
            pairs = list(self._pairs())
        self._ids = {item for item, _ in pairs}
        columns = {
            "item_id": [item for item, _ in pairs],
            "key": [key for _, key in pairs],
            "failed": [False] * len(pairs),
        }
        schema = {"item_id": pl.String, "key": pl.String, "failed": pl.Boolean}
        return pl.DataFrame(columns, schema)

    def upsert(self, rows: pl.DataFrame) -> None:
        """Send points in batches; each batch is there whole or not at all."""
        if rows.is_empty():
            return
        points = self._points(rows)
        with speaking_to(self._settings.url):
            ids = self._prepare()
            for start in range(0, len(points), self._settings.batch):
                batch = points[start : start + self._settings.batch]
                self._client.upsert(self._name, batch, wait=True)
        ids.update(rows["item_id"])

    def delete(self, ids: Sequence[str]) -> None:
        """Remove points."""
        if not ids:
            return
        selector = models.PointIdsList(points=[point_id(item) for item in ids])
        with speaking_to(self._settings.url):
            held = self._prepare()
            self._client.delete(self._name, selector, wait=True)
        held.difference_update(ids)

    def finish(self) -> None:
        """Verify, then move the alias, unless it is there already and nothing changed."""
        with speaking_to(self._settings.url):
            published = aliases(self._client, self._settings.prefix).get(self._alias)
            if published == self._name and not self._ready:
                return
            ids = self._prepare()
            self._wait_until_green()
            self._verify(len(ids))
            if published != self._name:
                self._publish(published)
            self._ready = False

    def _pairs(self) -> Iterator[tuple[str, str]]:
        if self._client.collection_exists(self._name):
            for record in scroll(self._client, self._name):
                key, payload = unpack(record.payload or {})
                yield payload["item_id"], key

    def _prepare(self) -> set[str]:
        """Make the collection if it is missing; payload indexes come before the data."""
        if self._ids is None:
            self._ids = {item for item, _ in self._pairs()}
        if not self._ready:
            if not self._client.collection_exists(self._name):
                self._create()
            for field, kind in {**INDEXED, NAME: "keyword"}.items():
                self._client.create_payload_index(self._name, field, _KINDS[kind])
            self._ready = True
        return self._ids

    def _create(self) -> None:
        vector = models.VectorParams(size=self._dim, distance=models.Distance.DOT)
        settings = self._settings
        self._client.create_collection(
            self._name,
            vectors_config={"image": vector, "text": vector},
            hnsw_config=models.HnswConfigDiff(
                m=settings.m,
                ef_construct=settings.ef_construct,
                full_scan_threshold=settings.full_scan_kb,
            ),
            optimizers_config=models.OptimizersConfigDiff(indexing_threshold=settings.full_scan_kb),
        )

    def _points(self, rows: pl.DataFrame) -> list[models.PointStruct]:
        image, text = (unit_matrix(rows, name, self._dim).tolist() for name in ("image", "text"))
        fields = rows.select("item_id", "key", "payload").iter_rows()
        return [
            models.PointStruct(
                id=point_id(item_id),
                vector={"image": image[row], "text": text[row]},
                payload=pack(self._product_type, item_id, key, parse(item_id, payload)).payload,
            )
            for row, (item_id, key, payload) in enumerate(fields)
        ]

    def _wait_until_green(self) -> None:
        """A recall measured before the graph is built would be that of a full scan."""
        deadline, pause = time.monotonic() + _GREEN_WITHIN_S, 0.05
        while self._client.get_collection(self._name).status != models.CollectionStatus.GREEN:
            if time.monotonic() > deadline:
                raise VlclipError(
                    f"the collection {self._name} has not finished optimising in "
                    f"{_GREEN_WITHIN_S / 60:.0f} minutes: look at the server, then run again"
                )
            time.sleep(pause)
            pause = min(2 * pause, 5.0)

    def _verify(self, expected: int) -> None:
        count = self._client.count(self._name, exact=True).count
        if count != expected:
            raise VlclipError(
                f"the collection {self._name} holds {count} of {expected} points: run it again; "
                "its alias has not moved"
            )
        recall = self._recall()
        if recall < self._settings.min_recall:
            raise VlclipError(
                f"the collection {self._name} finds {recall:.3f} of the true nearest, less than "
                f"{self._settings.min_recall}: raise VLCLIP_INDEX__EF (now "
                f"{self._settings.ef}) or VLCLIP_INDEX__M ({self._settings.m})"
            )

    def _recall(self) -> float:
        """Sampled both ways that are served: from texts to images, and from images to images."""
        records = list(scroll(self._client, self._name, vectors=True, limit=_SAMPLE))
        found = [r.vector[name] for r in records for name in ("text", "image")]  # type: ignore

        def search(vector: np.ndarray, exact: bool) -> list[float]:
            params = models.SearchParams(hnsw_ef=self._settings.ef, exact=exact)
            response = self._client.query_points(
                self._name, vector.tolist(), using="image", limit=NEAREST, search_params=params
            )
            return [point.score for point in response.points]

        return sampled_recall(np.array(found, dtype=np.float32), search)

    def _publish(self, published: str | None) -> None:
        """Move the alias in one request, then drop every version but this and the last."""
        delete = models.DeleteAlias(alias_name=self._alias)
        create = models.CreateAlias(collection_name=self._name, alias_name=self._alias)
        moves: list[models.AliasOperations] = []
        if published:
            moves.append(models.DeleteAliasOperation(delete_alias=delete))
        moves.append(models.CreateAliasOperation(create_alias=create))
        self._client.update_collection_aliases(moves)
        drop_versions(self._client, self._alias, keep={self._name, published})


def drop_versions(client: QdrantClient, alias: str, keep: set[str | None]) -> None:
    """Delete the collections of an alias other than those to keep."""
    for collection in client.get_collections().collections:
        if collection.name.startswith(f"{alias}__") and collection.name not in keep:
            client.delete_collection(collection.name)
