"""Single values of a feed made regular: prices, genders, age groups, lists of links.

What belongs here: pure functions from one text to one value. What does not: whole rows
(``schema``).
"""

import json
import math
import re

import polars as pl

from vlclip_dagster.catalog.texts import map_unique, patched

MAX_PHOTOGRAPHS = 10
"""Photographs of a product that are kept, the main one included."""

GENDERS = ("male", "female", "unisex")
"""Google Merchant's values of ``gender``."""
AGE_GROUPS = ("newborn", "infant", "toddler", "kids", "adult")
"""Google Merchant's values of ``age_group``."""

_GENDER_WORDS = {
    **dict.fromkeys(("male", "m", "man", "men", "mens", "boy", "boys", "gentlemen"), "male"),
    **dict.fromkeys(
        ("female", "f", "woman", "women", "womens", "girl", "girls", "ladies", "lady"), "female"
    ),
    **dict.fromkeys(("unisex", "both", "all", "any", "genderneutral"), "unisex"),
}
_AGE_WORDS = {
    **dict.fromkeys(("newborn", "newborns"), "newborn"),
    **dict.fromkeys(("infant", "infants", "baby", "babies"), "infant"),
    **dict.fromkeys(("toddler", "toddlers"), "toddler"),
    **dict.fromkeys(("kids", "kid", "child", "children", "junior", "juniors", "youth"), "kids"),
    **dict.fromkeys(("adult", "adults", "allages", "grownup"), "adult"),
}
_NOT_LETTER = re.compile(r"[^a-z]+")

_SYMBOLS = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW"}
_PRICE = re.compile(
    r"(?P<before>[A-Z]{3}|US\$|[$€£¥₹₩])?\s*(?P<number>\d[\d.,'’\s]*)\s*"
    r"(?P<after>[A-Z]{3}|US\$|[$€£¥₹₩])?"
)
# The usual spelling, which needs no other look.
_PLAIN_PRICE = r"^(?P<price>[0-9]{1,15}(?:\.[0-9]{1,9})?) (?P<code>[A-Z]{3})$"


def parse_prices(texts: pl.Series) -> pl.DataFrame:
    """``parse_price`` of each text, as columns ``price`` and ``code``."""
    plain = texts.str.extract_groups(_PLAIN_PRICE).struct.unnest()
    plain = plain.with_columns(pl.col("price").cast(pl.Float64))
    others = texts.set(plain["price"].is_not_null(), None)
    parsed = map_unique(others, _price_row, pl.Struct(plain.schema))
    return plain.select(pl.coalesce(name, parsed.struct[name]) for name in plain.columns)


def _price_row(text: str) -> dict[str, float | str | None]:
    price, code = parse_price(text)
    return {"price": price, "code": code}


def parse_price(text: str) -> tuple[float | None, str | None]:
    """Read ``"52 USD"``, ``"USD 52"``, ``"$1,299.00"`` or ``"1.299,00 €"``.

    Returns:
        The amount in units of the currency, and its ISO 4217 code (None when not written);
        ``(None, None)`` for anything else: a range, a negative amount, words.
    """
    match = _PRICE.fullmatch(text.strip().upper())
    if match is None or (match["before"] and match["after"]):
        return None, None
    amount = _number(re.sub(r"['’\s]", "", match["number"]))
    if amount is None:
        return None, None
    written = match["before"] or match["after"]
    return amount, _SYMBOLS.get(written, written) if written else None


def _number(digits: str) -> float | None:
    """Read digits with separators: the last one marks the decimals, unless it groups thousands."""
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return _finite(digits)
    mark, whole, part = digits[last], digits[:last], digits[last + 1 :]
    groups_thousands = digits.count(mark) > 1 or (mark == "," and len(part) == 3)
    whole = re.sub(r"[.,]", "", whole)
    return _finite(whole + part if groups_thousands else f"{whole}.{part}")


def _finite(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None


def parse_gender(text: str) -> str | None:
    """One of ``GENDERS``, or None when ``text`` is none of their usual names."""
    return _GENDER_WORDS.get(_NOT_LETTER.sub("", text.lower()))


def parse_age_group(text: str) -> str | None:
    """One of ``AGE_GROUPS``, or None when ``text`` is none of their usual names."""
    return _AGE_WORDS.get(_NOT_LETTER.sub("", text.lower()))


def parse_links(text: str) -> list[str]:
    """The links of a field that may hold several: separated by commas, or a JSON array."""
    if text.lstrip().startswith("["):
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            values = None
        if isinstance(values, list):
            return [value.strip() for value in values if isinstance(value, str) and value.strip()]
    return [link for part in text.split(",") if (link := part.strip())]


def photograph_links(main: str, additional: str | None) -> list[str]:
    """All links of a product without repeats, the main one first, ``MAX_PHOTOGRAPHS`` at most."""
    first = parse_links(main) if main.lstrip().startswith("[") else [main.strip()]
    return list(dict.fromkeys([*first, *parse_links(additional or "")]))[:MAX_PHOTOGRAPHS]


def photograph_lists(main: pl.Series, additional: pl.Series) -> pl.Series:
    """``photograph_links`` of each row; a row without any has an empty list."""
    pairs = pl.DataFrame({"main": main, "more": additional}).fill_null("")
    arrays = pairs.select(
        pl.any_horizontal(pl.all().str.strip_chars_start().str.starts_with("["))
    ).to_series()
    link = pl.element().str.strip_chars()
    lists = pairs.select(
        pl.concat_list("main", pl.col("more").str.split(","))
        .list.eval(link.filter(link != ""))
        .list.unique(maintain_order=True)
        .list.head(MAX_PHOTOGRAPHS)
    ).to_series()
    if arrays.any():
        listed = [photograph_links(*pair) for pair in pairs.filter(arrays).iter_rows()]
        lists = patched(lists, arrays, lambda _: pl.Series(listed, dtype=pl.List(pl.String)))
    return lists.alias("photographs")


def local_links(rows: pl.DataFrame) -> pl.Series:
    """The different links of a feed's rows that do not lead to the network."""
    nothing = pl.repeat(None, len(rows), dtype=pl.String, eager=True)
    main, additional = (
        rows[name] if name in rows.columns else nothing
        for name in ("image_link", "additional_image_link")
    )
    links = photograph_lists(main, additional).explode().drop_nulls()
    return links.filter(~links.str.contains("^(?i:https?)://")).unique(maintain_order=True)


def is_deletion(text: str | None) -> bool:
    """Whether a ``deleted`` or ``action`` field asks for the product to be taken away."""
    words = ("true", "yes", "y", "1", "delete", "deleted", "remove", "removed")
    return text is not None and text.strip().lower() in words
