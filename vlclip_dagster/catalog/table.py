"""A feed as batches of text columns.

What belongs here: what every reader ends in. What does not: reading a format (``readers``), or
judging values (``schema``).
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from vlclip_dagster.catalog.columns import MAX_COLUMNS, canonical, canonical_names
from vlclip_dagster.catalog.mapping import FeedMapping
from vlclip_dagster.catalog.streams import Encoding

BATCH_ROWS = 25_000
"""Rows of a batch at most."""
BATCH_CHARS = 32_000_000
"""Characters after which a batch is closed, however few rows it has."""

MAX_BROKEN_TEXT = 100_000
"""Characters of a broken record that are kept."""

Record = Mapping[str, str | None]
Values = TypeVar("Values")


@dataclass(frozen=True)
class BrokenRow:
    """A record that could not be read at all: its number, why, and its text as it stands."""

    row_number: int
    reason: str
    text: str


@dataclass(frozen=True)
class Batch:
    """Some consecutive records of a feed.

    Attributes:
        rows: ``row_number`` (counted from 1, the header not counted; the line in JSON lines)
            and every column as text under its canonical name, blank as null. A column ``root``
            names the folder of a row's photographs where it is not the drop's.
        broken: records that could not be read.
    """

    rows: pl.DataFrame
    broken: tuple[BrokenRow, ...] = ()


@dataclass
class Source:
    """A feed to be read, and what its reader needs to know.

    Attributes:
        path: the file.
        encoding: of its text.
        mapping: what its columns are called.
        root: folder that its photographs lie in.
        store: folder for photographs that the feed itself holds; None leaves them in it.
        head: its beginning, decoded.
        problems: sentences about the feed as a whole that its owner should know.
    """

    path: Path
    encoding: Encoding = field(default_factory=lambda: Encoding("utf-8"))
    mapping: FeedMapping = field(default_factory=FeedMapping)
    root: Path | None = None
    store: Path | None = None
    head: str = ""
    problems: dict[str, None] = field(default_factory=dict)

    def note(self, problem: str) -> None:
        """Take note of a problem of the whole feed."""
        self.problems[problem] = None


Item = tuple[int, Values, int] | BrokenRow
"""A record as its number, its values and its length in characters; or a broken one."""


def batched_records(source: Source, items: Iterable[Item[Record]]) -> Iterator[Batch]:
    """Batches of records, each of them header → text."""
    return _batched(source, items, _columns)


def batched_rows(
    source: Source, headers: Sequence[str], items: Iterable[Item[Sequence[str]]]
) -> Iterator[Batch]:
    """Batches of rows that all have one text for each of ``headers``."""
    names = canonical_names(headers)
    return _batched(
        source, items, lambda rows: dict(zip(names, zip(*rows, strict=True), strict=False))
    )


def batch_of(source: Source, numbers: Sequence[int], columns: Mapping[str, Any]) -> pl.DataFrame:
    """Rows of a ``Batch`` from columns of text under the feed's own headers."""
    kept = dict(itertools.islice(columns.items(), MAX_COLUMNS))
    if len(kept) < len(columns):
        source.note(f"it has more than {MAX_COLUMNS:,} columns; the rest was left out")
    text = pl.col(pl.String)
    frame = pl.DataFrame(kept, schema=dict.fromkeys(kept, pl.String))
    filled = frame.with_columns(pl.when(text.str.strip_chars() != "").then(text))
    rows = canonical(filled, source.mapping.columns)
    for name, value in source.mapping.constants.items():
        known = [name] if name in rows.columns else []
        rows = rows.with_columns(pl.coalesce(*known, pl.lit(value)).alias(name))
    return rows.insert_column(0, pl.Series("row_number", numbers, dtype=pl.Int64))


def _batched(
    source: Source,
    items: Iterable[Item[Values]],
    columns: Callable[[list[Values]], Mapping[str, Any]],
) -> Iterator[Batch]:
    numbers: list[int] = []
    values: list[Values] = []
    broken: list[BrokenRow] = []
    size = 0
    for item in items:
        if isinstance(item, BrokenRow):
            broken.append(item)
            size += len(item.text)
        else:
            number, value, length = item
            numbers.append(number)
            values.append(value)
            size += length
        if len(numbers) >= BATCH_ROWS or size >= BATCH_CHARS:
            yield Batch(batch_of(source, numbers, columns(values)), tuple(broken))
            numbers, values, broken, size = [], [], [], 0
    if numbers or broken:
        yield Batch(batch_of(source, numbers, columns(values)), tuple(broken))


def _columns(records: Sequence[Record]) -> dict[str, list[str | None]]:
    """One column per header, as many as one batch may have and one more."""
    headers = dict.fromkeys(header for record in records for header in record)
    return {
        header: [record.get(header) for record in records]
        for header in itertools.islice(headers, MAX_COLUMNS + 1)
    }
