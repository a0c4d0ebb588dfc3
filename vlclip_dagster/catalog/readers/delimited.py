"""Delimited feeds: Google Merchant TSV and CSV of any sane dialect.

What belongs here: finding the delimiter, and reading records so that one bad line never takes
its neighbours with it. What does not: encodings and compression (``streams``).
"""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TextIO

from vlclip_dagster.catalog.columns import ALIASES, READ, canonical_names, column_name
from vlclip_dagster.catalog.streams import open_text
from vlclip_dagster.catalog.table import (
    MAX_BROKEN_TEXT,
    Batch,
    BrokenRow,
    Item,
    Source,
    batched_rows,
)

DELIMITERS = "\t,;|"
_MAX_LINE = 4_000_000
_KNOWN = frozenset({*READ, *ALIASES, *(alias for aliases in ALIASES.values() for alias in aliases)})
# A first line by which Excel is told the delimiter.
_SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=([\t,;|])"?\r?\n')


def read(source: Source) -> Iterator[Batch]:
    """Read a header and its records.

    Fields may be quoted, hold line breaks and doubled quotes. A record with fewer fields than
    the header is filled up; one with more, or with a quote that never closes, is read as the
    plain line it is, or rejected; reading goes on at the next line in each case.
    """
    with open_text(source.path, source.encoding) as stream:
        told = _SEPARATOR_LINE.match(source.head)
        if told:
            stream.readline()
        mapped = [header for headers in source.mapping.columns.values() for header in headers]
        delimiter = told[1] if told else sniff_delimiter(source.head, mapped)
        records = _Records(stream, delimiter)
        yield from batched_rows(source, records.header, records)


def sniff_delimiter(sample: str, mapped: Iterable[str] = ()) -> str:
    """The delimiter under which the header holds most columns that are known, then most columns.

    Args:
        sample: the beginning of the feed, header included.
        mapped: headers that are known too.
    """
    known = _KNOWN.union(map(column_name, mapped))

    def columns_found(delimiter: str) -> tuple[int, int]:
        names = canonical_names(_header(sample, delimiter))
        return len(known.intersection(names)), len(names)

    return max(DELIMITERS, key=columns_found)


def _header(sample: str, delimiter: str) -> list[str]:
    lines = sample.splitlines(keepends=True)
    return next((row for row in csv.reader(lines, delimiter=delimiter) if any(row)), [])


class _Lines:
    """Physical lines that can be given back; remembers those of the current record."""

    def __init__(self, stream: TextIO) -> None:
        self._source = iter(partial(stream.readline, _MAX_LINE), "")
        self._returned: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._source)
        self.taken.append(line)
        return line

    def give_back_all_but_first(self) -> str:
        first, *rest = self.taken
        self._returned.extendleft(reversed(rest))
        return first


class _Records:
    """Iterates over the records after the header, each of the header's width or broken."""

    def __init__(self, stream: TextIO, delimiter: str) -> None:
        self._lines = _Lines(stream)
        self._delimiter = delimiter
        self._reader = csv.reader(self._lines, delimiter=delimiter, strict=True)
        self.header: list[str] = []
        self.header = next((fields for fields, _ in self._settled() if fields), [])

    def __iter__(self) -> Iterator[Item[Sequence[str]]]:
        for number, (fields, line) in enumerate(self._settled(), start=1):
            if fields is None:
                reason = (
                    f"the line does not have the header's {len(self.header)} columns, or a "
                    "quote in it is never closed"
                )
                yield BrokenRow(number, reason, line[:MAX_BROKEN_TEXT])
            else:
                yield number, fields, sum(map(len, self._lines.taken))

    def _settled(self) -> Iterator[tuple[list[str] | None, str]]:
        while True:
            self._lines.taken = []
            try:
                fields = next(self._reader)
            except StopIteration:
                return
            except csv.Error:
                fields = None
            if fields != []:
                yield self._settle(fields)

    def _settle(self, fields: list[str] | None) -> tuple[list[str] | None, str]:
        """Make the record as wide as the header, or read its first line on its own."""
        width = len(self.header) or (len(fields) if fields else 0)
        if fields is not None and len(fields) == width:
            return fields, ""
        plain = self._first_line_alone(width)
        if plain is not None:
            return plain, self._lines.give_back_all_but_first()
        if fields is not None and (len(fields) < width or not any(fields[width:])):
            return (fields + [""] * width)[:width], ""
        return None, self._lines.give_back_all_but_first()

    def _first_line_alone(self, width: int) -> list[str] | None:
        """The first line with its quotes read leniently, then as ordinary characters."""
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            try:
                rows = list(
                    csv.reader(self._lines.taken[:1], delimiter=self._delimiter, quoting=quoting)
                )
            except csv.Error:
                continue
            if len(rows) == 1 and len(rows[0]) == width:
                return rows[0]
        return None
