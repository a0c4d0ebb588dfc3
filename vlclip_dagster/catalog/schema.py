"""Rows of a feed made into products, or rejected with all their reasons.

What belongs here: what a product needs, and the shape it is given; whole columns at a time. What
does not: reading the feed (``feeds``), single values (``values``, ``texts``), photographs' bytes
(``images``), and what other rows and earlier drops say (``landing``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import polars as pl

from vlclip_dagster.catalog.columns import READ, RESERVED
from vlclip_dagster.catalog.encoded import json_object
from vlclip_dagster.catalog.nested import spelled_out
from vlclip_dagster.catalog.noise import without_noise
from vlclip_dagster.catalog.rejected import rejected_rows
from vlclip_dagster.catalog.slug import leaf_type, slugify
from vlclip_dagster.catalog.text import clean_text
from vlclip_dagster.catalog.texts import clean_texts, map_unique
from vlclip_dagster.catalog.values import (
    is_deletion,
    parse_age_group,
    parse_gender,
    parse_prices,
    photograph_lists,
)
from vlclip_dagster.tables import PRODUCT_FIELDS

MAX_ID = 200
"""Characters of a product's id at most."""

PRODUCT_SCHEMA = {"item_id": pl.String, **PRODUCT_FIELDS}
"""Columns of a product row: those of ``raw_catalog`` but its key and error."""

PLACE_SCHEMA = {"feed": pl.String, "row_number": pl.Int64}
"""Where a row stands: the feed's file, and the row in it."""

_NAME_LIMIT, _ATTRIBUTE_LIMIT = 200, 500
_WORDS = ("color", "material", "pattern", "brand")
# What stands between the parts of a list that a feed writes into one field.
_JOINTS = {"title": " ", "description": "\n\n", "product_type": " > "}
_LIMITS = {"title": 500, "description": 5_000, "item_group_id": _NAME_LIMIT}
_LIMITS |= dict.fromkeys(_WORDS, _NAME_LIMIT)
_HIDDEN_IN_ID = r"[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]"
_WEB_LINK = r"^(?i:https?)://[^\s\p{C}\p{Z}]+$"


@dataclass(frozen=True)
class Validated:
    """Rows of a feed, judged.

    Attributes:
        products: good rows in feed order (``PRODUCT_SCHEMA`` and ``PLACE_SCHEMA``).
        rejected: the others (``REJECTED_SCHEMA``).
        deleted: ids that rows of the feed mark as deleted.
        rows: what was judged, each with its place.
    """

    products: pl.DataFrame
    rejected: pl.DataFrame
    deleted: frozenset[str]
    rows: pl.DataFrame


def validate(
    rows: pl.DataFrame,
    shop: str,
    root: str,
    *,
    feed: str = "",
    type_names: Mapping[str, str] | None = None,
) -> Validated:
    """Split ``rows`` into products and rejected rows.

    A product needs an id (up to ``MAX_ID`` visible characters), a title and a product type with
    visible text, and a photograph's link. All else may be absent; a value that can't be
    understood (price, gender, age group) is null and stays among the attributes.

    Args:
        rows: those of a ``Batch``.
        shop: the shop's key.
        root: folder or address that relative photograph links resolve against.
        feed: the feed's file name.
        type_names: key of each product type that goes by another name → that name.
    """
    rows = _filled(rows).with_columns(pl.lit(feed).alias("feed"))
    complete = _complete(rows)
    removed = _marked_deleted(complete)
    judged = _judged(_cleaned(complete.filter(~removed), type_names or {}))
    bad = judged["@reasons"].list.len() > 0
    return Validated(
        _products(judged.filter(~bad), shop, root),
        rejected_rows(
            rows.filter(~removed).filter(bad),
            shop,
            judged.filter(bad)["@slug"],
            judged.filter(bad)["@reasons"],
        ),
        frozenset(complete.filter(removed)["id"].str.strip_chars().to_list()),
        rows,
    )


def _filled(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows that say anything: spreadsheets end in rows of empty cells."""
    said = [name for name in rows.columns if name not in RESERVED]
    return rows.filter(pl.any_horizontal(pl.col(said).is_not_null())) if said else rows


def _complete(rows: pl.DataFrame) -> pl.DataFrame:
    """Add the columns that are read and the feed left out, as null."""
    absent = [name for name in (*READ, "root") if name not in rows.columns]
    return rows.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)


def _marked_deleted(rows: pl.DataFrame) -> pl.Series:
    """Which rows have an id and ask for the product to be taken away."""
    deleted, action = (
        map_unique(rows[name], is_deletion, pl.Boolean).fill_null(False)
        for name in ("deleted", "action")
    )
    return (deleted | action) & rows["id"].is_not_null()


def _cleaned(rows: pl.DataFrame, type_names: Mapping[str, str]) -> pl.DataFrame:
    """Add clean values beside the raw ones, each under its name with an ``@`` before it."""
    said = {
        name: spelled_out(rows[name], _JOINTS.get(name, ", "))
        for name in (*_LIMITS, "product_type")
    }
    kind = map_unique(said["product_type"], partial(_display_name, type_names), pl.String)
    clean = {name: clean_texts(said[name], limit) for name, limit in _LIMITS.items()}
    clean["title"] = without_noise(clean["title"], title=True)
    clean["description"] = without_noise(clean["description"])
    return rows.with_columns(
        pl.col("id").str.strip_chars().alias("@id"),
        kind.alias("@product_type"),
        map_unique(kind, slugify, pl.String).alias("@slug"),
        photograph_lists(rows["image_link"], rows["additional_image_link"]).alias("@photographs"),
        *(texts.alias(f"@{name}") for name, texts in clean.items()),
    )


def _display_name(type_names: Mapping[str, str], path: str) -> str | None:
    """What people call a product type, by its path: its leaf, unless it goes by another name."""
    whole = clean_text(path, 2_000)
    leaf = leaf_type(whole)[:_NAME_LIMIT].strip()
    if not leaf:
        return None
    return type_names.get(slugify(whole)) or type_names.get(slugify(leaf)) or leaf


def _judged(rows: pl.DataFrame) -> pl.DataFrame:
    """Add ``@reasons``: why a row can't be a product, empty if it can."""
    rules = {
        "it has no id": pl.col("@id").is_null(),
        f"its id is longer than {MAX_ID} characters": pl.col("@id").str.len_chars() > MAX_ID,
        "its id holds invisible characters": pl.col("@id").str.contains(_HIDDEN_IN_ID),
        "it has no title": pl.col("@title").is_null(),
        "it has no product type": pl.col("@product_type").is_null(),
        "it has no image_link": pl.col("@photographs").list.len() == 0,
    }
    reasons = [pl.when(rule).then(pl.lit(reason)) for reason, rule in rules.items()]
    return rows.with_columns(pl.concat_list(reasons).list.drop_nulls().alias("@reasons"))


def _products(good: pl.DataFrame, shop: str, root: str) -> pl.DataFrame:
    """Good rows in the shape of ``PRODUCT_SCHEMA``, with their places."""
    price = parse_prices(spelled_out(good["price"], " "))
    gender = map_unique(good["gender"], parse_gender, pl.String)
    age_group = map_unique(good["age_group"], parse_age_group, pl.String)
    not_understood = {"gender": gender, "age_group": age_group, "price": price["price"]}
    currency = pl.col("currency").str.strip_chars().str.to_uppercase()
    link = pl.col("link").str.strip_chars()
    safe = link.str.contains(_WEB_LINK) & (link.str.len_chars() <= 2_000)
    clean = {name: pl.col(f"@{name}") for name in ("id", "slug", "product_type", "title", *_WORDS)}
    columns: dict[str, pl.Expr | pl.Series] = {
        **clean,
        "shop": pl.lit(shop),
        "item_id": pl.format("{}/{}", pl.lit(shop), "@id"),
        "item_group_id": pl.format("{}/{}", pl.lit(shop), pl.coalesce("@item_group_id", "@id")),
        "description": pl.col("@description").fill_null(""),
        "raw_title": pl.col("title"),
        "raw_description": pl.col("description").fill_null(""),
        "gender": gender,
        "age_group": age_group,
        "price": price["price"],
        "currency": pl.coalesce(
            pl.lit(price["code"]),
            pl.when(currency.str.contains("^[A-Z]{3}$")).then(currency),
        ),
        "link": pl.when(safe).then(link),
        "attributes": _attributes(good, not_understood),
        "photographs": pl.col("@photographs").list.eval(
            pl.struct(
                pl.element().alias("link"),
                pl.lit(None, pl.String).alias("sha256"),
                pl.lit(None, pl.Int64).alias("size"),
            )
        ),
        "root": pl.col("root").fill_null(root),
    }
    return good.select(**columns, **{name: pl.col(name) for name in PLACE_SCHEMA}).select(
        pl.col(name).cast(kind) for name, kind in (PRODUCT_SCHEMA | PLACE_SCHEMA).items()
    )


def _attributes(good: pl.DataFrame, not_understood: Mapping[str, pl.Series]) -> pl.Series:
    """The feed's other columns as clean JSON text, with the values that were not understood."""
    known = {*READ, *RESERVED}
    raw = {name: good[name] for name in good.columns if name[:1] != "@" and name not in known}
    for name, understood in not_understood.items():
        raw[name] = good[name].set(understood.is_not_null(), None)
    clean = {
        name: clean_texts(raw[name], _ATTRIBUTE_LIMIT)
        for name in sorted(raw)
        if raw[name].null_count() < len(good)
    }
    return json_object(pl.DataFrame(clean), height=len(good)).alias("attributes")
