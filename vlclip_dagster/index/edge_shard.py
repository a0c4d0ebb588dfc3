"""The one place that touches Qdrant Edge, a beta whose interface may still move.

What belongs here: opening a shard, its settings, and the translation of points, filters and
results. What does not: folders, versions and publishing.

Facts that shape it, each seen in version 0.9: a shard without a write-ahead log can be opened by
many processes at once and is durable once flushed; opening rewrites a few settings files
atomically and leaves every data file as it was, once a first opening has settled the journal that
a flush leaves behind; ``optimize`` holds the interpreter's lock, so it
runs in a process of its own; an open shard keeps answering after its folder is deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import qdrant_edge as qe

from vlclip_dagster.index.filters import Condition, Equals, in_group
from vlclip_dagster.index.payload import INDEXED
from vlclip_dagster.index.types import VectorName

VECTORS: tuple[VectorName, VectorName] = ("image", "text")
_SEARCH_THREADS = 2  # a shard has one or two segments; by default each shard starts one per CPU

SMALL = 1_000
"""Below so many points opening a shard costs more than searching it. Payload indexes add 4 ms each
to opening, and reading vectors ahead 10 ms, because their files are 32 MB long however few they
are; a full scan of so few points and payloads takes less."""


@dataclass(frozen=True)
class GraphSettings:
    """The graph that a shard builds over its vectors (HNSW)."""

    m: int
    ef_construct: int
    full_scan_kb: int


@dataclass(frozen=True)
class ShardPoint:
    """A point as it is stored; vectors have shape (d,)."""

    id: str
    image: np.ndarray
    text: np.ndarray
    payload: dict[str, Any]


class Shard:
    """An open shard."""

    def __init__(self, shard: qe.EdgeShard) -> None:
        self._shard = shard

    @classmethod
    def create(cls, path: Path, dim: int, graph: GraphSettings, expected: int) -> Shard:
        """Make an empty shard, for about ``expected`` points, in a folder that holds none."""
        path.mkdir(parents=True, exist_ok=True)
        memory = qe.Memory.Cold if expected < SMALL else qe.Memory.Cached
        params = qe.EdgeVectorParams(size=dim, distance=qe.Distance.Dot, memory=memory)
        config = qe.EdgeConfig(
            vectors=dict.fromkeys(VECTORS, params),
            hnsw_config=qe.HnswIndexConfig(graph.m, graph.ef_construct, graph.full_scan_kb),
            optimizers=qe.EdgeOptimizersConfig(
                default_segment_number=1, indexing_threshold=graph.full_scan_kb
            ),
            max_search_threads=_SEARCH_THREADS,
            wal_enabled=False,
        )
        return cls(qe.EdgeShard.create(str(path), config))

    @classmethod
    def load(cls, path: Path) -> Shard:
        """Open a flushed shard."""
        return cls(qe.EdgeShard.load(str(path)))

    def upsert(self, points: Iterable[ShardPoint]) -> None:
        """Add or replace points."""
        batch = [
            qe.Point(point.id, {"image": point.image, "text": point.text}, point.payload)  # type: ignore[dict-item]
            for point in points
        ]
        self._shard.update(qe.UpdateOperation.upsert_points(batch))

    def delete(self, ids: Sequence[str]) -> None:
        """Remove points; ids that are not there are no mistake."""
        self._shard.update(qe.UpdateOperation.delete_points(list(ids)))

    def seal(self) -> None:
        """Build the indexes, write everything to disk and close; holds the interpreter's lock."""
        if self.count() >= SMALL:
            self._index_payload()
        self._shard.optimize()
        self._shard.flush()
        self._shard.close()

    def close(self) -> None:
        """Settle every file; a builder does this, while readers just let go."""
        self._shard.close()

    def _index_payload(self) -> None:
        """Before the graph, which links points of equal payload through these indexes."""
        kinds = {"keyword": qe.KeywordIndexParams, "float": qe.FloatIndexParams}
        for field in INDEXED.keys() - self._shard.info().payload_schema.keys():
            params = kinds[INDEXED[field]]()
            self._shard.update(qe.UpdateOperation.create_field_index(field, params))

    def count(self) -> int:
        """Number of points."""
        return int(self._shard.count(qe.CountRequest(exact=True)))

    def indexed(self) -> int:
        """Number of vectors, of either name, that the graph holds; the rest is scanned."""
        return int(self._shard.info().indexed_vectors_count)

    def get(self, ids: Sequence[str]) -> list[ShardPoint]:
        """The points with these ids, in any order, those that exist."""
        records = self._shard.retrieve(list(ids), with_payload=True, with_vector=True)
        return [
            ShardPoint(
                str(record.id),
                np.asarray(_vectors(record)["image"], dtype=np.float32),
                np.asarray(_vectors(record)["text"], dtype=np.float32),
                record.payload or {},
            )
            for record in records
        ]

    def search(self, query: ShardQuery) -> list[tuple[float, dict[str, Any]]]:
        """Score and stored payload of the nearest points, best first."""
        params = qe.SearchParams(hnsw_ef=query.ef, exact=query.exact)
        vector = np.ascontiguousarray(query.vector, dtype=np.float32)
        request = qe.QueryRequest(
            limit=query.k,
            query=qe.Query.Nearest(vector, using=query.using),  # type: ignore[arg-type]
            with_payload=query.with_payload,
            filter=_filter(query.where, query.exclude_group),
            params=params,
        )
        return [(float(p.score), p.payload or {}) for p in self._shard.query(request)]


@dataclass(frozen=True)
class ShardQuery:
    """What to look for in a shard."""

    vector: np.ndarray
    using: VectorName
    k: int
    ef: int
    exact: bool = False
    where: tuple[Condition, ...] = ()
    exclude_group: str | None = None
    with_payload: bool = True


def _vectors(record: qe.Record) -> dict[str, Any]:
    return cast(dict[str, Any], record.vector)


def _filter(where: Sequence[Condition], exclude_group: str | None) -> qe.Filter | None:
    must: list[Any] = [_condition(condition) for condition in where]
    must_not: list[Any] = [_condition(in_group(exclude_group))] if exclude_group else []
    return qe.Filter(must=must, must_not=must_not) if must or must_not else None


def _condition(condition: Condition) -> qe.FieldCondition:
    if isinstance(condition, Equals):
        return qe.FieldCondition(condition.field, match=qe.MatchValue(condition.value))
    bounds = qe.RangeFloat(gte=condition.low, lte=condition.high)
    return qe.FieldCondition(condition.field, range=bounds)
