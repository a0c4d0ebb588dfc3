"""Feeds of JSON records: lines or an array; and parquet.

What belongs here: reading typed records as text. What does not: delimited text (``delimited``).
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import polars as pl

from vlclip_dagster.catalog.table import Feed, TableBuilder

_SPACE = re.compile(r"[\s,\[\]\ufeff]*")
_NEXT_OBJECT = re.compile(r"\n\s*\{")
_BROKEN_JSON = "the line is not a JSON object"


def read_json_lines(stream: TextIO) -> Feed:
    """Read one JSON object a line; a line that is none is a broken row, not the end."""
    table = TableBuilder()
    for number, line in enumerate(stream, start=1):
        if not line.strip("\ufeff \t\r\n\x00"):
            continue
        _take(table, number, _decode(line), line)
    return table.build()


def read_json_document(text: str) -> Feed:
    """Read an array of objects, or objects one after another over any number of lines.

    A damaged object is a broken row; reading goes on at the next line that opens an object.
    """
    table = TableBuilder()
    for number, (record, part) in enumerate(_values(text), start=1):
        _take(table, number, record, part)
    return table.build()


def read_parquet(path: Path) -> Feed:
    """Read a parquet file: numbers as text, nested values as JSON text.

    Columns of bytes are left out with a note.

    Raises:
        polars.exceptions.PolarsError: the file is damaged.
    """
    table = TableBuilder()
    frame = pl.read_parquet(path)
    binary = [name for name, kind in frame.schema.items() if kind == pl.Binary]
    for name in binary:
        table.note(f"its column '{name}' holds bytes and was left out")
    number = 0
    for batch in frame.drop(binary).iter_slices(20_000):
        columns = {series.name: _texts(series) for series in batch}
        for values in zip(*columns.values(), strict=True):
            number += 1
            table.add(number, dict(zip(columns, values, strict=True)))
    return table.build()


def _take(table: TableBuilder, number: int, record: Any, text: str) -> None:
    if isinstance(record, dict):
        table.add(number, {_plain(header): _text(value) for header, value in record.items()})
    else:
        table.reject(number, _BROKEN_JSON, _plain(text))


def _decode(text: str) -> Any:
    try:
        return json.loads(text.strip("\ufeff \t\r\n\x00"))
    except (ValueError, RecursionError):
        return None


def _values(text: str) -> Iterator[tuple[Any, str]]:
    """Each top-level value with its text; None for a stretch that can't be decoded."""
    decoder, position = json.JSONDecoder(), 0
    while (position := _SPACE.match(text, position).end()) < len(text):  # type: ignore[union-attr]
        try:
            value, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            following = _NEXT_OBJECT.search(text, position)
            value, end = None, following.start() if following else len(text)
        yield value, text[position:end]
        position = end


def _text(value: Any) -> str | None:
    """A JSON value as text; objects and arrays stay JSON."""
    if value is None:
        return None
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return _plain(value)


def _plain(text: str) -> str:
    """``text`` without lone surrogates, which JSON can spell and UTF-8 can't."""
    return text if text.isascii() else text.encode("utf-8", "ignore").decode("utf-8")


def _texts(series: pl.Series) -> list[str | None]:
    if series.dtype.is_nested():
        return [_text(value) for value in series.to_list()]
    return series.cast(pl.String).to_list()
