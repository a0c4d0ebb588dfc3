"""The payload of a point as it is stored: what the caller gave, and what searching needs beside.

Both adapters store the same thing. Everything that only the index needs lies under one reserved
field, which callers never see.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.index.filters import FACETS, RESERVED, facets
from vlclip_dagster.index.naming import names_of

INDEXED: dict[str, Literal["keyword", "float"]] = {
    **{f"{RESERVED}.{name}": "keyword" for name in FACETS},
    f"{RESERVED}.group": "keyword",
    "price": "float",
}
"""Stored fields that searches filter by, each with an index of its own."""

NAME = f"{RESERVED}.name"
"""Stored field with every name of a point, for an index that has no other way to find it."""


@dataclass(frozen=True)
class Stored:
    """A payload ready to be stored, and the names its point is found by."""

    payload: dict[str, Any]
    names: list[tuple[str, str]]


def parse(item_id: str, text: str) -> dict[str, Any]:
    """Read the JSON text of a payload.

    Raises:
        VlclipError: it is not a JSON object.
    """
    try:
        payload = json.loads(text)
    except ValueError as error:
        raise VlclipError(f"the payload of {item_id} is not JSON: {error}") from error
    if not isinstance(payload, dict):
        raise VlclipError(f"the payload of {item_id} is not a JSON object")
    return payload


def pack(slug: str, item_id: str, key: str, payload: Mapping[str, Any]) -> Stored:
    """Add what searching needs; an item without a group is a group of its own."""
    names = names_of(item_id, payload.get("variants") or [])
    hidden = {
        **facets(payload),
        "name": list(dict.fromkeys(name for name, _ in names)),
        "group": str(payload.get("item_group_id") or item_id),
        "key": key,
    }
    return Stored({**payload, "item_id": item_id, "slug": slug, RESERVED: hidden}, names)


def unpack(stored: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Split a stored payload into the row key and what the caller gave."""
    payload = {name: value for name, value in stored.items() if name != RESERVED}
    return str(stored[RESERVED]["key"]), payload
