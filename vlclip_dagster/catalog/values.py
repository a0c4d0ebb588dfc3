"""Single values of a feed made regular: prices, genders, age groups, lists of links.

What belongs here: pure functions from one text to one value. What does not: whole rows
(``schema``).
"""

import math
import re

import polars as pl

from vlclip_dagster.catalog.nested import decoded, links_in
from vlclip_dagster.catalog.texts import map_unique, patched

MAX_PHOTOGRAPHS = 10
"""Photographs of a product that are kept, the main one included."""

GENDERS = ("male", "female", "unisex")
"""Google Merchant's values of ``gender``."""
AGE_GROUPS = ("newborn", "infant", "toddler", "kids", "adult")
"""Google Merchant's values of ``age_group``."""

# English, German, French, Spanish and Italian, as the lists of noise.
_MALE = (
    *("male", "m", "man", "men", "mens", "boy", "boys", "gentlemen", "herren", "herr", "männer"),
    *("männlich", "jungen", "homme", "hommes", "garçon", "garçons", "hombre", "hombres", "niño"),
    *("niños", "masculino", "uomo", "uomini", "bambino"),
)
_FEMALE = (
    *("female", "f", "woman", "women", "womens", "girl", "girls", "ladies", "lady", "damen"),
    *("dame", "frauen", "weiblich", "mädchen", "femme", "femmes", "fille", "filles", "mujer"),
    *("mujeres", "niña", "niñas", "femenino", "donna", "donne", "bambina"),
)
_GENDER_WORDS = {
    **dict.fromkeys(_MALE, "male"),
    **dict.fromkeys(_FEMALE, "female"),
    **dict.fromkeys(("unisex", "both", "all", "any", "genderneutral"), "unisex"),
}
_AGE_WORDS = {
    **dict.fromkeys(("newborn", "newborns"), "newborn"),
    **dict.fromkeys(("infant", "infants", "baby", "babies"), "infant"),
    **dict.fromkeys(("toddler", "toddlers"), "toddler"),
    **dict.fromkeys(("kids", "kid", "child", "children", "junior", "juniors", "youth"), "kids"),
    **dict.fromkeys(("kinder", "enfant", "enfants", "niños", "bambini"), "kids"),
    **dict.fromkeys(("adult", "adults", "allages", "grownup"), "adult"),
    **dict.fromkeys(("erwachsene", "adulte", "adultes", "adultos", "adulti"), "adult"),
}
_NOT_LETTER = re.compile(r"[\W\d_]+")

_SYMBOLS = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW"}
_PRICE = re.compile(
    r"(?P<before>[A-Z]{3}|US\$|[$€£¥₹₩])?\s*(?P<number>\d[\d.,'’\s]*)(?:(?<=[.,])[-–—]{1,2})?\s*"
    r"(?P<after>[A-Z]{3}|US\$|[$€£¥₹₩])?"
)
# The usual spelling, which needs no other look.
_PLAIN_PRICE = r"^(?P<price>[0-9]{1,15}(?:\.[0-9]{1,9})?) (?P<code>[A-Z]{3})$"

_BETWEEN_LINKS = r"[,;|\n]"
_NEXT_LINK = re.compile(
    r"(?:(?<=\.jpg)|(?<=\.jpeg)|(?<=\.png)|(?<=\.webp)|(?<=\.gif)|(?<=\.avif))\s*[,|\n]"
    rf"|{_BETWEEN_LINKS}(?=\s*https?://)",
    re.IGNORECASE,
)


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
    """Read ``"52 USD"``, ``"USD 52"``, ``"$1,299.00"``, ``"1.299,00 €"`` or ``"49,- €"``.

    Returns:
        The amount in units of the currency, and its ISO 4217 code (None when not written);
        ``(None, None)`` for anything else: a range, a negative amount, words.
    """
    match = _PRICE.fullmatch(text.strip().upper())
    if match is None or (match["before"] and match["after"]):
        return None, None
    written = match["before"] or match["after"]
    # Whoever writes the sign writes for people: nobody shows them thousandths of a euro.
    amount = _number(
        re.sub(r"['’\s]", "", match["number"]), grouping=",." if written == "€" else ","
    )
    if amount is None:
        return None, None
    return amount, _SYMBOLS.get(written, written) if written else None


def _number(digits: str, grouping: str) -> float | None:
    """Read digits with separators: the last one marks the decimals, unless it groups thousands.

    Args:
        digits: with the separators between them.
        grouping: separators that group thousands where three digits follow.
    """
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return _finite(digits)
    mark, whole, part = digits[last], digits[:last], digits[last + 1 :]
    groups_thousands = digits.count(mark) > 1 or (mark in grouping and len(part) == 3)
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
    """The links of a field that may hold several: separated by commas, or a list or object."""
    nested = _nested_links(text)
    if nested is not None:
        return nested
    parts = (part for piece in _NEXT_LINK.split(text) for part in piece.split(","))
    return [link for part in parts if (link := part.strip())]


def photograph_links(main: str, additional: str | None) -> list[str]:
    """All links of a product without repeats, the main one first, ``MAX_PHOTOGRAPHS`` at most."""
    nested = _nested_links(main)
    # A comma may be part of the main link, unless what follows it is a link again.
    first = map(str.strip, _NEXT_LINK.split(main)) if nested is None else nested
    links = dict.fromkeys([*first, *parse_links(additional or "")])
    return [link for link in links if link][:MAX_PHOTOGRAPHS]


def photograph_lists(main: pl.Series, additional: pl.Series) -> pl.Series:
    """``photograph_links`` of each row; a row without any has an empty list."""
    pairs = pl.DataFrame({"main": main, "more": additional}).fill_null("")
    unusual = pairs.select(
        pl.col("main").str.contains(rf"^\s*[\[{{]|{_BETWEEN_LINKS}")
        | pl.col("more").str.contains(r"^\s*[\[{]|[;|\n]")
    ).to_series()
    link = pl.element().str.strip_chars()
    lists = pairs.select(
        pl.concat_list("main", pl.col("more").str.split(","))
        .list.eval(link.filter(link != ""))
        .list.unique(maintain_order=True)
        .list.head(MAX_PHOTOGRAPHS)
    ).to_series()
    if unusual.any():
        listed = [photograph_links(*pair) for pair in pairs.filter(unusual).iter_rows()]
        lists = patched(lists, unusual, lambda _: pl.Series(listed, dtype=pl.List(pl.String)))
    return lists.alias("photographs")


def _nested_links(text: str) -> list[str] | None:
    """The links of a list or object that ``text`` spells; None where it spells none."""
    value = decoded(text) if text.lstrip().startswith(("[", "{")) else None
    try:
        return None if value is None else [link for link in links_in(value) if link]
    except RecursionError:
        return None


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
