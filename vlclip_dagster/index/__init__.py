"""One searchable collection per product type, embedded or on a server.

What belongs here: storing vectors, searching them, publishing a version. What does not: making
vectors, and turning a text or a photograph into one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlclip_dagster.index.filters import Filters
from vlclip_dagster.index.types import Collection, Hit, Point, VectorIndex, VectorName

if TYPE_CHECKING:  # the process that builds has no use for it, and starts once per product type
    from vlclip_dagster.index.settings import IndexSettings

__all__ = [
    "Collection",
    "Filters",
    "Hit",
    "Point",
    "VectorIndex",
    "VectorName",
    "build_index",
]


def build_index(settings: IndexSettings) -> VectorIndex:
    """The index that the settings name; nothing is opened or connected to yet."""
    if settings.kind == "server":
        from vlclip_dagster.index.server import ServerIndex

        return ServerIndex(settings)
    from vlclip_dagster.index.edge import EdgeIndex

    return EdgeIndex(settings)
