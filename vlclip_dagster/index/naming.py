"""Names: of folders and collections, of points, and the names a product can be called by.

A slug comes from a feed, so it is never put into a path or an address as it stands.
"""

import hashlib
import re
import uuid
from collections.abc import Iterable

from vlclip_dagster.errors import VlclipError

_ESCAPED = re.compile(r"_([0-9a-f]{2})")
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "vlclip:item")
LONGEST = 150


def safe_name(slug: str) -> str:
    """Encode a slug in ``a-z``, ``0-9``, ``-`` and ``_``; different slugs stay different.

    Raises:
        VlclipError: the slug is empty or too long for a file name.
    """
    name = re.sub(r"[^a-z0-9-]", lambda m: "".join(f"_{b:02x}" for b in m[0].encode()), slug)
    if not name or len(name) > LONGEST:
        raise VlclipError(
            f"the product type {slug[:60]!r} cannot name a collection: shorten it in the feed"
        )
    return name


def slug_of(name: str) -> str:
    """The slug that :func:`safe_name` encoded as ``name``."""
    raw = _ESCAPED.sub(lambda m: chr(int(m[1], 16)), name)
    return raw.encode("latin-1", "replace").decode("utf-8", "replace")


def point_id(item_id: str) -> str:
    """The UUID that stands for an item in Qdrant, which takes no other text as an id."""
    return str(uuid.uuid5(_NAMESPACE, item_id))


def version_token(*parts: object) -> str:
    """Twelve hexadecimal digits that tell versions apart in the names of folders."""
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def bare(item_id: str) -> str:
    """An item id without its shop, as people type it."""
    return item_id.split("/", 1)[-1]


def names_of(item_id: str, variants: Iterable[str]) -> list[tuple[str, str]]:
    """Every (name, full item id) under which a point is found: its own and its duplicates'."""
    full = dict.fromkeys([item_id, *variants])
    return [(name, item) for item in full for name in dict.fromkeys((item, bare(item)))]
