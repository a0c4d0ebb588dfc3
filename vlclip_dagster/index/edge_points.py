"""The table beside a shard: row keys, and every name a point is found by.

A shard finds points by vector; this finds them by name without opening any shard, and says what a
build holds without reading its vectors. SQLite, because it is looked up in place at any size.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

_SCHEMA = """
create table point (item_id text primary key, key text not null) without rowid;
create table name (name text, full text, item_id text, primary key (name, full, item_id))
    without rowid;
create index name_of on name (item_id);
create index full_of on name (full);
"""


@dataclass(frozen=True)
class NamedPoint:
    """A point's item id, row key, and its (name, full item id) pairs."""

    item_id: str
    key: str
    names: Sequence[tuple[str, str]]


def apply_points(path: Path, upserts: Iterable[NamedPoint], deletes: Iterable[str]) -> None:
    """Write changes in one transaction, deletes last; makes the table where there is none."""
    points = list(upserts)
    with closing(sqlite3.connect(path)) as connection, connection:
        if not connection.execute("select 1 from sqlite_master").fetchone():
            connection.executescript(_SCHEMA)
        connection.execute("begin")
        _forget(connection, (point.item_id for point in points))
        connection.executemany(
            "insert or replace into point values (?, ?)", ((p.item_id, p.key) for p in points)
        )
        connection.executemany(
            "insert or ignore into name values (?, ?, ?)",
            ((name, full, p.item_id) for p in points for name, full in p.names),
        )
        _forget(connection, deletes)


def _forget(connection: sqlite3.Connection, item_ids: Iterable[str]) -> None:
    rows = [(item_id,) for item_id in item_ids]
    connection.executemany("delete from point where item_id = ?", rows)
    connection.executemany("delete from name where item_id = ?", rows)


class PointTable:
    """The table of a published build, which never changes; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Open the table.

        Raises:
            sqlite3.OperationalError: there is none.
        """
        address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        self._connection = sqlite3.connect(address, uri=True, check_same_thread=False)

    def keys(self) -> list[tuple[str, str]]:
        """(item id, row key) of every point."""
        return self._connection.execute("select item_id, key from point").fetchall()

    def count(self) -> int:
        """Number of points."""
        return int(self._connection.execute("select count(*) from point").fetchone()[0])

    def sample(self, n: int) -> list[str]:
        """Up to ``n`` item ids spread evenly over the table."""
        ids = [item for (item,) in self._connection.execute("select item_id from point")]
        return ids[:: max(1, len(ids) // n)][:n]

    def owner(self, full: str) -> str | None:
        """The item id of the point that stands for an item: its own before a duplicate's."""
        row = self._connection.execute(
            "select item_id from name where full = ? order by item_id <> full limit 1", (full,)
        ).fetchone()
        return None if row is None else str(row[0])

    def fulls(self, name: str) -> list[str]:
        """Every full item id that a name may mean."""
        rows = self._connection.execute("select distinct full from name where name = ?", (name,))
        return [full for (full,) in rows]

    def item_ids(self, limit: int) -> list[str]:
        """Up to ``limit`` full item ids."""
        rows = self._connection.execute("select distinct full from name limit ?", (limit,))
        return [full for (full,) in rows]
