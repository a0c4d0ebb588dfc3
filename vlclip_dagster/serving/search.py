"""Searches by text, by photograph and by item, with errors a person can act on.

Everything is compared with the image vectors: a text finds photographs (section 3.5 of the paper),
a photograph finds photographs, an item finds those that look like it. Nothing heavy is imported
here; the encoder comes from outside and may load its model when it is first asked.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from heapq import nsmallest
from typing import Protocol

import numpy as np

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.index import Filters, Hit, Point, VectorIndex

_SUGGEST_AMONG = 5_000  # comparing a name with more ids than this takes longer than a person waits
_LONGEST_TEXT = 2_000


class QueryEncoder(Protocol):
    """Turns queries into unit vectors, shape (n, d), float32."""

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """One vector per text."""

    def encode_images(self, images: Sequence[bytes]) -> np.ndarray:
        """One vector per picture file."""


class SearchService:
    """Searches over one index, each collection with the encoder that made its vectors.

    While a new checkpoint is taking over, or an old one comes back, some product types are still
    in the other one's space.

    Args:
        index: what is searched.
        encoder_of: the encoder of a space that the index names.

    Example:
        >>> service = SearchService(build_index(settings), lambda space: encoder)  # doctest: +SKIP
        >>> service.text("black polka dot dress", product_type="dress")  # doctest: +SKIP
    """

    def __init__(self, index: VectorIndex, encoder_of: Callable[[str], QueryEncoder]) -> None:
        self._index = index
        self._encoder_of = encoder_of

    def text(
        self,
        query: str,
        product_type: str | None = None,
        k: int = 5,
        filters: Filters | None = None,
    ) -> list[Hit]:
        """Products whose photographs fit a text, best first.

        Args:
            query: a few words that describe what is seen.
            product_type: slug or display name; None searches all types.
            k: number of results.
            filters: what results must have.

        Raises:
            VlclipError: the query is empty, the type is unknown, or nothing is built.
        """
        words = query.strip()[:_LONGEST_TEXT]
        if not words:
            raise VlclipError("the search is empty: describe what the product looks like")
        types = self._types(product_type, k)
        return self._nearest(types, lambda e: e.encode_texts([words])[0], k, filters)

    def image(
        self,
        photograph: bytes,
        product_type: str | None = None,
        k: int = 5,
        filters: Filters | None = None,
    ) -> list[Hit]:
        """Products that look like a photograph (the bytes of a picture file), best first.

        Raises:
            VlclipError: the bytes are no picture, the type is unknown, or nothing is built.
        """
        types = self._types(product_type, k)
        return self._nearest(types, lambda e: e.encode_images([photograph])[0], k, filters)

    def similar(
        self,
        item_id: str,
        k: int = 5,
        product_type: str | None = None,
        filters: Filters | None = None,
    ) -> list[Hit]:
        """Products that look like an item, without its own variants.

        Args:
            item_id: ``<shop>/<id>``, or the id alone where only one shop has it.
            k: number of results.
            product_type: where to look; None means the item's own type.
            filters: what results must have.

        Raises:
            VlclipError: the item or the type is unknown, or nothing is built.
        """
        chosen = self._types(product_type, k)
        anchor = self.item(item_id)
        types = list(chosen) if product_type is not None else [anchor.payload["slug"]]
        group = anchor.payload.get("item_group_id") or anchor.item_id
        return self._index.search(types, anchor.image, k=k, where=filters, exclude_group=group)

    def item(self, item_id: str) -> Point:
        """The point of an item.

        Raises:
            VlclipError: no item, or more than one, has this name.
        """
        name = item_id.strip()
        known = self._index.resolve(name)
        if len(known) > 1:
            raise VlclipError(f"{name!r} is in several shops: say {_either(known[:5])}")
        point = self._index.find(known[0]) if known else None
        if point is None:
            raise VlclipError(f"there is no item {name!r} in the index{self._near(name)}")
        return point

    def _nearest(
        self,
        types: dict[str, str],
        encode: Callable[[QueryEncoder], np.ndarray],
        k: int,
        filters: Filters | None,
    ) -> list[Hit]:
        """The best of all ``types`` (slug to space), the query encoded once per space."""
        by_space = defaultdict(list)
        for slug, space in types.items():
            by_space[space].append(slug)
        hits: list[Hit] = []
        for space, slugs in by_space.items():
            vector = encode(self._encoder_of(space))
            hits += self._index.search(slugs, vector, k=k, where=filters)
        return nsmallest(k, hits, key=lambda hit: (-hit.score, hit.item_id))

    def _types(self, asked: str | None, k: int) -> dict[str, str]:
        """The slugs to search and the space of each."""
        if k < 1:
            raise VlclipError("the number of results (k) must be at least 1")
        built = self._index.spaces()
        if not built:
            raise VlclipError("nothing is indexed yet: drop a catalog and type `vlclip run`")
        if asked is None:
            return built
        wanted = _plain(asked)
        for slug, space in built.items():
            if wanted == _plain(slug):
                return {slug: space}
        near = difflib.get_close_matches(wanted, built, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise VlclipError(
            f"there is no product type {asked!r}{hint}; the index has {', '.join(sorted(built))}"
        )

    def _near(self, name: str) -> str:
        """A few words on ids that look like a name."""
        full = self._index.item_ids(_SUGGEST_AMONG)
        by_look = {form.casefold(): item for item in full for form in (item.split("/")[-1], item)}
        near = difflib.get_close_matches(name.casefold(), by_look, n=6, cutoff=0.6)
        items = list(dict.fromkeys(by_look[form] for form in near))[:3]
        return f": did you mean {_either(items)}?" if items else ""


def _plain(name: str) -> str:
    """Letters and digits of a slug or display name, so that ``T-Shirt`` equals ``t-shirt``."""
    return re.sub(r"[^\w]+|_", "-", name.casefold()).strip("-")


def _either(items: Sequence[str]) -> str:
    return " or ".join(items)
