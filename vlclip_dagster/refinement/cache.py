"""What was asked and answered: one SQLite file of answers, keyed by the exact request, and calls.

An answer is committed the moment it arrives, so a kill, a code edit or a new drop never pays for
it twice. A request that the model will never answer is kept with its reason, for the same end.
Every call that was sent is a line of the ledger, whatever came of it. Several threads share one
``AnswerCache``; several processes may share one file.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from vlclip_dagster.refinement.spending import Usage
from vlclip_dagster.refinement.types import Failure

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    request TEXT PRIMARY KEY,
    content TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unanswerable (
    request TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS calls (
    request TEXT NOT NULL,
    item_id TEXT NOT NULL,
    step TEXT NOT NULL,
    outcome TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    usd REAL,
    at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX IF NOT EXISTS calls_of_request ON calls (request);
CREATE INDEX IF NOT EXISTS calls_of_item ON calls (item_id);
CREATE TABLE IF NOT EXISTS batches (
    mark TEXT PRIMARY KEY,
    remote TEXT,
    label TEXT NOT NULL,
    usd REAL NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS batch_requests (
    request TEXT PRIMARY KEY,
    mark TEXT NOT NULL,
    item_id TEXT NOT NULL,
    step TEXT NOT NULL
);
"""
_BUSY_S = 30.0
ANSWERED = "answered"


def request_hash(request: dict[str, Any]) -> str:
    """SHA-256 of a request's canonical JSON."""
    text = json.dumps(request, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Call:
    """A call that was sent: for which product and step, what came of it, what it cost."""

    request: str
    item_id: str
    step: str
    outcome: str
    usage: Usage
    usd: float | None


class AnswerCache:
    """A durable map from request hash to what was answered, and the ledger of all calls."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            path or ":memory:", timeout=_BUSY_S, check_same_thread=False, isolation_level=None
        )
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The connection, to write on; everything is committed at the end, or nothing is."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def get(self, request: str) -> str | Failure | None:
        """The stored answer to a request, why there will be none, or nothing."""
        with self._lock:
            found = self._connection.execute(
                "SELECT content, NULL FROM answers WHERE request = ?1 UNION ALL"
                " SELECT NULL, reason FROM unanswerable WHERE request = ?1",
                (request,),
            ).fetchone()
        if found is None:
            return None
        return str(found[0]) if found[0] is not None else Failure(found[1])

    def put(self, call: Call, outcome: str | Failure | None) -> None:
        """Write down a call and, where it settled its request, the answer or the failure."""
        with self.transaction() as connection:
            record(connection, call, outcome)

    def spent_usd(self) -> float:
        """What all calls of this file cost together, and what batches that are out may cost."""
        with self._lock:
            row = self._connection.execute(
                "SELECT (SELECT total(usd) FROM calls) + (SELECT total(usd) FROM batches)"
            ).fetchone()
        return float(row[0])

    def calls_per_product(self) -> float | None:
        """Mean number of calls of a product that was asked for; None before the first."""
        with self._lock:
            row = self._connection.execute(
                "SELECT count(*), count(DISTINCT item_id) FROM calls"
            ).fetchone()
        return row[0] / row[1] if row[1] else None

    def __len__(self) -> int:
        """Number of stored answers."""
        with self._lock:
            return int(self._connection.execute("SELECT count(*) FROM answers").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def record(connection: sqlite3.Connection, call: Call, outcome: str | Failure | None) -> None:
    """Write down a call and what settled its request, within a transaction of the caller."""
    connection.execute(
        "INSERT INTO calls (request, item_id, step, outcome, prompt_tokens, cached_tokens,"
        " completion_tokens, usd) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (call.request, call.item_id, call.step, call.outcome, *call.usage, call.usd),
    )
    if isinstance(outcome, str):
        connection.execute(
            "INSERT OR REPLACE INTO answers (request, content, prompt_tokens, completion_tokens)"
            " VALUES (?, ?, ?, ?)",
            (call.request, outcome, call.usage.prompt, call.usage.completion),
        )
    elif outcome is not None:
        connection.execute(
            "INSERT OR REPLACE INTO unanswerable (request, reason) VALUES (?, ?)",
            (call.request, outcome.reason),
        )
