"""Progress of long work, told to whoever listens.

Work reports how far it is and knows nothing of terminals or of Dagster. The command line listens
with a moving line; elsewhere nobody does, and reporting costs nothing.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

T = TypeVar("T")


class Listener(Protocol):
    """What hears of progress: called at the start of a loop, after each step, and at its end."""

    def __call__(self, label: str, done: int, total: int) -> None:
        """Take note that ``done`` of ``total`` units of ``label`` are finished."""


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
