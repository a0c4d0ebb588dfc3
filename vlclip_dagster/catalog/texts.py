"""Columns of foreign text made plain: what ``clean_text`` does, for many texts at once.

Most texts of a catalog need nothing, and most of the others only what a few regular expressions
do, over the whole column and without Python. What belongs here: telling those texts apart, and
rewriting them. What does not: the rules themselves (``text``), and shop noise (``noise``).
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import polars as pl

from vlclip_dagster.catalog.text import (
    CURLY,
    LINE_START,
    MAX_INPUT,
    MAX_OUTPUT,
    MAY_BE_DAMAGED,
    clean_text,
)

_BREAK = "\x1e"
# A text without any of this is clean as it is.
_WORK = r"[^ -~]|[<&]|  |^[ *-]| $"
# What only `clean_text` can judge: other letters, runs of them, and markup that may hide text.
_UNSUITED = (
    rf"{MAY_BE_DAMAGED}"
    r"|(?i)<[^<>]*(?:hidden|display|visibility|font-size|opacity)|style[^<>]*&"
)
_ATTRIBUTE = r"""\s+[a-z][a-z0-9_:-]*(?:\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=`]+))?"""
_BLOCK_TAG = (
    r"(?i)</?(?:p|div|br|hr|li|ul|ol|dl|dt|dd|h[1-6]|section|article|header|footer|blockquote"
    rf"|figure|figcaption)(?:{_ATTRIBUTE})*\s*/?>"
)
_INLINE_TAG = (
    r"(?i)</?(?:a|b|i|u|s|em|strong|span|small|big|sub|sup|font|mark|abbr|cite|code|del|ins)"
    rf"(?:{_ATTRIBUTE})*\s*/?>"
)
_ENTITIES = {
    **{"&nbsp;": " ", "&#160;": " ", "&quot;": '"', "&#34;": '"', "&apos;": "'", "&#39;": "'"},
    **{"&rsquo;": "'", "&lsquo;": "'", "&#8217;": "'", "&#8216;": "'", "&#x27;": "'"},
    **{"&ldquo;": '"', "&rdquo;": '"', "&#8220;": '"', "&#8221;": '"'},
    **{"&ndash;": "–", "&#8211;": "–", "&mdash;": "—", "&#8212;": "—", "&hellip;": "…"},
    **{"&bull;": "•", "&#8226;": "•", "&middot;": "·", "&trade;": "™", "&reg;": "®", "&copy;": "©"},
    **{"&deg;": "°", "&times;": "×", "&euro;": "€", "&pound;": "£", "&frac12;": "½"},
    **{"&eacute;": "é", "&egrave;": "è", "&agrave;": "à", "&auml;": "ä", "&ouml;": "ö"},
    **{"&uuml;": "ü", "&Auml;": "Ä", "&Ouml;": "Ö", "&Uuml;": "Ü", "&szlig;": "ß"},
    "&amp;": "&",
}
_CURLY_SIGNS = f"[{''.join(CURLY)}]"
_BULLETS = r"(?:[\s•·▪◦‣●○■□➤➔✓✔★]|[-*–]\s)+"
_HARMLESS_AMPERSAND = r"&(?: |$|[A-Z](?:[^A-Za-z0-9;]|$))"


def clean_texts(raw: pl.Series, limit: int = MAX_OUTPUT) -> pl.Series:
    """``clean_text`` of each text of ``raw``; null where nothing visible is left, or was given.

    Args:
        raw: text.
        limit: longest result in characters.
    """
    name, raw = raw.name, raw.alias("raw")
    text = pl.col("raw")
    busy = raw.to_frame().select(text.str.contains(_WORK) | (text.str.len_chars() > limit))
    clean = patched(raw, busy.to_series(), lambda texts: _clean_busy(texts, limit))
    return clean.set(clean == "", None).alias(name)


def map_unique(series: pl.Series, function: Callable[[str], Any], dtype: Any) -> pl.Series:
    """Apply ``function`` once to each different text of ``series``; null stays null.

    Args:
        series: text.
        function: from a text to a value of ``dtype``, or None.
        dtype: the polars type of the result.
    """
    unique = series.drop_nulls().unique()
    results = pl.Series("@to", [function(value) for value in unique], dtype=dtype)
    table = pl.DataFrame({"@from": unique, "@to": results})
    keys = series.alias("@from").to_frame()
    joined = keys.join(table, on="@from", how="left", maintain_order="left")
    return joined["@to"].alias(series.name)


def patched(
    series: pl.Series, where: pl.Series, function: Callable[[pl.Series], pl.Series]
) -> pl.Series:
    """``series`` with ``function`` applied to the rows where ``where`` is true.

    Args:
        series: any column.
        where: which rows; null counts as false.
        function: from the chosen rows to as many new values.
    """
    chosen = series.filter(where)
    if chosen.is_empty():
        return series
    places = where.fill_null(False).cum_sum().cast(pl.Int64) - 1
    changed = function(chosen).gather(places.clip(0))
    return changed.zip_with(where.fill_null(False), series)


def _clean_busy(texts: pl.Series, limit: int) -> pl.Series:
    """Rewrite by expressions what they can do; the rest one by one."""
    curly = texts.str.contains(_CURLY_SIGNS)
    simple = patched(texts, curly, lambda chosen: chosen.str.replace_many(CURLY))
    marked = simple.str.contains("<", literal=True)
    simple = patched(simple, marked, _without_tags)
    simple = patched(simple, ~marked, _with_breaks)
    simple = patched(simple, simple.str.contains("&", literal=True), _unescaped)
    simple = _one_line(simple)
    refused = (
        texts.str.contains(_UNSUITED)
        | simple.str.contains(rf"<|[^\x00-\x7f]{{2}}|{_CURLY_SIGNS}")
        | simple.str.replace_all(_HARMLESS_AMPERSAND, "").str.contains("&", literal=True)
        | (simple.str.len_chars() > limit)
        | (texts.str.len_bytes() > MAX_INPUT)
    )
    one_by_one = map_unique(texts.filter(refused), partial(clean_text, limit=limit), pl.String)
    return patched(simple, refused, lambda _: one_by_one)


def _without_tags(texts: pl.Series) -> pl.Series:
    return texts.str.replace_all(_BLOCK_TAG, _BREAK).str.replace_all(_INLINE_TAG, "")


def _unescaped(texts: pl.Series) -> pl.Series:
    return texts.str.replace_many(_ENTITIES)


def _with_breaks(texts: pl.Series) -> pl.Series:
    return texts.str.replace_all(r"\n\s*\n", _BREAK).str.replace_all(
        rf"\n({LINE_START})", _BREAK + "$1"
    )


def _one_line(texts: pl.Series) -> pl.Series:
    """Pieces between breaks as sentences in one line; see ``text._join``."""
    return (
        texts.str.replace_all(r"[\n\t\u00a0 ]{2,}|[\n\t\u00a0]", " ")
        .str.replace_all(rf"(^|{_BREAK}){_BULLETS}", "$1")
        .str.replace_all(rf" *{_BREAK}[ {_BREAK}]*", _BREAK)
        .str.strip_chars(_BREAK + " ")
        .str.replace_all(rf"([.!?:;,…]){_BREAK}", "$1 ")
        .str.replace_all(_BREAK, ". ", literal=True)
    )
