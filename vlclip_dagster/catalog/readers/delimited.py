"""Delimited feeds: Google Merchant TSV and CSV of any sane dialect.

What belongs here: finding the delimiter, and reading records so that one bad line never takes
its neighbours with it. What does not: encodings and compression (``streams``).
"""

import codecs
import contextlib
import csv
import io
import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import IO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vlclip_dagster.catalog.columns import ALIASES, READ, canonical_names, column_name
from vlclip_dagster.catalog.streams import Recoded, open_utf8
from vlclip_dagster.catalog.table import (
    BATCH_ROWS,
    MAX_BROKEN_TEXT,
    Batch,
    BrokenRow,
    Item,
    Source,
    batch_of,
    batched_rows,
)
from vlclip_dagster.catalog.whole_products import whole_products

DELIMITERS = "\t,;|"
_MAX_ABOVE_HEADER = 10
_MAX_LINE = 4_000_000
_BLOCK = 12_000_000  # bytes
_SLICE = 262_144  # bytes
_QUOTE, _LINE_END, _RETURN = b'"\n\r'
_KNOWN = frozenset({*READ, *ALIASES, *(alias for aliases in ALIASES.values() for alias in aliases)})
# A first line by which Excel is told the delimiter.
_SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=([\t,;|])"?\r?\n')


def read(source: Source) -> Iterator[Batch]:
    """Read a header and its records.

    Fields may be quoted, hold line breaks and doubled quotes. A record with fewer fields than
    the header is filled up; one with more, or with a quote that never closes, is read as the
    plain line it is, or rejected; reading goes on at the next line in each case.
    """
    with open_utf8(source.path, source.encoding) as stream:
        told = _SEPARATOR_LINE.match(source.head)
        if told:
            stream.readline()
        mapped = [header for headers in source.mapping.columns.values() for header in headers]
        known = _KNOWN.union(map(column_name, mapped))
        head = source.head[told.end() :] if told else source.head
        delimiter = told[1] if told else sniff_delimiter(head, known)
        records = _Records(stream, delimiter, _above_header(_first_rows(head, delimiter), known))
        names = canonical_names(records.header)
        yield from whole_products(names, _batches(source, records, names, delimiter))


def _batches(
    source: Source, records: "_Records", names: Sequence[str], delimiter: str
) -> Iterator[Batch]:
    rest = b""
    while block := records.next_block(rest):
        fields, rest = _fields(block, delimiter, len(names))
        if fields is None:
            yield from batched_rows(source, names, records.of(block))
            continue
        for rows in fields.iter_slices(BATCH_ROWS):
            numbers = records.numbers(len(rows))
            yield Batch(batch_of(source, numbers, dict(zip(names, rows, strict=True))))


def sniff_delimiter(sample: str, known: frozenset[str] = _KNOWN) -> str:
    """The delimiter under which the header holds most columns that are known, then most columns.

    Args:
        sample: the beginning of the feed, header included.
        known: names of columns, spelled as ``column_name`` does.
    """

    def columns_found(delimiter: str) -> tuple[int, int]:
        rows = _first_rows(sample, delimiter)
        header = filter(any, rows[_above_header(rows, known) :])
        names = canonical_names(next(header, []))
        return len(known.intersection(names)), len(names)

    return max(DELIMITERS, key=columns_found)


def _first_rows(sample: str, delimiter: str) -> list[list[str]]:
    rows = []
    with contextlib.suppress(csv.Error):
        for row in csv.reader(sample.splitlines(keepends=True), delimiter=delimiter):
            rows += [row] if row else []
            if len(rows) > _MAX_ABOVE_HEADER:
                break
    return rows


def _above_header(rows: list[list[str]], known: frozenset[str]) -> int:
    """How many rows stand before the header, such as a title: all before two known columns."""
    for above, row in enumerate(rows):
        found = len(known.intersection(map(column_name, row)))
        if found >= (2 if any(map(any, rows[:above])) else 1):
            return above
    return 0


def _fields(text: bytes, delimiter: str, width: int) -> tuple[pl.DataFrame | None, bytes]:
    """The columns of the whole records in ``text``, and what follows them.

    None, and nothing that follows, where a record needs a closer look: it has another width, or
    a quote that is not the first or last character of its field, or doubled in between.
    """
    if not text.endswith(b"\n"):
        text += b"\n"
    length = _whole_records(np.frombuffer(text, np.uint8), ord(delimiter), width)
    if not length or b"\x00" in text:
        return None, b""
    # The first line keeps polars from taking text that begins with "x" for a packed file.
    fields = pl.read_csv(
        b"".join((b"\n", memoryview(text)[:length])),
        has_header=False,
        skip_rows=1,
        separator=delimiter,
        infer_schema=False,
    )
    return fields, text[length:]


def _whole_records(text: NDArray[np.uint8], delimiter: int, width: int) -> int:
    """Where the last whole record of ``text`` ends; 0 if one of them is not as it should be."""
    quotes = _places(text, _QUOTE)
    marks = _places(text, delimiter, _LINE_END)
    marks = marks[_unquoted(marks, quotes)]
    returns = _places(text, _RETURN)
    returns = returns[_unquoted(returns, quotes)]
    ends = np.flatnonzero(text[marks] == _LINE_END)
    if (text[returns + 1] != _LINE_END).any():
        return 0
    if width < 2 or not len(ends) or (np.diff(ends, prepend=-1) != width).any():
        return 0
    length = int(marks[ends[-1]]) + 1
    opening, closing = quotes[: np.searchsorted(quotes, length)].reshape(-1, 2).T
    before, after = text[opening - 1], text[closing + 1]
    before[opening == 0] = _LINE_END
    at_edges = all(
        np.isin(around, (delimiter, _LINE_END, _RETURN, _QUOTE)).all() for around in (before, after)
    )
    return length if at_edges else 0


def _unquoted(places: NDArray[np.intp], quotes: NDArray[np.intp]) -> NDArray[np.bool_]:
    return np.searchsorted(quotes, places) % 2 == 0


def _places(text: NDArray[np.uint8], *signs: int) -> NDArray[np.intp]:
    """Where ``text`` has one of ``signs``; looked for in slices that a processor's cache holds."""
    found = []
    for low in range(0, len(text), _SLICE):
        part = text[low : low + _SLICE]
        hits = part == signs[0]
        for sign in signs[1:]:
            hits |= part == sign
        found.append(np.flatnonzero(hits) + low)
    return np.concatenate(found)


class _Lines:
    """Physical lines that can be given back; remembers those of the current record."""

    def __init__(self, stream: IO[bytes] | Recoded) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.returned: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if not self.returned:
            self.put(self._stream.readline(_MAX_LINE))
        if not self.returned:
            raise StopIteration
        line = self.returned.popleft()
        self.taken.append(line)
        return line

    def put(self, text: bytes) -> None:
        """Have the lines of ``text`` come next."""
        self.returned.extend(io.StringIO(self._decoder.decode(text), newline=""))

    def next_block(self, rest: bytes) -> bytes:
        """``rest`` and the lines that follow; nothing at the end."""
        ahead = "".join(self.returned).encode() + self._decoder.getstate()[0]
        self.returned.clear()
        self._decoder.reset()
        return rest + ahead + self._stream.read(_BLOCK) + self._stream.readline(_MAX_LINE)

    def give_back_all_but_first(self) -> str:
        first, *rest = self.taken
        self.returned.extendleft(reversed(rest))
        return first


class _Records:
    """The records after the header, each of the header's width or broken."""

    def __init__(self, stream: IO[bytes] | Recoded, delimiter: str, above_header: int) -> None:
        self._lines = _Lines(stream)
        self._delimiter = delimiter
        self._reader = csv.reader(self._lines, delimiter=delimiter, strict=True)
        self._count = 0
        self.next_block = self._lines.next_block
        self.header: list[str] = []
        for _ in range(above_header):
            self._next()
        while (settled := self._next()) and not settled[0]:
            pass
        self.header = settled[0] or [] if settled else []

    def numbers(self, many: int) -> range:
        """Numbers for so many records that were read elsewhere."""
        self._count += many
        return range(self._count - many + 1, self._count + 1)

    def of(self, block: bytes) -> Iterator[Item[Sequence[str]]]:
        """The records that begin in ``block``."""
        self._lines.put(block)
        while self._lines.returned and (settled := self._next()):
            (number,), (fields, line) = self.numbers(1), settled
            if fields is None:
                reason = (
                    f"the line does not have the header's {len(self.header)} columns, or a "
                    "quote in it is never closed"
                )
                yield BrokenRow(number, reason, line[:MAX_BROKEN_TEXT])
            else:
                yield number, fields, sum(map(len, self._lines.taken))

    def _next(self) -> tuple[list[str] | None, str] | None:
        """The next record, or None with its line; None alone at the end."""
        fields: list[str] | None = []
        while fields == []:
            self._lines.taken = []
            try:
                fields = next(self._reader)
            except StopIteration:
                return None
            except csv.Error:
                fields = None
        return self._settle(fields)

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
