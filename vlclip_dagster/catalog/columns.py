"""Names of feed columns: one spelling, and what other systems call the columns read here.

What belongs here: the table of aliases and the required columns. What does not: values.
"""

import re
import unicodedata
from collections.abc import Sequence

REQUIRED = ("id", "title", "product_type", "image_link")
"""Columns without which a feed can't be read."""
MAX_COLUMNS = 1_000
"""Columns of a feed that are kept; further ones are dropped and told of."""
RESERVED = ("row_number", "feed")
"""Columns that reading a feed adds itself."""

# Our name: what it is called elsewhere, in order of preference, spelled as `column_name` does.
ALIASES: dict[str, tuple[str, ...]] = {
    "id": ("item_id", "product_id", "offer_id", "sku", "article_id", "asin", "item_identifier"),
    "title": ("name", "product_name", "product_title", "product_display_name", "item_name"),
    "description": ("product_description", "body_html", "body", "long_description", "desc"),
    "product_type": (
        "type",
        "category",
        "product_category",
        "article_type",
        "category_name",
        "google_product_category",
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
    """The name of each column, unique, with aliases replaced where our own name is absent.

    Args:
        headers: the columns as the feed writes them, in order.
    """
    names = _unique([column_name(header) for header in headers])
    position = {name: index for index, name in enumerate(names)}
    for ours, aliases in ALIASES.items():
        alias = next((alias for alias in aliases if alias in position), None)
        if ours not in position and alias is not None:
            names[position.pop(alias)] = ours
    return names


def _unique(names: list[str]) -> list[str]:
    """Number empty and repeated names; the first column of a name keeps it."""
    taken = set(RESERVED) | {name for name in names if name}
    seen: set[str] = set(RESERVED)
    result = []
    for position, name in enumerate(names, start=1):
        unique, copy = name or f"column_{position}", 2
        while unique in seen or (unique != name and unique in taken):
            unique, copy = f"{name or 'column'}_{copy}", copy + 1
        seen.add(unique)
        result.append(unique)
    return result
