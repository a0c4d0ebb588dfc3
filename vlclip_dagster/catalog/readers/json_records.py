"""Feeds of JSON objects: one a line, or an array of them.

What belongs here: reading typed records as text, so that a damaged one costs no other. What does
not: records with a meaning of their own (``abo``).
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TextIO

from vlclip_dagster.catalog.streams import open_text
from vlclip_dagster.catalog.table import (
    MAX_BROKEN_TEXT,
    Batch,
    BrokenRow,
    Item,
    Record,
    Source,
    batched_records,
)

Flatten = Callable[[dict[str, Any]], Record]

_DECODER = json.JSONDecoder()
_MAX_RECORD = 4_000_000
_BLOCK = 1 << 20
_EDGE = "\ufeff \t\r\n\x00"
_BETWEEN = re.compile(r"[\s,\ufeff\x00\[]*")
_NEXT_OBJECT = re.compile(r"(?:\n\s*|\}\s*,\s*)(?=\{)")
# A document that is one object around the list of products, or two, and what a page of an
# interface says first: how many there are, or that all went well. An id or name is a product's.
_NO_PRODUCT = r'"(?!\w*(?:id|sku|asin|handle|name|title)")\w*"'
_WRAPPER = re.compile(
    rf'\s*\{{\s*(?:{_NO_PRODUCT}\s*:\s*(?:"[^"\\]*+"|[\w.+-]++)\s*,\s*'
    r'|"(?:data|response|result|catalog)"\s*:\s*\{\s*)*+'
    r'"(?:products|items|data|rows|results|entries|records|offers|listings|catalog'
    r'|resources)"\s*:\s*(?=\[)',
    re.IGNORECASE,
)
_BROKEN_JSON = "the line is not a JSON object"


def flat(record: dict[str, Any]) -> Record:
    """A record as text; objects and arrays stay JSON."""
    return {as_plain(header): as_text(value) for header, value in record.items()}


def is_wrapped(head: str) -> bool:
    """Whether a document starts as an object around the list of products."""
    return _WRAPPER.match(head) is not None


def read_lines(source: Source, flatten: Flatten = flat) -> Iterator[Batch]:
    """Read one JSON object a line; a line that is none is a broken row, not the end."""
    with open_text(source.path, source.encoding) as stream:
        lines = enumerate(iter(lambda: stream.readline(_MAX_RECORD), ""), start=1)
        values = ((number, _decode(line), line) for number, line in lines if line.strip(_EDGE))
        yield from batched_records(source, _items(values, flatten))


def read_document(source: Source, flatten: Flatten = flat) -> Iterator[Batch]:
    """Read an array of objects, or objects one after another over any number of lines.

    A damaged object is a broken row; reading goes on at the next line that opens an object.
    """
    with open_text(source.path, source.encoding) as stream:
        values = enumerate(_values(stream), start=1)
        items = ((number, value, text) for number, (value, text) in values)
        yield from batched_records(source, _items(items, flatten))


def as_text(value: Any) -> str | None:
    """A JSON value as text; objects and arrays stay JSON, and empty ones say nothing."""
    if value is None or value in ([], {}):
        return None
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return as_plain(value)


def as_plain(text: str) -> str:
    """``text`` without lone surrogates, which JSON can spell and UTF-8 can't."""
    return text if text.isascii() else text.encode("utf-8", "ignore").decode("utf-8")


def _items(values: Iterable[tuple[int, Any, str]], flatten: Flatten) -> Iterator[Item[Record]]:
    for number, value, text in values:
        if isinstance(value, dict):
            yield number, flatten(value), len(text)
        else:
            yield BrokenRow(number, _BROKEN_JSON, as_plain(text[:MAX_BROKEN_TEXT]))


def _decode(text: str) -> Any:
    try:
        return json.loads(text.strip(_EDGE))
    except (ValueError, RecursionError):
        return None


def _values(stream: TextIO) -> Iterator[tuple[Any, str]]:
    """Each value of the array with its text; None for a stretch that can't be decoded."""
    text = stream.read(_BLOCK)
    wrapper = _WRAPPER.match(text)
    position = wrapper.end() if wrapper else 0
    while True:
        position = _BETWEEN.match(text, position).end()  # type: ignore[union-attr]
        if text.startswith("]", position):
            if wrapper:
                return
            position += 1
            continue
        found = _first_value(text, position)
        # What can't be decoded, and a number at the very end, may go on in the next block.
        partial = found is None or (found[1] == len(text) and not isinstance(found[0], dict))
        if partial and len(text) - position < _MAX_RECORD and (more := stream.read(_BLOCK)):
            text, position = text[position:] + more, 0
            continue
        if position == len(text):
            return
        value, end = found or (None, _next_object(text, position))
        yield value, text[position:end]
        position = end


def _first_value(text: str, position: int) -> tuple[Any, int] | None:
    """The value at ``position`` and where it ends; None if there is none."""
    try:
        return _DECODER.raw_decode(text, position)
    except (ValueError, RecursionError):
        return None


def _next_object(text: str, position: int) -> int:
    following = _NEXT_OBJECT.search(text, position + 1)
    return following.end() if following else len(text)
