"""Reading a feed, whatever its kind.

What belongs here: the register of readers, recognising which one a file needs, and telling its
owner why it can't be read. What does not: the formats themselves (``readers``), or judging rows
(``schema``).
"""

import codecs
import contextlib
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from vlclip_dagster.catalog.columns import REQUIRED
from vlclip_dagster.catalog.mapping import MAPPING, FeedKind, FeedMapping
from vlclip_dagster.catalog.readers import abo, delimited, json_records, merchant_xml, parquet
from vlclip_dagster.catalog.streams import Encoding, detect_encoding, open_bytes, open_text
from vlclip_dagster.catalog.table import Batch, Source
from vlclip_dagster.errors import VlclipError

READERS: dict[FeedKind, Callable[[Source], Iterator[Batch]]] = {
    FeedKind.CSV: delimited.read,
    FeedKind.JSONL: json_records.read_lines,
    FeedKind.JSON: json_records.read_document,
    FeedKind.XML: merchant_xml.read,
    FeedKind.PARQUET: parquet.read,
    FeedKind.ABO: abo.read,
}
"""The reader of each kind of feed."""

FEED_SUFFIXES = (".tsv", ".csv", ".txt", ".jsonl", ".ndjson", ".json", ".xml", ".rss", ".parquet")
"""Endings of feed files; each but the last may be followed by one of ``PACKED_SUFFIXES``."""
PACKED_SUFFIXES = (".gz", ".zst", ".zstd")
"""Endings of packed files."""

COMPANIONS = frozenset((abo.IMAGES,))
"""Files that belong to a feed and hold no products themselves."""

_HEAD = 1 << 16
_XML_ENCODING = re.compile(rb"""\s*<\?xml[^>]*\sencoding=["']([A-Za-z][\w.-]*)["']""")
_WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class Feed:
    """A feed: iterating over it reads its batches; what is wrong with it is in ``problems``."""

    def __init__(self, source: Source, kind: FeedKind) -> None:
        self._source = source
        self.kind = kind

    @property
    def problems(self) -> tuple[str, ...]:
        """Sentences about the feed as a whole, complete when all batches were read."""
        return tuple(self._source.problems)

    def __iter__(self) -> Iterator[Batch]:
        """Read the feed from its beginning.

        Raises:
            VlclipError: it is damaged, holds no product, or lacks a column that every product
                needs (one with an ``action`` or ``deleted`` column may hold deletions alone, and
                needs ids only).
        """
        found: dict[str, None] = {}
        rows = broken = 0
        with _told(self._source.path):
            for batch in READERS[self.kind](self._source):
                found |= dict.fromkeys(batch.rows.columns if len(batch.rows) else ())
                rows += len(batch.rows)
                broken += len(batch.broken)
                yield batch
        _require(self._source.path, [name for name in found if name != "row_number"], rows, broken)


def read_feed(
    path: Path,
    mapping: FeedMapping | None = None,
    *,
    root: Path | None = None,
    store: Path | None = None,
) -> Feed:
    """Open the feed at ``path``, of whatever kind.

    Args:
        path: the file.
        mapping: what its columns are called; its format and encoding, where they are known.
        root: folder that its photographs lie in.
        store: where photographs that the feed itself holds become files; None leaves them in it.

    Example:
        >>> for batch in read_feed(Path("feed.tsv")): ...  # doctest: +SKIP

    Raises:
        VlclipError: the file is absent, empty, or of an unknown kind or encoding.
    """
    mapping = mapping or FeedMapping()
    with _told(path):
        with open_bytes(path) as stream:
            head = stream.read(_HEAD)
        if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
            raise VlclipError(f"the feed {path} is empty: export it again")
        if head.startswith(b"PAR1"):
            return Feed(Source(path, mapping=mapping, root=root, store=store), FeedKind.PARQUET)
        if head.startswith(_WORKBOOK):
            raise VlclipError(f"the feed {path} is a workbook or archive: export it as CSV or TSV")
        encoding = Encoding(mapping.encoding) if mapping.encoding else _encoding(path, head)
        with open_text(path, encoding) as text:
            sample = text.read(_HEAD)
    source = Source(path, encoding, mapping, root, store, sample)
    _tell_encoding(source)
    return Feed(source, mapping.format or recognised(path, sample))


def recognised(path: Path, head: str) -> FeedKind:
    """The kind of a feed of text, by its beginning, and by its ending where that leaves a choice.

    Args:
        path: the file, for its ending.
        head: its beginning.
    """
    ending = unpacked_name(path.name.lower())
    start = head.lstrip("\ufeff \t\r\n\x00")
    if start.startswith("<"):
        return FeedKind.XML
    if abo.recognises(start):
        return FeedKind.ABO
    if ending.endswith((".jsonl", ".ndjson")):
        return FeedKind.JSONL
    if start.startswith("{") and not json_records.is_wrapped(start):
        return FeedKind.JSONL if _first_line_is_json(start) else FeedKind.JSON
    if start.startswith(("[", "{")) or ending.endswith(".json"):
        return FeedKind.JSON
    return FeedKind.CSV


def unpacked_name(name: str) -> str:
    """The name that a packed file has once it is unpacked."""
    packed = next((suffix for suffix in PACKED_SUFFIXES if name.endswith(suffix)), "")
    return name.removesuffix(packed)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what can go wrong with a file into a sentence."""
    import pyarrow as pa

    try:
        yield
    except FileNotFoundError as error:
        raise VlclipError(f"there is no feed at {path}: check the path") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise VlclipError(f"the feed {path} is a damaged gzip file: make it again") from error
    except (pl.exceptions.PolarsError, pa.ArrowException, UnicodeError) as error:
        raise VlclipError(f"the feed {path} is damaged: export it again") from error
    except OSError as error:
        reason = error.strerror or "it is damaged: make it again"
        raise VlclipError(f"the feed {path} can't be read ({reason})") from error


def _encoding(path: Path, head: bytes) -> Encoding:
    encoding = detect_encoding(path)
    declared = _XML_ENCODING.match(head)
    if declared and (encoding is None or encoding.name == "cp1252"):
        with contextlib.suppress(LookupError):
            return Encoding(codecs.lookup(declared[1].decode("ascii")).name, "replace")
    if encoding is None:
        raise VlclipError(
            f"the encoding of the feed {path} is unknown: save it as UTF-8, or name its encoding "
            "in a mapping file (UTF-16 and Windows-1252 are recognised)"
        )
    return encoding


def _tell_encoding(source: Source) -> None:
    if source.encoding == Encoding("utf-8", "replace"):
        source.note("some bytes are not UTF-8; those characters are lost")
    elif source.encoding.name == "cp1252":
        source.note(
            "it is not UTF-8 and was read as Windows-1252; where its letters come out wrong, "
            f"name its encoding in {MAPPING}"
        )


def _first_line_is_json(start: str) -> bool:
    try:
        json.loads(start.splitlines()[0])
    except (ValueError, RecursionError):
        return False
    return True


def _require(path: Path, found: list[str], rows: int, broken: int) -> None:
    needed = ("id",) if {"action", "deleted"}.intersection(found) else REQUIRED
    missing = [name for name in needed if name not in found]
    if "additional_image_link" in found:
        missing = [name for name in missing if name != "image_link"]
    if not rows:
        told = f"none of its {broken} lines can be read" if broken else "no rows"
        raise VlclipError(f"the feed {path} holds no products ({told}): export it again")
    if missing:
        shown = ", ".join(found[:30]) or "none"
        raise VlclipError(
            f"the feed {path} has no column {' or '.join(map(repr, missing))} "
            f"(its columns are: {shown}): write {MAPPING} beside it with the line [columns] and "
            f"below it {' and '.join(map(_example, missing))}, with the right names; a value that "
            "all its rows share goes below the line [constants]"
        )


def _example(missing: str) -> str:
    """A line of a mapping file."""
    value = "images/{id}.jpg" if missing == "image_link" else "its name in the feed"
    return f'{missing} = "{value}"'
