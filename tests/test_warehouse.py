"""What users of the warehouse rely on: atomic upserts, exact refreshes, retries, kill -9."""

import hashlib
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.warehouse import Counts, Warehouse, data_version, each, refresh


@pytest.fixture
def table(tmp_path):
    return Warehouse(tmp_path).table("refined_queries", "t-shirt")


def wanted(**keys: str) -> pl.DataFrame:
    return pl.DataFrame(
        {"item_id": list(keys), "key": list(keys.values())},
        schema={"item_id": pl.String, "key": pl.String},
    )


def queries(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(query=pl.col("item_id") + "!", words=1, error=pl.lit(None))


def test_a_table_that_was_never_written_reads_as_empty(table):
    assert table.read().columns == list(table.schema.columns)
    assert table.keys().height == table.count() == 0
    table.delete(["x"])
    table.finish()


def test_rows_come_in_the_order_of_the_ids_and_unknown_ones_are_null(table):
    assert table.read(["query"], ids=["x"])["query"].to_list() == [None]
    refresh(table, wanted(a="1", b="1"), each(queries), label="q")
    assert table.read(["query"], ids=["b", "x", "a"])["query"].to_list() == ["b!", None, "a!"]
    assert table.read(["query"], ids=[]).height == 0


def test_refresh_computes_only_what_changed(table):
    assert refresh(table, wanted(a="1", b="1"), each(queries), label="q") == Counts(0, 2, 0, 0)
    assert refresh(table, wanted(a="1", b="1"), each(queries), label="q") == Counts(2, 0, 0, 0)
    assert refresh(table, wanted(b="2", c="1"), each(queries), label="q") == Counts(0, 2, 1, 0)
    assert sorted(table.read(["item_id", "key"]).rows()) == [("b", "2"), ("c", "1")]


def test_a_failed_row_is_stored_with_its_reason_and_tried_again(table):
    def fail_b(rows: pl.DataFrame) -> pl.DataFrame:
        reason = pl.when(pl.col("item_id") == "b").then(pl.lit("no luck"))
        return queries(rows).with_columns(error=reason)

    counts = refresh(table, wanted(a="1", b="1"), each(fail_b), label="q")
    assert counts == Counts(0, 1, 0, 1)
    assert table.read(["error"], ids=["b"]).item() == "no luck"
    assert refresh(table, wanted(a="1", b="1"), each(queries), label="q") == Counts(1, 1, 0, 0)
    assert table.keys()["failed"].any() is False


def test_the_data_version_follows_the_content_and_nothing_else(tmp_path):
    one, two = (Warehouse(tmp_path / name).table("refined_queries", "a") for name in "xy")
    refresh(one, wanted(a="1", b="1"), each(queries), label="q", batch_rows=1)
    refresh(two, wanted(b="1", a="1"), each(queries), label="q")
    assert one.data_version() == two.data_version()
    refresh(two, wanted(a="1", b="2"), each(queries), label="q")
    assert one.data_version() != two.data_version()


@given(st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9)), max_size=30, unique=True))
@settings(deadline=None)
def test_a_data_version_is_the_hash_of_its_sorted_rows(pairs):
    digest = hashlib.blake2b(digest_size=16)
    for item, key in sorted(pairs):
        digest.update(f"{len(item)}:{item}={key};".encode())
    rows = pl.DataFrame(pairs, schema={"item_id": pl.String, "key": pl.String}, orient="row")
    assert data_version(rows) == digest.hexdigest()


def test_many_small_commits_are_compacted_and_stay_equal(table):
    keys = {f"i{n}": "1" for n in range(40)}
    refresh(table, wanted(**keys), each(queries), label="q", batch_rows=1)
    assert sorted(table.read()["item_id"]) == sorted(keys)
    assert len(table._open().get_fragments()) < 40


def test_a_worker_that_loses_rows_is_found_out(table):
    with pytest.raises(RuntimeError, match="2 rows were asked for and 1 came back"):
        refresh(table, wanted(a="1", b="1"), each(lambda rows: queries(rows.head(1))), label="q")


def test_a_broken_table_is_one_sentence(table):
    Path(table.uri, "_versions").mkdir(parents=True)
    Path(table.uri, "_versions", "1.manifest").write_bytes(b"nonsense")
    with pytest.raises(VlclipError, match="cannot be read"):
        table.read()


@settings(deadline=None, max_examples=25)
@given(ids=st.lists(st.text(max_size=12), unique=True, max_size=6))
def test_hostile_ids_are_data(tmp_path_factory, ids):
    table = Warehouse(tmp_path_factory.mktemp("w")).table("refined_queries", "a")
    rows = wanted(**{}).vstack(
        pl.DataFrame(
            {"item_id": ids, "key": ["1"] * len(ids)},
            schema={"item_id": pl.String, "key": pl.String},
        )
    )
    refresh(table, rows, each(queries), label="q")
    assert table.read(["item_id"], ids=ids)["item_id"].to_list() == ids
    table.delete(ids[:1])
    assert sorted(table.read()["item_id"]) == sorted(ids[1:])


def test_kill_9_loses_at_most_the_batch_in_flight(tmp_path):
    script = textwrap.dedent("""
        import sys, time, polars as pl
        from vlclip_dagster.warehouse import Warehouse, each, refresh
        def slow(rows):
            time.sleep(0.02)
            print(rows["item_id"][0], flush=True)
            return rows.with_columns(query=pl.col("item_id"))
        ids = [f"i{n:03}" for n in range(500)]
        table = Warehouse(sys.argv[1]).table("refined_queries", "a")
        refresh(table, pl.DataFrame({"item_id": ids, "key": ["1"] * 500}), each(slow),
                label="q", batch_rows=1)
    """)
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    started = 0
    for started, _ in enumerate(process.stdout, start=1):
        if started == 20:
            os.kill(process.pid, signal.SIGKILL)
            break
    process.wait()
    table = Warehouse(tmp_path).table("refined_queries", "a")
    survived = table.count()
    assert started - 1 <= survived < 500
    ids = [f"i{n:03}" for n in range(500)]
    rows = pl.DataFrame({"item_id": ids, "key": ["1"] * 500})
    counts = refresh(table, rows, each(queries), label="q")
    assert counts == Counts(survived, 500 - survived, 0, 0)
    assert sorted(table.read()["item_id"]) == ids
