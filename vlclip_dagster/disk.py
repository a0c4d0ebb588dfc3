"""What a disk refuses, told as a sentence: it is full, or it must not be written.

Each library says it in words of its own; nothing here knows who wrote what.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from vlclip_dagster.errors import VlclipError

FULL = ("is full", "free some space")
REFUSED = ("can't be written", "make it writable")
BROKEN = ("is full or fails", "free some space")
_TOLD = {
    "no space left on device": FULL,
    "disk quota exceeded": FULL,
    "database or disk is full": FULL,
    "file too large": FULL,
    "read-only file system": REFUSED,
    "permission denied": REFUSED,
    "readonly database": REFUSED,
    "unable to open database file": REFUSED,
    "disk i/o error": BROKEN,
}

# Lance tells in which line of its own it was written.
_SOURCE_LINE = re.compile(r", /\S+\.rs:\d+:\d+$")


@contextmanager
def disk_troubles_told(home: str) -> Iterator[None]:
    """Turn what the disk of ``home`` refuses inside the block into a sentence.

    Raises:
        VlclipError: the disk is full or must not be written.
    """
    try:
        yield
    except VlclipError:
        raise
    except Exception as error:  # of Lance, SQLite, Qdrant or Python; any other goes on as it is
        told = _trouble(home, error)
        if told is None:
            raise
        raise VlclipError(told) from error


def _trouble(home: str, error: BaseException | None) -> str | None:
    while error is not None:
        said = _SOURCE_LINE.sub("", str(error).strip().partition("\n")[0])[:200]
        for words, (what, cure) in _TOLD.items():
            if words in said.lower():
                return (
                    f"the disk of {home} {what} ({said}): {cure} and run again; "
                    "what was built so far is kept"
                )
        error = error.__cause__ or error.__context__
    return None
