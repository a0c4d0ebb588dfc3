"""Lists and objects that a feed writes into one field: as JSON, or as Python prints a list.

What belongs here: what they say, as text and as links. What does not: which column means what
(``columns``), and plain values (``values``).
"""

import itertools
import json
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import polars as pl

from vlclip_dagster.catalog.texts import map_unique, patched

# Which of an object's fields is what it says, and which is its link; the first that is filled in.
_SAYS = ("name", "value", "amount", "title", "label", "en", "en_US", "en-US")
_LINKS = ("hi_res", "large", "src", "url", "contentUrl", "link", "href", "image")
_QUOTED = re.compile(r"""'[^']*'|"[^"]*\"""")
_PYTHON_LIST = re.compile(rf"\[\s*(?:(?:{_QUOTED.pattern})\s*,?\s*)*+\]")


def decoded(text: str) -> Any:
    """The list or object that ``text`` spells; None where it spells none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        if _PYTHON_LIST.fullmatch(text.strip()):
            return [part[1:-1] for part in _QUOTED.findall(text)]
        return None
    return value if isinstance(value, list | dict) else None


def spelled_out(texts: pl.Series, joint: str) -> pl.Series:
    """``texts`` with lists and objects as what their parts say.

    Args:
        texts: a column of a feed.
        joint: what stands between two parts of a list.
    """
    nested = texts.str.contains(r"^\s*[\[{]")
    each = partial(_spelled_out, joint=joint)
    return patched(texts, nested, lambda chosen: map_unique(chosen, each, pl.String))


def links_in(value: Any) -> Iterator[str]:
    """The links of a decoded value, in order; of one in several sizes, the largest."""
    if isinstance(value, str) and value.strip():
        yield _encodable(value)
    elif isinstance(value, list):
        for one in value:
            yield from links_in(one)
    elif isinstance(value, dict):
        sizes = [value[name] for name in _LINKS if value.get(name)]
        # Amazon's reviews hold each size as a list of its own, with gaps.
        each = [size if isinstance(size, list) else [size] for size in sizes]
        for place in itertools.zip_longest(*each):
            yield next((_encodable(link) for link in place if isinstance(link, str)), "")


def _spelled_out(text: str, joint: str) -> str:
    value = decoded(text)
    if value is None:
        return text
    try:
        return joint.join(_said(value)) if value else ""
    except RecursionError:
        return text


def _said(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _said(one)
    elif isinstance(value, dict):
        known = (value[name] for name in _SAYS if value.get(name))
        said = next(known, next(filter(None, value.values()), None))
        currency = value.get("currency")
        yield from (f"{one} {currency}" if currency else one for one in _said(said))
    elif value is not None and not isinstance(value, bool):
        yield _encodable(str(value))


def _encodable(text: str) -> str:
    """``text`` without the lone surrogates that JSON can spell and UTF-8 can't."""
    return text.encode("utf-8", "ignore").decode("utf-8").strip()
