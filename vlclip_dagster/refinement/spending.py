"""What answers cost: tokens, prices, and the limit that is never passed.

What belongs here: counting. What does not: who asks (``openai_backend``) and where calls are
written down (``cache``). The prices are data, dated, in ``prices.toml``.
"""

import re
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from vlclip_dagster.refinement.settings import RefinementSettings

_MILLION = 1_000_000
# A dated snapshot costs what its model costs: "gpt-4o-mini-2024-07-18".
_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")
# English text and JSON have about four bytes to a token, other scripts fewer letters.
_BYTES_PER_TOKEN = 4


class Usage(NamedTuple):
    """Tokens of one call or of many; ``cached`` is the part of ``prompt`` billed as such."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0

    def plus(self, other: "Usage") -> "Usage":
        """Both together."""
        return Usage(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


NOTHING = Usage()


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens; ``share`` is what the Batch API takes of them."""

    input: float
    cached: float
    output: float
    share: float = 1.0

    def usd(self, usage: Usage) -> float:
        """What ``usage`` costs."""
        fresh = usage.prompt - usage.cached
        spent = fresh * self.input + usage.cached * self.cached + usage.completion * self.output
        return self.share * spent / _MILLION


@lru_cache(maxsize=1)
def _listed() -> dict[str, Any]:
    folder = files("vlclip_dagster.refinement")
    return tomllib.loads((folder / "prices.toml").read_text(encoding="utf-8"))


def price_of(settings: RefinementSettings) -> Price | None:
    """The model's price: the settings' own, else the listed one; None where nobody knows it."""
    listed = _listed()
    share = listed["batch_share"] if settings.mode == "batch" else 1.0
    if settings.input_usd is not None and settings.output_usd is not None:
        return Price(settings.input_usd, settings.input_usd, settings.output_usd, share)
    known = listed["models"].get(_SNAPSHOT.sub("", settings.model))
    return known and Price(known["input"], known["cached"], known["output"], share)


def estimated_tokens(text: str) -> int:
    """Roughly how many tokens ``text`` is, rounded up."""
    return -(-len(text.encode()) // _BYTES_PER_TOKEN)


@dataclass
class Tally:
    """What a backend did so far: calls that were sent, answers that were there already, tokens.

    ``usd`` is None where the model's price is not known. Several threads may count on one object.
    """

    calls: int = 0
    cache_hits: int = 0
    usage: Usage = NOTHING
    usd: float | None = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(self, usage: Usage, usd: float | None) -> None:
        """Count one call."""
        with self._lock:
            self.calls += 1
            self.usage = self.usage.plus(usage)
            if self.usd is not None and usd is not None:
                self.usd += usd

    def hit(self, count: int) -> None:
        """Count answers that were there already."""
        with self._lock:
            self.cache_hits += count

    def as_dict(self) -> dict[str, int | float | None]:
        """The figures by the names that Dagster shows."""
        return {
            "calls": self.calls,
            "cache_hits": self.cache_hits,
            "prompt_tokens": self.usage.prompt,
            "cached_tokens": self.usage.cached,
            "completion_tokens": self.usage.completion,
            "usd": None if self.usd is None else round(self.usd, 6),
        }


class Budget:
    """The money that may still be spent; calls in flight are set aside at their dearest."""

    def __init__(self, max_usd: float | None, spent_usd: float) -> None:
        self._max = max_usd
        self._taken = spent_usd
        self._lock = threading.Lock()

    @contextmanager
    def hold(self, dearest_usd: float) -> Iterator[bool]:
        """Set money aside for one call; yields whether there is enough for it."""
        with self._lock:
            enough = self._max is None or self._taken + dearest_usd <= self._max
            self._taken += dearest_usd if enough else 0.0
        try:
            yield enough
        finally:
            with self._lock:
                self._taken -= dearest_usd if enough else 0.0

    def spend(self, usd: float) -> None:
        """Take what a call really cost."""
        with self._lock:
            self._taken += usd
