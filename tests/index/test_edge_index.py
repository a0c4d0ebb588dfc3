"""What the embedded index promises beyond the contract: kills, many processes, recall."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from index_cases import DIM, found, keys, make_index, publish, rows, unit

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.index import Filters
from vlclip_dagster.index.copying import copy_folder
from vlclip_dagster.index.edge_build import Job
from vlclip_dagster.index.edge_builder import Builder
from vlclip_dagster.index.edge_collection import EdgeCollection
from vlclip_dagster.index.edge_shard import GraphSettings

REPO = Path(__file__).resolve().parents[2]
EYE = np.eye(DIM, dtype=np.float32)


def python(code: str, *args: object, **how: object) -> subprocess.Popen:
    """Start a fresh interpreter that sees the project and this folder's helpers."""
    path = os.pathsep.join((str(REPO), str(Path(__file__).parent)))
    command = [sys.executable, "-c", code, *map(str, args)]
    return subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True, **how
    )


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def builds(root: Path, slug: str = "dress") -> set[str]:
    return {path.name for path in (root / "index" / slug / "builds").glob("*")}


def test_unfinished_changes_are_kept_and_unseen(tmp_path: Path):
    index = make_index("edge", tmp_path)
    publish(index, "dress", rows(["a/1", "a/2"], EYE[:2]))
    collection = index.collection("dress", "v1", DIM)
    collection.upsert(rows(["a/3"], EYE[2:3]))
    collection.delete(["a/1"])
    fresh = make_index("edge", tmp_path)
    assert found(fresh, "dress", EYE[0], k=9) == ["a/1", "a/2"]
    assert set(keys(fresh, "dress")) == {"a/2", "a/3"}
    fresh.collection("dress", "v1", DIM).finish()
    assert set(found(index, "dress", EYE[0], k=9)) == {"a/2", "a/3"}


BUILDER = """
import sys
from pathlib import Path
from index_cases import make_index, rows, unit
index = make_index("edge", Path(sys.argv[1]), full_scan_kb=100)
collection = index.collection("dress", "v1", 64)
collection.upsert(rows([f"b/{n}" for n in range(3000)], unit(3000, 64)))
collection.finish()
"""


def test_a_killed_build_leaves_what_was_published(tmp_path: Path):
    index = make_index("edge", tmp_path, full_scan_kb=100)
    vectors = unit(50, 64, seed=3)
    publish(index, "dress", rows([f"a/{n}" for n in range(50)], vectors))
    before = found(index, "dress", vectors[7])
    (published,) = builds(tmp_path)

    builder = python(BUILDER, tmp_path, start_new_session=True)
    wait_for(lambda: any((tmp_path / "index/dress/builds" / b / "shard").exists()
                         for b in builds(tmp_path) - {published}))  # fmt: skip
    os.killpg(builder.pid, signal.SIGKILL)  # the run and the process that builds for it
    assert builder.wait() == -signal.SIGKILL
    litter = builds(tmp_path) - {published}
    assert litter

    assert found(make_index("edge", tmp_path), "dress", vectors[7]) == before
    rerun = index.collection("dress", "v1", 64)
    assert len(rerun.keys()) == 3050  # the draft survived: nothing has to be sent again
    rerun.finish()
    assert index.count("dress") == 3050
    assert found(index, "dress", vectors[7], k=1) == ["a/7"]
    assert not litter & builds(tmp_path)
    assert not (tmp_path / "index/dress/drafts").exists()


def test_many_processes_read_one_build(tmp_path: Path):
    index = make_index("edge", tmp_path)
    vectors = unit(200)
    publish(index, "dress", rows([f"a/{n}" for n in range(200)], vectors))

    def data() -> dict[str, str]:
        files = (tmp_path / "index").rglob("*")
        # Opening rewrites a shard's small settings files, whole and atomically; nothing else.
        kept = [p for p in files if p.is_file() and p.suffix != ".json"]
        return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in kept}

    before = data()
    code = """
import sys
from pathlib import Path
from index_cases import found, make_index, unit
for _ in range(5):
    index = make_index("edge", Path(sys.argv[1]))
    print(*(found(index, "dress", vector) for vector in unit(200)[:20]))
"""
    readers = [python(code, tmp_path) for _ in range(3)]
    said = {line for reader in readers for line in reader.communicate()[0].splitlines()}
    assert [reader.returncode for reader in readers] == [0, 0, 0]
    assert said == {" ".join(str(found(index, "dress", vector)) for vector in vectors[:20])}
    assert data() == before


def test_an_open_build_outlives_its_folder(tmp_path: Path):
    index = make_index("edge", tmp_path)
    publish(index, "dress", rows(["a/1"], EYE[:1]))
    old = index._build("dress")
    assert old is not None
    shard = old.shard
    first = builds(tmp_path)
    for version in ("v2", "v3"):
        publish(index, "dress", rows(["a/2"], EYE[1:2]), version)
    assert not first & builds(tmp_path)  # two publications later it is gone
    assert len(builds(tmp_path)) == 2
    assert shard.count() == 1
    assert old.table.owner("a/1") == "a/1"
    assert found(index, "dress", EYE[0]) == ["a/2"]  # the service itself has moved on


def test_results_are_equal_after_reopening_and_after_building_anew(tmp_path: Path):
    vectors = unit(300)
    ids = [f"a/{n}" for n in range(300)]
    index = make_index("edge", tmp_path)
    publish(index, "dress", rows(ids[:200], vectors[:200]))
    collection = index.collection("dress", "v1", DIM)
    collection.upsert(rows(ids[200:], vectors[200:]))
    collection.delete(ids[:50])
    collection.finish()
    whole = make_index("edge", tmp_path / "whole")
    publish(whole, "dress", rows(ids[50:], vectors[50:]))

    def answers(of: object) -> list[list[tuple[str, float]]]:
        return [[(h.item_id, h.score) for h in of.search(None, v, k=7)] for v in vectors[:40]]

    assert answers(index) == answers(make_index("edge", tmp_path)) == answers(whole)


def test_recall_of_the_graph(tmp_path: Path):
    n, dim = 8_000, 64
    vectors = unit(n, dim)
    index = make_index("edge", tmp_path, full_scan_kb=1_000)
    payloads = [{"color": ("red", "blue")[i % 2]} for i in range(n)]
    publish(index, "dress", rows([f"a/{i}" for i in range(n)], vectors, payloads=payloads))
    (folder,) = builds(tmp_path)
    built = json.loads((tmp_path / "index/dress/builds" / folder / "build.json").read_text())
    assert built["indexed"] == 2 * n  # the graph is there: this is no full scan

    queries = unit(100, dim, seed=9)
    truth = np.argsort(-(queries @ vectors.T), axis=1)[:, :10]
    graph = [{int(i[2:]) for i in found(index, "dress", q, k=10)} for q in queries]
    exact = [{int(i[2:]) for i in found(index, "dress", q, k=10, exact=True)} for q in queries]
    assert np.mean([len(a & set(b)) / 10 for a, b in zip(graph, truth, strict=True)]) >= 0.98
    assert exact == [set(row) for row in truth]
    red = found(index, "dress", queries[0], k=10, where=Filters(color="red"))
    nearest = [i for i in np.argsort(-(vectors @ queries[0])) if i % 2 == 0][:10]
    assert len(set(red) & {f"a/{i}" for i in nearest}) >= 9


def test_a_build_with_poor_recall_is_not_published(tmp_path: Path):
    poor = make_index("edge", tmp_path, m=4, ef_construct=8, ef=8, full_scan_kb=10, min_recall=1)
    with pytest.raises(
        VlclipError, match=r"finds 0\.\d+ of the true nearest.*raise VLCLIP_INDEX__EF \(now 8\)"
    ):
        publish(poor, "dress", rows([f"b/{n}" for n in range(1500)], unit(1500, 64)))
    assert poor.product_types() == []


def test_two_writers_do_not_undo_each_other(tmp_path: Path):
    index = make_index("edge", tmp_path)
    slow = index.collection("dress", "v1", DIM)
    slow.upsert(rows(["a/1"], EYE[:1]))
    publish(index, "dress", rows(["a/2"], EYE[1:2]), "v2")
    slow.upsert(rows(["a/3"], EYE[2:3]))
    with pytest.raises(VlclipError, match="another run published dress"):
        slow.finish()
    assert found(index, "dress", EYE[0]) == ["a/2"]


def test_a_builder_that_dies_is_told_in_a_sentence(tmp_path: Path):
    index = make_index("edge", tmp_path)
    publish(index, "dress", rows(["a/1"], EYE[:1]))
    collection = index.collection("dress", "v1", DIM)
    assert isinstance(collection, EdgeCollection)
    collection.upsert(rows(["a/2"], EYE[1:2]))
    (changes,) = collection._draft.glob("*.arrow")
    changes.write_bytes(b"not arrow")
    with pytest.raises(VlclipError, match=r"dress stopped with status 1 .*what was published"):
        collection.finish()
    assert found(index, "dress", EYE[0]) == ["a/1"]


def test_a_builder_is_not_blamed_for_the_words_of_the_one_before(tmp_path: Path, monkeypatch):
    job = Job("dress", None, "draft", "target", DIM, GraphSettings(16, 128, 10_000), 256, 0.98)
    builder = Builder()
    for words, told in (("echo alas >&2", "alas"), ("", "it said nothing")):
        program = tmp_path / "python"
        program.write_text(f"#!/bin/sh\n{words}\nexit 3\n")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))
        with pytest.raises(VlclipError, match=rf"stopped with status 3 \({told}\)"):
            builder.run(job, tmp_path / "job.json")


def test_a_damaged_index_is_told_and_heals(tmp_path: Path):
    index = make_index("edge", tmp_path)
    publish(index, "dress", rows(["a/1"], EYE[:1]))
    shutil.rmtree(tmp_path / "index/dress/builds")
    fresh = make_index("edge", tmp_path)
    with pytest.raises(VlclipError, match="index of dress is damaged"):
        fresh.search(None, EYE[0])
    assert keys(fresh, "dress") == {}
    publish(fresh, "dress", rows(["a/1"], EYE[:1]))
    assert found(fresh, "dress", EYE[0]) == ["a/1"]
    (tmp_path / "index/dress/current.json").write_text('{"half')
    assert fresh.product_types() == []
    assert keys(fresh, "dress") == {}


def test_a_root_that_cannot_be_written(tmp_path: Path):
    (tmp_path / "index").write_text("a file")
    sentence = make_index("edge", tmp_path).check()
    assert sentence is not None
    assert "cannot be written" in sentence


def test_reading_loads_nothing_heavy(tmp_path: Path):
    publish(make_index("edge", tmp_path), "dress", rows(["a/1"], EYE[:1]))
    code = """
import sys
from pathlib import Path
from vlclip_dagster.index import build_index
from vlclip_dagster.index.settings import IndexSettings
from vlclip_dagster.serving.search import SearchService
class Encoder:
    def encode_texts(self, texts): return [[1.0] + [0.0] * 7]
index = build_index(IndexSettings(root=Path(sys.argv[1]) / "index"))
service = SearchService(index, lambda space: Encoder())
print([hit.item_id for hit in service.text("red dress")])
print(sorted({"torch", "lance", "dagster", "polars", "qdrant_client"} & sys.modules.keys()))
"""
    reader = python(code, tmp_path)
    assert reader.communicate()[0].splitlines() == ["['a/1']", "[]"]


def test_copies_keep_holes(tmp_path: Path):
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    with (source / "deep" / "sparse").open("wb") as file:
        file.write(b"head")
        file.seek(20 << 20)
        file.write(b"middle")
        file.truncate(64 << 20)
    (source / "empty").touch()
    (source / "small").write_bytes(os.urandom(10_000))
    (source / ".scratch").mkdir()
    copy_folder(source, tmp_path / "copy")
    for name in ("deep/sparse", "empty", "small"):
        assert (tmp_path / "copy" / name).read_bytes() == (source / name).read_bytes()
    assert not (tmp_path / "copy" / ".scratch").exists()
    assert (tmp_path / "copy" / "deep" / "sparse").stat().st_blocks * 512 < 1 << 20
