"""The process that builds edge indexes: ``python -m vlclip_dagster.index.edge_build``.

It takes paths of jobs on its standard input, answers each with a line, and ends when the input
does, so that no builder outlives its parent. For each job it copies the build that is published
(or starts with nothing), applies a draft, builds the graph, verifies the result and writes
``build.json``. It never moves the pointer: a build that was killed, or whose parent was, is litter
that the next one removes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.index.copying import copy_folder
from vlclip_dagster.index.edge_points import NamedPoint, PointTable, apply_points
from vlclip_dagster.index.edge_shard import GraphSettings, Shard, ShardPoint, ShardQuery
from vlclip_dagster.index.naming import point_id
from vlclip_dagster.index.payload import Stored, pack, parse
from vlclip_dagster.index.vectors import NEAREST, sampled_recall
from vlclip_dagster.storage import write_whole

_BATCH = 1_000  # points in memory as Python objects at once
_SAMPLE = 64  # points whose two vectors are searched for


@dataclass(frozen=True)
class Job:
    """What to build. Paths are absolute; ``base`` is the build to start from, if any."""

    product_type: str
    base: str | None
    draft: str
    target: str
    dim: int
    graph: GraphSettings
    ef: int
    min_recall: float

    def write(self, path: Path) -> None:
        """Hand the job over as a file."""
        write_whole(path, json.dumps(asdict(self)).encode())

    @classmethod
    def read(cls, path: Path) -> Job:
        """Read what :meth:`write` wrote."""
        fields = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**fields, "graph": GraphSettings(**fields["graph"])})


@dataclass(frozen=True)
class Built:
    """What came of it: points, vectors in the graph, sampled recall, seconds."""

    count: int
    indexed: int
    recall: float
    seconds: float


def build(job: Job) -> Built:
    """Build, verify, and describe the result in ``build.json``.

    Raises:
        VlclipError: points are missing or the recall is too low.
    """
    start = time.perf_counter()
    target = Path(job.target)
    shard = _start(job, target)
    for changes in draft_files(Path(job.draft)):
        _apply(job, shard, target / "points.sqlite", changes)
    shard.seal()
    built = _verify(job, target, start)
    write_whole(target / "build.json", json.dumps(asdict(built)).encode())
    return built


def draft_files(draft: Path) -> list[Path]:
    """The files of changes in the order in which they were made."""
    return sorted(draft.glob("*.arrow"))


def _start(job: Job, target: Path) -> Shard:
    if job.base is None:
        drafted = (pl.scan_ipc(file).select(pl.len()) for file in draft_files(Path(job.draft)))
        expected = sum(rows.item() for rows in pl.collect_all(drafted))
        shard = Shard.create(target / "shard", job.dim, job.graph, expected)
        apply_points(target / "points.sqlite", (), ())
        return shard
    copy_folder(Path(job.base), target)
    return Shard.load(target / "shard")


def _apply(job: Job, shard: Shard, table: Path, changes: Path) -> None:
    rows = pl.read_ipc(changes)
    if changes.stem.endswith("delete"):
        ids = rows["item_id"].to_list()
        shard.delete([point_id(item) for item in ids])
        apply_points(table, (), ids)
        return
    for batch in rows.iter_slices(_BATCH):
        stored = [pack(job.product_type, *row) for row in _parsed(batch)]
        shard.upsert(_points(batch, stored, job.dim))
        names = [entry.names for entry in stored]
        named = zip(batch["item_id"], batch["key"], names, strict=True)
        apply_points(table, (NamedPoint(*entry) for entry in named), ())


def _parsed(batch: pl.DataFrame) -> Iterator[tuple[str, str, dict[str, object]]]:
    for item_id, key, text in batch.select("item_id", "key", "payload").iter_rows():
        yield item_id, key, parse(item_id, text)


def _points(batch: pl.DataFrame, stored: list[Stored], dim: int) -> Iterator[ShardPoint]:
    image, text = (
        batch[name].explode(empty_as_null=False).to_numpy().reshape(-1, dim)
        for name in ("image", "text")
    )
    for row, item_id in enumerate(batch["item_id"]):
        yield ShardPoint(point_id(item_id), image[row], text[row], stored[row].payload)


def _verify(job: Job, target: Path, start: float) -> Built:
    """Look at what a reader will open; opening also settles the journal of the last flush."""
    shard, table = Shard.load(target / "shard"), PointTable(target / "points.sqlite")
    if shard.count() != table.count():
        raise VlclipError(
            f"the index of {job.product_type} holds {shard.count()} of {table.count()} points: "
            "run it again; what was published before stays"
        )
    # Without a graph every search compares all vectors, and so misses none.
    recall = _recall(job, shard, table) if shard.indexed() else 1.0
    if recall < job.min_recall:
        raise VlclipError(
            f"the index of {job.product_type} finds {recall:.3f} of the true nearest, less than "
            f"{job.min_recall}: raise VLCLIP_INDEX__EF (now {job.ef}) or VLCLIP_INDEX__M "
            f"({job.graph.m})"
        )
    built = Built(table.count(), shard.indexed(), recall, time.perf_counter() - start)
    shard.close()
    return built


def _recall(job: Job, shard: Shard, table: PointTable) -> float:
    """Sampled both ways that are served: from texts to images, and from images to images."""
    points = shard.get([point_id(item) for item in table.sample(_SAMPLE)])
    queries = np.array([v for point in points for v in (point.text, point.image)])

    def search(vector: np.ndarray, exact: bool) -> list[float]:
        query = ShardQuery(vector, "image", NEAREST, job.ef, exact, with_payload=False)
        return [score for score, _ in shard.search(query)]

    return sampled_recall(queries, search)


def main() -> None:
    """Build each job of the input; the answer is why it was refused, or nothing, as JSON."""
    # Whatever a library prints must not be taken for an answer.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        refusal = ""
        try:
            build(Job.read(Path(json.loads(line))))
        except VlclipError as error:
            refusal = str(error)
        print(json.dumps(refusal), file=answers, flush=True)


if __name__ == "__main__":
    main()
