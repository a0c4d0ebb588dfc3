"""Tables on S3: the same rows, and two writers at once lose nothing."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from vlclip_dagster.storage import lance_options, place, working_folder
from vlclip_dagster.warehouse import Warehouse, any_of


@pytest.fixture
def table(bucket):
    return Warehouse(f"{bucket}/home").table("refined_queries", "dress")


def rows(*ids: str) -> pl.DataFrame:
    return pl.DataFrame({"item_id": ids, "key": ids, "query": [f"query {i}" for i in ids]})


def test_rows_are_upserted_read_and_deleted(table):
    assert table.count() == 0
    table.upsert(rows("a", "b"))
    table.upsert(rows("b", "c"))
    table.delete(["a"])
    table.finish()
    assert sorted(table.read(["item_id"])["item_id"]) == ["b", "c"]
    assert table.read(["query"], where=any_of("item_id", ["c"]))["query"].to_list() == ["query c"]


def test_writers_at_once_lose_no_row(table):
    table.upsert(rows("first"))
    names = [f"{writer}-{number}" for writer in range(3) for number in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda name: table.append(rows(name)), names))
    assert sorted(table.read(["item_id"])["item_id"]) == sorted(["first", *names])


def test_another_process_that_was_killed_leaves_a_whole_table(table):
    table.upsert(rows("a"))
    script = """
import os, signal, sys, threading
import polars as pl
from vlclip_dagster.warehouse import Warehouse
table = Warehouse(sys.argv[1]).table("refined_queries", "dress")
threading.Timer(0.4, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
for number in range(10_000):
    table.append(pl.DataFrame({"item_id": [f"n{number}"], "key": ["k"]}))
"""
    home = table.uri.split("/tables/")[0]
    done = subprocess.run([sys.executable, "-c", script, home], capture_output=True)
    assert done.returncode == -9
    found = table.read(["item_id"])["item_id"]
    assert found.is_unique().all()
    assert "a" in found.to_list()
    table.upsert(rows("z"))
    assert "z" in table.read(["item_id"])["item_id"].to_list()


def test_only_a_server_without_tls_is_told_to_lance(bucket, monkeypatch):
    assert lance_options(bucket) == {"allow_http": "true"}
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://s3.example.com")
    assert lance_options(bucket) is None
    assert lance_options("/a/folder") is None


def test_a_path_reads_the_same_on_both(bucket, tmp_path):
    for root in (bucket, tmp_path):
        home = place(root)
        (home / "report").mkdir(parents=True, exist_ok=True)
        (home / "report" / "report.html").write_text("<p>")
        assert (home / "report" / "report.html").read_text() == "<p>"
        assert not (home / "report" / "none").exists()


def test_the_working_folder_of_a_home_on_s3_is_on_this_machine(monkeypatch, tmp_path):
    monkeypatch.delenv("VLCLIP_STATE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folders = {str(working_folder(f"s3://bucket/{name}")) for name in ("a", "b", "a/b", "a--b")}
    assert len(folders) == 4
    assert all(os.path.commonpath([folder, tmp_path]) == str(tmp_path) for folder in folders)
    monkeypatch.setenv("VLCLIP_STATE", str(tmp_path / "mine"))
    assert working_folder("s3://bucket/a") == tmp_path / "mine"
    assert working_folder(tmp_path / "home") == tmp_path / "home"
