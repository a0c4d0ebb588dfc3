"""Dagster's event log in one SQLite file, at a price that short runs can pay.

Dagster's own keeps a database per run and opens, syncs and closes it for each event, which
takes longer than most steps of this platform. Here connections stay open, and the log is
synced when it is checkpointed: a kill loses nothing, a power cut the newest events at most.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property

import sqlalchemy as sa
from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage
from dagster._core.storage.event_log.base import EventHandlerFn
from dagster._core.storage.event_log.polling_event_watcher import SqlPollingEventWatcher

from vlclip_dagster.sqlite import lasting_engine


class EventLog(ConsolidatedSqliteEventLogStorage):
    """The event log that ``dagster.yaml`` names."""

    @cached_property
    def _engine(self) -> sa.Engine:
        return lasting_engine(f"sqlite:///{self.get_db_path()}")

    @contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        with self._engine.begin() as connection:
            yield connection

    def run_connection(self, run_id: str | None) -> AbstractContextManager[sa.Connection]:
        """A transaction; all runs share one file."""
        return self._connection()

    def index_connection(self) -> AbstractContextManager[sa.Connection]:
        """A transaction."""
        return self._connection()

    @cached_property
    def _tables(self) -> frozenset[str]:
        return frozenset(sa.inspect(self._engine).get_table_names())

    def has_table(self, table_name: str) -> bool:
        """Whether the log has a table, which Dagster asks about each check's event."""
        return table_name in self._tables or super().has_table(table_name)

    @cached_property
    def _watcher(self) -> SqlPollingEventWatcher:
        # What the base class watches, the file's time stamp, stands still between checkpoints.
        return SqlPollingEventWatcher(self)

    def watch(self, run_id: str, cursor: str | None, callback: EventHandlerFn) -> None:
        """Call ``callback`` with each new event of a run."""
        self._watcher.watch_run(run_id, cursor, callback)

    def end_watch(self, run_id: str, handler: EventHandlerFn) -> None:
        """Stop calling ``handler``."""
        self._watcher.unwatch_run(run_id, handler)

    def dispose(self) -> None:
        """Close what is open."""
        self._watcher.close()
        self._engine.dispose()
