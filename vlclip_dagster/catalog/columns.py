"""Names of feed columns: one spelling, and what other systems call the columns read here.

What belongs here: the table of aliases, and bringing a frame's columns under our names. What does
not: values.
"""

import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence

import polars as pl

REQUIRED = ("id", "title", "product_type", "image_link")
"""Columns without which a feed can't be read."""
MAX_COLUMNS = 1_000
"""Columns of a feed that are kept; further ones are dropped and told of."""
RESERVED = ("row_number", "feed", "root")
"""Columns that reading a feed adds itself."""
READ = (
    *("id", "title", "description", "product_type", "item_group_id", "gender", "age_group"),
    *("color", "material", "pattern", "brand", "price", "currency", "link"),
    *("image_link", "additional_image_link", "deleted", "action"),
)
"""Columns that mean something here; all others are attributes."""

# Our name: what it is called elsewhere, in order of preference, spelled as `column_name` does.
ALIASES: dict[str, tuple[str, ...]] = {
    "id": ("item_id", "product_id", "offer_id", "sku", "article_id", "asin", "item_identifier"),
    "title": ("name", "product_name", "product_title", "product_display_name", "item_name", "text"),
    "description": ("product_description", "body_html", "body", "long_description", "desc"),
    "product_type": (
        "type",
        "category",
        "product_category",
        "article_type",
        "category_name",
        "google_product_category",
        "category3",
        "category2",
        "category1",
    ),
    "image_link": ("image", "image_url", "main_image", "img", "img_url", "image_src", "picture"),
    "additional_image_link": (
        "additional_image_links",
        "additional_images",
        "additional_image_urls",
        "other_images",
        "images",
    ),
    "item_group_id": ("group_id", "parent_id", "parent_sku", "variant_group"),
    "color": ("colour", "base_colour", "base_color", "color_name", "colour_name"),
    "material": ("fabric", "fabric_type"),
    "brand": ("vendor", "manufacturer", "brand_name"),
    "gender": ("sex", "target_gender"),
    "age_group": ("agegroup", "target_age_group"),
    "price": ("regular_price", "list_price", "current_price"),
    "currency": ("price_currency", "currency_code"),
    "link": ("url", "product_url", "product_link"),
}

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_WORD = re.compile(r"[^\w]+|_+")


def column_name(raw: str) -> str:
    """A header as a name: ``"Image Link"``, ``"imageLink"`` and ``"g:image_link"`` are one."""
    text = unicodedata.normalize("NFKC", raw).strip().removeprefix("g:")
    return _NOT_WORD.sub("_", _WORD_START.sub("_", text).lower()).strip("_")[:64]


def canonical_names(headers: Sequence[str]) -> list[str]:
    """The name of each column in our spelling, unique; empty and repeated ones are numbered.

    Args:
        headers: the columns as the feed writes them, in order.
    """
    taken = set(RESERVED) | {name for header in headers if (name := column_name(header))}
    seen: set[str] = set(RESERVED)
    result = []
    for position, header in enumerate(headers, start=1):
        name = column_name(header)
        unique, copy = name or f"column_{position}", 2
        while unique in seen or (unique != name and unique in taken):
            unique, copy = f"{name or 'column'}_{copy}", copy + 1
        seen.add(unique)
        result.append(unique)
    return result


def canonical(frame: pl.DataFrame, renamed: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """The columns of a feed under our names.

    A column of ours is filled, row by row, with the first value there is: in the columns that
    ``renamed`` names for it, else in its own, however spelled, and its aliases. What filled it
    stands there alone.

    Args:
        frame: text, under the feed's own headers.
        renamed: our name → headers of the feed, from a mapping file.
    """
    names = canonical_names(frame.columns)
    by_header = dict(zip(frame.columns, names, strict=True))
    # One record may say "productType" where the next says "product type".
    spelled: defaultdict[str, list[str]] = defaultdict(list)
    for header, name in by_header.items():
        spelled[column_name(header)].append(name)
    frame = frame.rename(by_header)
    for ours, headers in renamed.items():
        mapped = (by_header.get(header, column_name(header)) for header in headers)
        frame = _filled(frame, ours, [*mapped, *spelled[ours]])
    for ours in READ:
        if ours not in renamed:
            called = (ours, *ALIASES.get(ours, ()))
            frame = _filled(frame, ours, [name for one in called for name in spelled[one]])
    return frame


def _filled(frame: pl.DataFrame, ours: str, sources: Sequence[str]) -> pl.DataFrame:
    """Fill column ``ours`` from ``sources``, in order of preference."""
    present = [name for name in dict.fromkeys(sources) if name in frame.columns]
    if not present or present == [ours]:
        return frame
    first, *others = present
    used = {
        name: pl.when(pl.coalesce(present[:place]).is_not_null()).then(name)
        for place, name in enumerate(others, start=1)
    }
    frame = frame.with_columns(pl.coalesce(present).alias(first), **used)
    free = (f"{ours}_{copy}" for copy in itertools.count(2))
    aside = next(name for name in free if name not in frame.columns)
    moved = {ours: aside} if first != ours and ours in others else {}
    return frame.rename(moved | {first: ours})
