"""A feed as a table of text, built record by record.

What belongs here: what every feed format ends in. What does not: reading a format
(``delimited``, ``records``), or judging values (``schema``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from vlclip_dagster.catalog.columns import MAX_COLUMNS, canonical_names

_CHUNK = 20_000
_MAX_BROKEN_TEXT = 100_000


@dataclass(frozen=True)
class BrokenRow:
    """A record that could not be read at all: its number, why, and its text as it stands."""

    row_number: int
    reason: str
    text: str


@dataclass(frozen=True)
class Feed:
    """What a feed holds.

    Attributes:
        rows: ``row_number`` (counted from 1, the header not counted; the line in JSON lines)
            and every column of the feed as text under its canonical name, blank as null.
        broken: records that could not be read.
        problems: sentences about the feed as a whole that its owner should know.
    """

    rows: pl.DataFrame
    broken: tuple[BrokenRow, ...] = ()
    problems: tuple[str, ...] = ()


class TableBuilder:
    """Collects records and broken rows; memory holds one chunk of records as Python objects."""

    def __init__(self, headers: Iterable[str] = ()) -> None:
        self._headers: dict[str, None] = dict.fromkeys(headers)
        self._numbers: list[int] = []
        self._records: list[Mapping[str, str | None]] = []
        self._frames: list[pl.DataFrame] = []
        self._broken: list[BrokenRow] = []
        self._problems: dict[str, None] = {}

    def add(self, row_number: int, record: Mapping[str, str | None]) -> None:
        """Take one record, as header → text."""
        if not record.keys() <= self._headers.keys():
            self._widen(record)
        self._numbers.append(row_number)
        self._records.append(record)
        if len(self._records) >= _CHUNK:
            self._flush()

    def reject(self, row_number: int, reason: str, text: str) -> None:
        """Take note of a record that can't be read."""
        self._broken.append(BrokenRow(row_number, reason, text[:_MAX_BROKEN_TEXT]))

    def note(self, problem: str) -> None:
        """Take note of a problem of the whole feed."""
        self._problems[problem] = None

    def build(self) -> Feed:
        """Everything that was taken in, columns renamed to ours."""
        self._flush()
        headers = list(self._headers)
        empty = pl.DataFrame(schema=dict.fromkeys(headers, pl.String))
        values = pl.concat([empty, *self._frames], how="diagonal")
        rows = values.rename(dict(zip(headers, canonical_names(headers), strict=True)))
        rows = rows.insert_column(0, pl.Series("row_number", self._numbers, dtype=pl.Int64))
        return Feed(rows, tuple(self._broken), tuple(self._problems))

    def _widen(self, record: Mapping[str, str | None]) -> None:
        for header in record:
            if header in self._headers:
                continue
            if len(self._headers) < MAX_COLUMNS:
                self._headers[header] = None
            else:
                self.note(f"it has more than {MAX_COLUMNS:,} columns; the rest was left out")

    def _flush(self) -> None:
        records, self._records = self._records, []
        columns = {header: [record.get(header) for record in records] for header in self._headers}
        frame = pl.DataFrame(columns, schema=dict.fromkeys(self._headers, pl.String))
        self._frames.append(blank_to_null(frame))


def blank_to_null(frame: pl.DataFrame) -> pl.DataFrame:
    """Text that is empty or only white space, as null."""
    text = pl.col(pl.String)
    return frame.with_columns(pl.when(text.str.strip_chars() != "").then(text))
