"""Answers that were paid for: one SQLite file, keyed by the exact request.

An answer is committed the moment it arrives, so a kill, a code edit or a new drop never pays for
it twice. Several threads share one ``AnswerCache``; several processes may share one file.
"""

import json
import sqlite3
import threading
from hashlib import sha256
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    request TEXT PRIMARY KEY,
    content TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) WITHOUT ROWID
"""
_BUSY_S = 30.0


def request_hash(request: dict[str, Any]) -> str:
    """SHA-256 of a request's canonical JSON."""
    text = json.dumps(request, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class AnswerCache:
    """A durable map from request hash to the text that was answered."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, timeout=_BUSY_S, check_same_thread=False)
        with self._connection:
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.execute(_SCHEMA)

    def get(self, request: str) -> str | None:
        """The stored answer to the request with this hash, or nothing."""
        with self._lock:
            row = self._connection.execute(
                "SELECT content FROM answers WHERE request = ?", (request,)
            ).fetchone()
        return None if row is None else str(row[0])

    def put(self, request: str, content: str, *, prompt: int = 0, completion: int = 0) -> None:
        """Store an answer with its token counts and commit."""
        with self._lock, self._connection:
            self._connection.execute(
                "INSERT OR REPLACE INTO answers (request, content, prompt_tokens,"
                " completion_tokens) VALUES (?, ?, ?, ?)",
                (request, content, prompt, completion),
            )

    def __len__(self) -> int:
        """Number of stored answers."""
        with self._lock:
            return int(self._connection.execute("SELECT count(*) FROM answers").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
