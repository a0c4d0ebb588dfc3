"""Hashes of local files that a feed links to.

What belongs here: links that stay inside a drop's folder, and files of bounded size. What does
not: reading photographs for use, or from the network (``images``).
"""

import hashlib
import stat
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urlsplit

MAX_BYTES = 256_000_000
"""Files larger than this are no photographs and are not hashed."""

_THREADS = 8


def hash_file(path: Path) -> tuple[str, int]:
    """SHA-256 in hexadecimal, and size in bytes, of the file at ``path``.

    Raises:
        OSError: it can't be read.
    """
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256")
        return digest.hexdigest(), stream.tell()


def hash_linked(links: Iterable[str], root: Path) -> dict[str, tuple[str, int]]:
    """Hash and size of each local photograph in ``links``.

    Links to the network, out of ``root`` (also by a symbolic link) or to nothing are left out.

    Args:
        links: as the feed writes them; repeats are hashed once.
        root: the drop's folder.
    """
    root = root.resolve()
    different = list(dict.fromkeys(links))
    with ThreadPoolExecutor(_THREADS) as pool:
        found = pool.map(lambda link: _hash_linked(link, root), different)
    return {link: known for link, known in zip(different, found, strict=True) if known}


def _hash_linked(link: str, root: Path) -> tuple[str, int] | None:
    try:
        path = linked_file(link, root)
        if path is None:
            return None
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
            return None
        return hash_file(path)
    except (OSError, ValueError, RuntimeError):
        return None


def is_linked(link: str, root: Path) -> bool:
    """Whether ``link`` names a file in ``root``; see ``linked_file``."""
    try:
        return linked_file(link, root.resolve()) is not None
    except (OSError, ValueError, RuntimeError):
        return False


def linked_file(link: str, root: Path) -> Path | None:
    """The file that a link names, if it lies in ``root`` once symbolic links are followed.

    Raises:
        OSError, ValueError, RuntimeError: the link is no usable path.
    """
    if not link or not link.isprintable():
        return None
    parts = urlsplit(link)
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost"):
            return None
        link = unquote(parts.path)
    elif parts.scheme and parts.netloc:
        return None
    paths = [(root / name).resolve() for name in dict.fromkeys((link, unquote(link)))]
    if not all(path.is_relative_to(root) for path in paths):
        return None
    return next((path for path in paths if path.exists()), None)
