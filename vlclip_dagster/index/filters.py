"""Filters over the payload, in terms that either adapter can translate.

Shops write one colour in many ways ("Black/White", "Jet Black"). A value is therefore stored as
a set of facets, the whole value, its parts and their words, all case-folded; a filter names one
of them. ``--color black`` finds all three, ``--color "jet black"`` only the last.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

FACETS = ("gender", "age_group", "color", "material", "pattern", "shop")
"""Payload fields that are filtered by facet."""

RESERVED = "facets"
"""The stored field, unseen by callers, under which facets lie."""

_PARTS = re.compile(r"[/,;|&]")


@dataclass(frozen=True)
class Equals:
    """The payload field holds the value, alone or among others."""

    field: str
    value: str


@dataclass(frozen=True)
class Between:
    """The payload field is a number inside the closed range; None leaves an end open."""

    field: str
    low: float | None
    high: float | None


Condition = Equals | Between


def in_group(group: str) -> Equals:
    """The point belongs to an item group."""
    return Equals(f"{RESERVED}.group", group)


@dataclass(frozen=True)
class Filters:
    """What results must have; None means anything. Prices are in the feed's own currency."""

    gender: str | None = None
    age_group: str | None = None
    color: str | None = None
    material: str | None = None
    pattern: str | None = None
    price_min: float | None = None
    price_max: float | None = None
    shop: str | None = None

    def conditions(self) -> Iterator[Condition]:
        """All that must hold at once."""
        for name in FACETS:
            value = getattr(self, name)
            if value and (folded := fold(value)):
                yield Equals(f"{RESERVED}.{name}", folded)
        if self.price_min is not None or self.price_max is not None:
            yield Between("price", self.price_min, self.price_max)


def fold(value: str) -> str:
    """Case-folded, with single spaces."""
    return " ".join(value.casefold().split())


def facet_values(value: str) -> list[str]:
    """The whole value, its parts and their words.

    Example:
        >>> facet_values("Jet Black/White")
        ['jet black/white', 'jet black', 'jet', 'black', 'white']
    """
    whole = fold(value)
    parts = [fold(part) for part in _PARTS.split(whole)]
    words = (word for part in parts for word in (part, *part.split()))
    return [word for word in dict.fromkeys((whole, *words)) if word]


def facets(payload: Mapping[str, Any]) -> dict[str, list[str]]:
    """The facets of every filtered field that a payload has."""
    present = {name: payload.get(name) for name in FACETS}
    return {name: facet_values(str(value)) for name, value in present.items() if value}
