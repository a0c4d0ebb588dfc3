"""Several runs write one table at once: no row is doubled, none is lost, nobody fails."""

import threading
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from vlclip_dagster.warehouse import Counts, Table, Warehouse, each, refresh

IDS = [f"i{number:02}" for number in range(48)]


@pytest.fixture
def table(tmp_path) -> Table:
    return Warehouse(tmp_path).table("refined_queries", "vase")


def at_once(table: Table, *wanted: dict[str, str]) -> list[Counts]:
    """Refresh towards each of ``wanted`` at the same time; batches take turns by chance."""
    start = threading.Barrier(len(wanted))

    def run(keys: dict[str, str]) -> Counts:
        frame = pl.DataFrame({"item_id": list(keys), "key": list(keys.values())})
        filled = each(lambda rows: rows.with_columns(query=pl.col("item_id") + pl.col("key")))
        start.wait()
        return refresh(table, frame, filled, label="at once", batch_rows=3)

    with ThreadPoolExecutor(len(wanted)) as pool:
        return list(pool.map(run, wanted))


def write_at_once(table: Table, *parts: dict[str, str]) -> None:
    """Write each of ``parts`` at the same time into a table that is not there yet."""
    start = threading.Barrier(len(parts))

    def write(keys: dict[str, str]) -> None:
        start.wait()
        table.upsert(pl.DataFrame({"item_id": list(keys), "key": list(keys.values())}))

    with ThreadPoolExecutor(len(parts)) as pool:
        list(pool.map(write, parts))


def test_equal_runs_end_with_every_row_once(table):
    wanted = dict.fromkeys(IDS, "1")
    counts = at_once(table, wanted, wanted, wanted)
    assert sorted(table.read(["item_id"])["item_id"]) == IDS
    assert all(count.kept + count.computed == len(IDS) for count in counts)
    assert at_once(table, wanted) == [Counts(kept=len(IDS))]


def test_runs_that_delete_and_replace_leave_no_row_twice(table):
    at_once(table, dict.fromkeys(IDS, "1"))
    fewer = dict.fromkeys(IDS[:30], "2")
    at_once(table, fewer, fewer)
    rows = table.read(["item_id", "key", "query"])
    assert sorted(rows.rows()) == [(item, "2", f"{item}2") for item in IDS[:30]]


def test_what_two_runs_disagree_about_is_settled_by_the_next(table):
    at_once(table, dict.fromkeys(IDS, "1"), dict.fromkeys(IDS[10:], "2"))
    ids = table.read(["item_id"])["item_id"]
    assert ids.n_unique() == ids.len()
    at_once(table, dict.fromkeys(IDS, "3"))
    assert sorted(table.read(["item_id", "key"]).rows()) == [(item, "3") for item in IDS]


def test_runs_that_write_the_first_rows_at_once_lose_none(tmp_path):
    for number in range(40):
        table = Warehouse(tmp_path).table("refined_queries", f"vase-{number}")
        parts = [dict.fromkeys(IDS[first::4], "1") for first in range(4)]
        write_at_once(table, *parts)
        assert sorted(table.read(["item_id"])["item_id"]) == IDS
