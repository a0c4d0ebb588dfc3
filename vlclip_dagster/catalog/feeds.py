"""Reading a feed, whatever its kind.

What belongs here: recognising the kind of a file and telling its owner why it can't be read.
What does not: the formats themselves (``delimited``, ``records``), or judging rows (``schema``).
"""

import gzip
import json
import zlib
from enum import StrEnum
from pathlib import Path
from typing import TextIO

import polars as pl

from vlclip_dagster.catalog.columns import REQUIRED
from vlclip_dagster.catalog.delimited import read_delimited, sniff_delimiter
from vlclip_dagster.catalog.records import read_json_document, read_json_lines, read_parquet
from vlclip_dagster.catalog.streams import Encoding, detect_encoding, open_bytes, open_text
from vlclip_dagster.catalog.table import BrokenRow, Feed
from vlclip_dagster.errors import VlclipError

__all__ = ["FEED_SUFFIXES", "BrokenRow", "Feed", "FeedKind", "read_feed", "sniff_kind"]

FEED_SUFFIXES = (".tsv", ".csv", ".txt", ".jsonl", ".ndjson", ".json", ".parquet")
"""Endings of feed files; each but the last may be followed by ``.gz``."""

_HEAD = 1 << 16


class FeedKind(StrEnum):
    """The kinds of feed that are read."""

    DELIMITED = "delimited"
    JSON_LINES = "json_lines"
    JSON_DOCUMENT = "json_document"
    PARQUET = "parquet"


def read_feed(path: Path) -> Feed:
    """Read the feed at ``path``: TSV, CSV, JSON lines, a JSON array or parquet, maybe gzipped.

    Example:
        >>> read_feed(Path("feed.tsv")).rows  # doctest: +SKIP

    Raises:
        VlclipError: the file is absent, empty, damaged, of an unknown kind or encoding, or it
            lacks a column that every product needs (one with an ``action`` or ``deleted`` column
            may hold deletions alone, and needs ids only).
    """
    try:
        feed = _read(path)
    except FileNotFoundError as error:
        raise VlclipError(f"There is no feed at {path}: check the path.") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise VlclipError(f"The feed {path} is a damaged gzip file: make it again.") from error
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise VlclipError(f"The feed {path} is damaged: export it again.") from error
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise VlclipError(f"The feed {path} can't be read ({reason}).") from error
    _require_columns(path, feed)
    return feed


def sniff_kind(path: Path, head: bytes, text: str) -> FeedKind:
    """Recognise a feed by its beginning, and by its ending where that leaves a choice.

    Args:
        path: the file, for its ending and for messages.
        head: its first bytes, uncompressed.
        text: the same, decoded.

    Raises:
        VlclipError: it is a workbook, an archive or XML.
    """
    ending = path.name.lower().removesuffix(".gz")
    if head.startswith(b"PAR1"):
        return FeedKind.PARQUET
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise VlclipError(f"The feed {path} is a workbook or archive: export it as CSV or TSV.")
    start = text.lstrip("\ufeff \t\r\n\x00")
    if start.startswith("<"):
        raise VlclipError(f"The feed {path} is XML or HTML: export it as TSV, CSV or JSON lines.")
    if ending.endswith((".jsonl", ".ndjson")):
        return FeedKind.JSON_LINES
    if start.startswith("{"):
        return FeedKind.JSON_LINES if _first_line_is_json(start) else FeedKind.JSON_DOCUMENT
    if start.startswith("[") or ending.endswith(".json"):
        return FeedKind.JSON_DOCUMENT
    return FeedKind.DELIMITED


def _read(path: Path) -> Feed:
    with open_bytes(path) as stream:
        head = stream.read(_HEAD)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise VlclipError(f"The feed {path} is empty: export it again.")
    if head.startswith(b"PAR1"):
        return read_parquet(path)
    encoding = _encoding(path, head)
    with open_text(path, encoding) as text:
        sample = text.read(_HEAD)
    kind = sniff_kind(path, head, sample)
    with open_text(path, encoding) as text:
        feed = _read_text(text, kind, sample)
    return _with_encoding_told(feed, encoding)


def _read_text(text: TextIO, kind: FeedKind, sample: str) -> Feed:
    if kind is FeedKind.DELIMITED:
        return read_delimited(text, sniff_delimiter(sample))
    if kind is FeedKind.JSON_LINES:
        return read_json_lines(text)
    return read_json_document(text.read())


def _encoding(path: Path, head: bytes) -> Encoding:
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return Encoding("latin-1")  # a workbook: `sniff_kind` tells which mistake that is
    encoding = detect_encoding(path)
    if encoding is None:
        raise VlclipError(
            f"The encoding of the feed {path} is unknown: save it as UTF-8 "
            "(UTF-16 and Windows-1252 are read too)."
        )
    return encoding


def _with_encoding_told(feed: Feed, encoding: Encoding) -> Feed:
    if encoding.errors == "replace":
        problem = "some bytes are not UTF-8; those characters are lost"
    elif encoding.name == "cp1252":
        problem = "it is not UTF-8 and was read as Windows-1252"
    else:
        return feed
    return Feed(feed.rows, feed.broken, (*feed.problems, problem))


def _first_line_is_json(start: str) -> bool:
    try:
        json.loads(start.splitlines()[0])
    except (ValueError, RecursionError):
        return False
    return True


def _require_columns(path: Path, feed: Feed) -> None:
    found = [name for name in feed.rows.columns if name != "row_number"]
    needed = ("id",) if {"action", "deleted"}.intersection(found) else REQUIRED
    missing = [name for name in needed if name not in found]
    if feed.rows.is_empty():
        told = f"none of its {len(feed.broken)} lines can be read" if feed.broken else "no rows"
        raise VlclipError(f"The feed {path} holds no products ({told}): export it again.")
    if missing:
        shown = ", ".join(found[:30]) or "none"
        raise VlclipError(
            f"The feed {path} has no column {' or '.join(map(repr, missing))} "
            f"(its columns are: {shown}): add or rename the column."
        )
