"""From planned items to the rows of the feed and of the truth."""

import json
from collections.abc import Sequence

import numpy as np

from vlclip_dagster.catalog.generated.descriptions import description
from vlclip_dagster.catalog.generated.drawing import BY_SLUG
from vlclip_dagster.catalog.generated.palette import PALETTE
from vlclip_dagster.catalog.generated.patterns import PATTERNS
from vlclip_dagster.catalog.generated.photo import Box
from vlclip_dagster.catalog.generated.planning import Item
from vlclip_dagster.catalog.generated.titles import brand_of, title
from vlclip_dagster.catalog.generated.wording import COLOUR_WORDS, pick, true_words

COLUMNS = (
    "id", "item_group_id", "title", "description", "product_type", "gender", "age_group",
    "color", "material", "pattern", "brand", "price", "availability", "link", "image_link",
    "additional_image_link",
)  # fmt: skip
MISSING_SHARE = 0.15
WRONG_SHARE = 0.03


def item_id(number: int, seed: int) -> str:
    """An article number that tells nothing; different numbers never share one."""
    return f"SKU-{(number * 7919 + seed * 131) % 1_000_003:06d}"


def image_name(number: int, seed: int, spare: bool = False) -> str:
    """A photograph's path relative to the feed."""
    name = item_id(number, seed).lower().replace("-", "")
    return f"images/{name}_{2 if spare else 1}.jpg"


def feed_row(item: Item, seed: int) -> dict[str, str]:
    """The row of one item, keyed by ``COLUMNS``."""
    rng = np.random.default_rng([seed, item.number, 5])
    look, kind = item.look, BY_SLUG[item.look.slug]
    gender, trail = _department(item)
    own = item_id(item.number, seed)
    low, high = kind.price
    price = round(low + (high - low) * ((look.seed // 7) % 1000 / 1000) ** 2) - 0.1
    return {
        "id": own,
        "item_group_id": _group(item, seed, rng),
        "title": title(look, kind, gender, rng),
        "description": description(look, kind, gender, rng),
        "product_type": trail,
        "gender": _kept(gender, rng),
        "age_group": _kept("adult" if gender else "", rng),
        "color": _attribute(pick(COLOUR_WORDS[look.colour], rng).title(), tuple(PALETTE), rng),
        "material": _kept(look.material.capitalize(), rng),
        "pattern": _attribute(look.pattern.capitalize(), PATTERNS, rng),
        "brand": brand_of(look.seed) if item.role != "copy" or rng.random() < 0.6 else "",
        "price": f"{price:.2f} USD",
        "availability": pick(("in_stock", "in_stock", "in_stock", "out_of_stock"), rng),
        "link": f"https://shop.invalid/p/{own.lower()}",
        "image_link": image_name(item.number, seed),
        "additional_image_link": image_name(item.number, seed, True) if item.spare else "",
    }


def _department(item: Item) -> tuple[str, str]:
    """Gender and product type path; some shapes are only ever sold to women."""
    trail = BY_SLUG[item.look.slug].trail
    for_women = item.look.detail("heel") == "stiletto heel" or item.look.detail("fit") == "cropped"
    return trail[0] if for_women else trail[item.look.seed % len(trail)]


def _group(item: Item, seed: int, rng: np.random.Generator) -> str:
    """Variants share a group; a reseller's copy joins it every other time."""
    if item.role == "copy" and rng.random() < 0.5:
        return ""
    return f"G{(item.shape * 6121 + seed * 17) % 100_003:05d}"


def _kept(value: str, rng: np.random.Generator) -> str:
    return "" if rng.random() < MISSING_SHARE else value


def _attribute(value: str, others: Sequence[str], rng: np.random.Generator) -> str:
    """The value, or nothing, or now and then a wrong one."""
    draw = rng.random()
    if draw < MISSING_SHARE:
        return ""
    if draw < MISSING_SHARE + WRONG_SHARE:
        return pick(tuple(others), rng).capitalize()
    return value


def truth_row(item: Item, seed: int, size: tuple[int, int], box: Box) -> str:
    """What really is in one photograph, as a line of JSON."""
    source = None if item.copy_of is None else item_id(item.copy_of, seed)
    record = {
        "id": item_id(item.number, seed),
        "image": image_name(item.number, seed),
        "width": size[0],
        "height": size[1],
        "box": list(box),
        "type": item.look.slug,
        "attributes": true_words(item.look),
        "scene": "packshot" if item.on_white else "lifestyle",
        "shape": item.shape,
        "role": item.role,
        "duplicate_of": source,
        "duplicate_kind": item.copy_kind or None,
    }
    return json.dumps(record, ensure_ascii=False)
