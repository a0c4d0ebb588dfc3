"""How Dagster's own files in SQLite are opened: once, and synced when they are checkpointed.

What belongs here: the connection. What does not: what is stored (``event_log``, ``run_storage``).
"""

import sqlalchemy as sa
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS


def lasting_engine(url: str) -> sa.Engine:
    """An engine whose connections stay open, for a file whose journal mode is WAL.

    Without a sync per change a kill loses nothing, a power cut the newest changes at most.
    """
    engine = sa.create_engine(url, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})
    sa.event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=NORMAL"))
    return engine
