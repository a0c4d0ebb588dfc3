"""Manners towards the hosts that photographs come from.

What belongs here: how many requests at once, when to try again, when to leave a host alone. What
does not: what a request is (``guarded``).
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from vlclip_dagster.images.errors import PassingError, PhotographError

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
# A host that failed this many photographs in a row is left alone by this reader.
PATIENCE = 8

T = TypeVar("T")


@dataclass
class _Host:
    slots: threading.Semaphore
    failed_in_a_row: int = 0


@dataclass
class Manners:
    """Keeps to a host's limits; shared by all threads of one reader.

    Attributes:
        per_host: requests to one host at once.
        retries: further attempts after a passing failure.
    """

    per_host: int = 4
    retries: int = 3
    _hosts: dict[str, _Host] = field(init=False, default_factory=dict)

    def slot(self, host: str) -> threading.Semaphore:
        """The host's places, one of which is held during a request (``with``)."""
        return self._known(host).slots

    def patiently(self, host: str, attempt: Callable[[], T]) -> T:
        """The result of ``attempt``, tried again after passing failures.

        Waits double from ``FIRST_WAIT_S``, with some chance so that threads spread, or last as
        long as the server asks, up to ``LONGEST_WAIT_S``.

        Raises:
            PhotographError: it failed for good, or too often, or the host is left alone.
        """
        known = self._known(host)
        for tried in range(self.retries + 1):
            if known.failed_in_a_row >= PATIENCE:
                raise PhotographError(f"'{host}' fails all the time; it is tried on the next run.")
            try:
                result = attempt()
            except PassingError as error:
                wait = FIRST_WAIT_S * 2**tried * random.uniform(0.5, 1.5)
                wait = wait if error.wait_s is None else error.wait_s
                if tried == self.retries or wait > LONGEST_WAIT_S:
                    known.failed_in_a_row += 1
                    raise
                time.sleep(wait)
            else:
                known.failed_in_a_row = 0
                return result
        raise AssertionError("every path returns or raises")

    def _known(self, host: str) -> _Host:
        # One operation of the dict, so that no two threads make one of their own.
        return self._hosts.setdefault(host, _Host(threading.Semaphore(self.per_host)))
