"""What an index takes and gives: points, hits, and the two faces of an index.

What belongs here: values and protocols that other parts may know. What does not: anything of
Qdrant. Nothing heavy is imported, so that a search service starts at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

if TYPE_CHECKING:
    import polars as pl

    from vlclip_dagster.index.filters import Filters

VectorName = Literal["image", "text"]
"""The named vectors of a point: what its photograph shows and what its query says."""


@dataclass(frozen=True)
class Point:
    """A product in the index.

    Attributes:
        item_id: ``<shop>/<id>``.
        key: row key the point was made from.
        image: unit image vector, shape (d,), float32.
        text: unit text vector, shape (d,), float32.
        payload: what a result shows and a filter reads; holds ``slug``, the product type.
    """

    item_id: str
    key: str
    image: np.ndarray
    text: np.ndarray
    payload: dict[str, Any]


@dataclass(frozen=True)
class Hit:
    """One result: its cosine similarity to the query, its payload and the slug of its type."""

    item_id: str
    score: float
    payload: dict[str, Any]
    product_type: str


class Collection(Protocol):
    """The writing side of one product type in one version.

    Changes gather in a draft; readers see them only after :meth:`finish`, except that an index
    on a server changes a collection of an unchanged version in place.
    """

    id_column: str

    def keys(self) -> pl.DataFrame:
        """What this version holds, drafts included: columns ``item_id``, ``key``, ``failed``."""

    def upsert(self, rows: pl.DataFrame) -> None:
        """Add or replace points.

        Args:
            rows: ``item_id``, ``key``, ``image`` and ``text`` (list[f32], unit length),
                ``payload`` (JSON text of an object).

        Raises:
            VlclipError: a vector has the wrong length, is not finite or is not a unit vector.
        """

    def delete(self, ids: Sequence[str]) -> None:
        """Remove points by item id; ids that are not there are no mistake."""

    def finish(self) -> None:
        """Verify count and recall, then publish atomically; nothing to do is no work.

        Raises:
            VlclipError: verification failed; what was published before stays.
        """


class VectorIndex(Protocol):
    """All product types: writes through :meth:`collection`, reads through the rest."""

    fingerprint: str
    """Changes when the same vectors would be stored differently."""

    def space(self, version: str, dim: int) -> str:
        """Name of the space of the vectors in a ``collection`` of this version and length."""

    def collection(self, product_type: str, version: str, dim: int) -> Collection:
        """Open product type ``product_type`` (a slug) for writing.

        Args:
            product_type: slug.
            version: what the vectors were made with: the fingerprint of the checkpoint. Another
                version starts from nothing and replaces the published one when finished.
            dim: length of the vectors.
        """

    def search(
        self,
        product_types: Sequence[str] | None,
        vector: np.ndarray,
        *,
        using: VectorName = "image",
        k: int = 5,
        where: Filters | None = None,
        exclude_group: str | None = None,
        exact: bool = False,
    ) -> list[Hit]:
        """The ``k`` points nearest to ``vector`` (shape (d,), unit), best first.

        Args:
            product_types: slugs to search; None means every published one. Types that are not
                published have no hits.
            vector: the query.
            using: which vector of the points to compare with.
            k: number of hits over all the types together.
            where: filter over the payload.
            exclude_group: item group to leave out.
            exact: compare with every point instead of walking the graph.
        """

    def find(self, item_id: str) -> Point | None:
        """The point of an item; an item merged into a duplicate finds the canonical point."""

    def resolve(self, name: str) -> list[str]:
        """Full item ids that ``name`` may mean: itself, or every ``<shop>/name``; sorted."""

    def item_ids(self, limit: int) -> list[str]:
        """Up to ``limit`` item ids that :meth:`find` knows, to suggest one that was meant."""

    def count(self, product_type: str) -> int:
        """Number of published points of a type; 0 where there is none."""

    def spaces(self) -> dict[str, str]:
        """The space of each published collection, by slug; only one except during a switch."""

    def product_types(self) -> list[str]:
        """Slugs with a published collection, sorted."""

    def retire(self, product_type: str) -> None:
        """Remove a type that left the catalog, with everything kept for it."""

    def check(self) -> str | None:
        """One sentence on what is missing to use this index, or None."""
