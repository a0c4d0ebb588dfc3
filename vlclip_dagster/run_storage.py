"""Dagster's list of runs in SQLite, at a price that short runs can pay.

Dagster's own opens a connection per question, and closing it copies and syncs the whole journal.
Here connections stay open, as in ``event_log``, and what a kill or a power cut costs is the same.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from dagster._core.storage.runs import SqliteRunStorage
from dagster._serdes import ConfigurableClassData

from vlclip_dagster.sqlite import lasting_engine


class RunStorage(SqliteRunStorage):
    """The list of runs that ``dagster.yaml`` names."""

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "RunStorage":
        """Open the file in the folder that is configured, or make it."""
        return cls.from_local(inst_data=inst_data, **config_value)

    @cached_property
    def _engine(self) -> sa.Engine:
        return lasting_engine(self._conn_string)

    @contextmanager
    def connect(self) -> Iterator[sa.Connection]:
        """A transaction."""
        with self._engine.begin() as connection:
            yield connection

    def dispose(self) -> None:
        """Close what is open."""
        self._engine.dispose()
