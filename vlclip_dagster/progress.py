"""Progress of long work, told to whoever listens.

Work calls ``track`` around its loop; it knows nothing of terminals or of Dagster. The command
line listens with bars, a Dagster run with a log line every few seconds, tests not at all.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

T = TypeVar("T")
_logger = logging.getLogger("vlclip")


class Listener(Protocol):
    """What hears of progress: called at the start of a loop, after each step, and at its end."""

    def __call__(self, label: str, done: int, total: int) -> None:
        """Take note that ``done`` of ``total`` units of ``label`` are finished."""


class LogListener:
    """Writes a log line at most every ``every_s`` seconds."""

    def __init__(self, logger: logging.Logger = _logger, every_s: float = 10.0) -> None:
        self._logger = logger
        self._every_s = every_s
        self._last = time.monotonic()

    def __call__(self, label: str, done: int, total: int) -> None:
        """Log, unless the last line is younger than the interval."""
        now = time.monotonic()
        if now - self._last >= self._every_s:
            self._last = now
            self._logger.info("%s: %d of %d", label, done, total)


_listener: ContextVar[Listener | None] = ContextVar("vlclip_progress", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send the progress of everything inside the ``with`` block to ``listener``."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report(label: str, done: int, total: int) -> None:
    """Tell the current listener, if there is one, how far ``label`` is."""
    listener = _listener.get()
    if listener is not None:
        listener(label, done, total)


def track(items: Iterable[T], label: str, total: int) -> Iterator[T]:
    """Yield ``items`` and report after each; ``total`` is in the same unit as the items."""
    report(label, 0, total)
    for done, item in enumerate(items, start=1):
        yield item
        report(label, done, total)
