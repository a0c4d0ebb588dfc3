"""Row keys: the hash of exactly what a row was made from.

Keys are compared across runs, machines and Python versions, so the encoding of the parts is
spelled out here and never left to ``hash`` or ``repr``.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence

Part = str | int | float | bool | None | Sequence["Part"] | Mapping[str, "Part"]


def row_key(*parts: Part) -> str:
    """Hash ``parts`` into 32 hexadecimal digits; equal parts give equal keys everywhere.

    Parts are encoded as canonical JSON, so ``("a", "b")`` and ``("ab",)`` differ.

    Raises:
        TypeError: a part is not plain data.
    """
    encoded = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(encoded.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def content_hash(data: bytes) -> str:
    """SHA-256 of ``data`` in hexadecimal: the content address of a file or photograph."""
    return hashlib.sha256(data).hexdigest()
