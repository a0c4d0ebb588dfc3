"""Asking no faster than the endpoint allows, all threads together.

Requests and tokens per minute are spread evenly, and a refusal (429) of one call holds back all.
"""

import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LONGEST_S = 60.0
_FIRST_BACKOFF_S = 0.5
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_LIMITS = ("requests", "tokens")


class Pace:
    """When the next call may be sent; one object is shared by all threads of a backend."""

    def __init__(
        self,
        requests_per_minute: int | None,
        tokens_per_minute: int | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._per_request = 60 / requests_per_minute if requests_per_minute else 0.0
        self._per_token = 60 / tokens_per_minute if tokens_per_minute else 0.0
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._next_request = self._next_tokens = self._cool_until = clock()

    def wait(self, tokens: int) -> None:
        """Return when a call of so many tokens may be sent."""
        with self._lock:
            turn = max(self._clock(), self._next_request, self._next_tokens, self._cool_until)
            self._next_request = turn + self._per_request
            self._next_tokens = turn + tokens * self._per_token
        # A cool-down that begins meanwhile holds back those who wait already.
        while (left := max(turn, self._cool_until) - self._clock()) > 0:
            self._sleep(left)

    def cool_down(self, seconds: float) -> None:
        """Let nobody ask for so long, and a little longer, so that not all come back at once."""
        with self._lock:
            until = self._clock() + min(seconds, _LONGEST_S) * random.uniform(1.0, 1.1)
            self._cool_until = max(self._cool_until, until)

    def heed(self, headers: Mapping[str, str]) -> None:
        """Cool down until a limit is reset that the server says is used up."""
        for limit in _LIMITS:
            if headers.get(f"x-ratelimit-remaining-{limit}") == "0":
                self.cool_down(_duration(headers.get(f"x-ratelimit-reset-{limit}", "")))

    def pause(self, attempt: int) -> None:
        """Wait before a call is repeated: longer each time, by chance, so that calls spread."""
        self._sleep(backoff(attempt))


def backoff(attempt: int) -> float:
    """Seconds before the repetition number ``attempt`` (from 1), drawn by chance."""
    return random.uniform(0.5, 1.0) * min(_LONGEST_S, _FIRST_BACKOFF_S * 2 ** (attempt - 1))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a refusal asks for: ``retry-after-ms``, or ``retry-after`` in either form."""
    if milliseconds := _number(headers.get("retry-after-ms")):
        return milliseconds / 1000
    asked = headers.get("retry-after")
    if asked is None or (seconds := _number(asked)) is not None:
        return None if asked is None else seconds
    try:
        return max(0.0, (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _number(text: str | None) -> float | None:
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None


def _duration(text: str) -> float:
    """Seconds of a duration such as "6m0s" or "20ms"."""
    return sum(float(count) * _UNITS_S[unit] for count, unit in _DURATION.findall(text))
