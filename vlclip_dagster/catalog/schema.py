"""Rows of a feed made into products, or rejected with all their reasons.

What belongs here: what a product needs, and the shape it is given. What does not: reading the
feed (``feeds``), single values (``values``, ``text``), photographs' bytes (``images``), and
what changed since the last drop (``landing``).
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from vlclip_dagster.catalog.columns import RESERVED
from vlclip_dagster.catalog.rejected import rejected_rows
from vlclip_dagster.catalog.slug import leaf_type, slugify
from vlclip_dagster.catalog.text import clean_text
from vlclip_dagster.catalog.values import (
    is_deletion,
    parse_age_group,
    parse_gender,
    parse_price,
    photograph_links,
    web_link,
)

MAX_ID = 200
"""Characters of a product's id at most."""

PRODUCT_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    **dict.fromkeys(("item_id", "shop", "id", "item_group_id", "slug", "product_type"), pl.String),
    **dict.fromkeys(("title", "description", "raw_title", "raw_description"), pl.String),
    **dict.fromkeys(("gender", "age_group", "color", "material", "pattern", "brand"), pl.String),
    "price": pl.Float64,
    **dict.fromkeys(("currency", "link", "attributes"), pl.String),
    "photographs": pl.List(pl.Struct({"link": pl.String, "sha256": pl.String, "size": pl.Int64})),
    "root": pl.String,
}
"""Columns of a product row: those of ``raw_catalog`` but its key and error."""

_TITLE_LIMIT, _NAME_LIMIT, _ATTRIBUTE_LIMIT = 500, 200, 500
_WORDS = ("color", "material", "pattern", "brand")
_READ = (
    *("id", "title", "description", "product_type", "item_group_id", "gender", "age_group"),
    *(*_WORDS, "price", "currency", "link", "image_link", "additional_image_link"),
    *("deleted", "action"),
)
_HIDDEN_IN_ID = r"[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]"


@dataclass(frozen=True)
class Validated:
    """The rows of a feed, judged.

    Attributes:
        products: good rows in feed order (``PRODUCT_SCHEMA``).
        rejected: the others (``REJECTED_SCHEMA``).
        deleted: ids that rows of the feed mark as deleted.
    """

    products: pl.DataFrame
    rejected: pl.DataFrame
    deleted: frozenset[str]


def validate(rows: pl.DataFrame, shop: str, root: str) -> Validated:
    """Split ``rows`` into products and rejected rows.

    A product needs an id (up to ``MAX_ID`` visible characters, once in a drop), a title and a
    product type with visible text, and a photograph's link. All else may be absent; a value that
    can't be understood (price, gender, age group) is null and stays among the attributes.

    Args:
        rows: a ``Feed``'s rows, with a column ``feed`` (the file's name) if there are several.
        shop: the shop's key.
        root: folder or address that relative photograph links resolve against.
    """
    columns = [name for name in rows.columns if name not in RESERVED]
    rows = _complete(rows)
    removed = _marked_deleted(rows)
    judged = _judged(_cleaned(rows.filter(~removed)))
    bad = pl.col("@reasons").list.len() > 0
    rejected = judged.filter(bad).select(
        "feed",
        "row_number",
        *columns,
        pl.col("@slug").alias("slug"),
        pl.col("@reasons").alias("reasons"),
    )
    return Validated(
        _products(judged.filter(~bad), shop, root),
        rejected_rows(rejected, shop, columns),
        frozenset(rows.filter(removed)["id"].str.strip_chars().to_list()),
    )


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


def _complete(rows: pl.DataFrame) -> pl.DataFrame:
    """Add the columns that are read and the feed left out, as null."""
    absent = [name for name in (*_READ, "feed") if name not in rows.columns]
    nothing = pl.lit(None, dtype=pl.String)
    return rows.with_columns(nothing.alias(name) for name in absent).with_columns(
        pl.col("feed").fill_null("")
    )


def _marked_deleted(rows: pl.DataFrame) -> pl.Series:
    """Which rows have an id and ask for the product to be taken away."""
    deleted, action = (
        map_unique(rows[name], is_deletion, pl.Boolean).fill_null(False)
        for name in ("deleted", "action")
    )
    return (deleted | action) & rows["id"].is_not_null()


def _clean_to(limit: int) -> Callable[[str], str | None]:
    return lambda text: clean_text(text, limit) or None


def _cleaned(rows: pl.DataFrame) -> pl.DataFrame:
    """Add clean values beside the raw ones, each under its name with an ``@`` before it."""
    kind = map_unique(rows["product_type"], lambda path: _display_name(path), pl.String)
    limits = {"title": _TITLE_LIMIT, "description": 5_000, "item_group_id": _NAME_LIMIT}
    limits |= dict.fromkeys(_WORDS, _NAME_LIMIT)
    return rows.with_columns(
        pl.col("id").str.strip_chars().alias("@id"),
        kind.alias("@product_type"),
        map_unique(kind, slugify, pl.String).alias("@slug"),
        *(
            map_unique(rows[name], _clean_to(limit), pl.String).alias(f"@{name}")
            for name, limit in limits.items()
        ),
    )


def _display_name(path: str) -> str | None:
    return leaf_type(clean_text(path, 2_000))[:_NAME_LIMIT].strip() or None


def _judged(rows: pl.DataFrame) -> pl.DataFrame:
    """Add ``@reasons``: why a row can't be a product, empty if it can."""
    rules = {
        "it has no id": pl.col("@id").is_null(),
        f"its id is longer than {MAX_ID} characters": pl.col("@id").str.len_chars() > MAX_ID,
        "its id holds invisible characters": pl.col("@id").str.contains(_HIDDEN_IN_ID),
        "it has no title": pl.col("@title").is_null(),
        "it has no product type": pl.col("@product_type").is_null(),
        "it has no image_link": pl.col("image_link").is_null(),
    }
    reasons = [pl.when(rule).then(pl.lit(reason)) for reason, rule in rules.items()]
    rows = rows.with_columns(pl.concat_list(reasons).list.drop_nulls().alias("@reasons"))
    good = pl.col("@reasons").list.len() == 0
    rows = rows.with_row_index("@index").with_columns(
        pl.when(good).then("@index").min().over("@id").alias("@first"),
        pl.format("row {} of {}", "row_number", "feed").str.strip_suffix(" of ").alias("@where"),
    )
    places = rows.select(pl.col("@index").alias("@first"), pl.col("@where").alias("@there"))
    rows = rows.join(places, on="@first", how="left", maintain_order="left")
    told = pl.format("its id is used twice: {} keeps it, {} repeats it", "@there", "@where")
    repeated = good & (pl.col("@index") > pl.col("@first"))
    return rows.with_columns(
        pl.when(repeated).then(pl.concat_list(told)).otherwise("@reasons").alias("@reasons")
    )


def _products(good: pl.DataFrame, shop: str, root: str) -> pl.DataFrame:
    """Good rows in the shape of ``PRODUCT_SCHEMA``."""
    price = map_unique(
        good["price"], _price_and_currency, pl.Struct({"price": pl.Float64, "code": pl.String})
    )
    gender = map_unique(good["gender"], parse_gender, pl.String)
    age_group = map_unique(good["age_group"], parse_age_group, pl.String)
    not_understood = {"gender": gender, "age_group": age_group, "price": price.struct["price"]}
    clean = {name: pl.col(f"@{name}") for name in ("id", "slug", "product_type", "title", *_WORDS)}
    group = pl.coalesce("@item_group_id", "@id")
    currency = map_unique(good["currency"], _currency, pl.String)
    columns: dict[str, pl.Expr | pl.Series] = {
        **clean,
        "shop": pl.lit(shop),
        "item_id": pl.format("{}/{}", pl.lit(shop), "@id"),
        "item_group_id": pl.format("{}/{}", pl.lit(shop), group),
        "description": pl.col("@description").fill_null(""),
        "raw_title": pl.col("title"),
        "raw_description": pl.col("description").fill_null(""),
        "gender": gender,
        "age_group": age_group,
        "price": price.struct["price"],
        "currency": pl.coalesce(pl.lit(price.struct["code"]), pl.lit(currency)),
        "link": map_unique(good["link"], web_link, pl.String),
        "attributes": _attributes(good, not_understood),
        "photographs": _photographs(good),
        "root": pl.lit(root),
    }
    return good.select(**columns).select(
        pl.col(name).cast(kind) for name, kind in PRODUCT_SCHEMA.items()
    )


def _price_and_currency(text: str) -> dict[str, Any]:
    price, code = parse_price(text)
    return {"price": price, "code": code}


def _currency(text: str) -> str | None:
    code = text.strip().upper()
    return code if len(code) == 3 and code.isascii() and code.isalpha() else None


def _attributes(good: pl.DataFrame, not_understood: dict[str, pl.Series]) -> pl.Series:
    """The feed's other columns as clean JSON text, with the values that were not understood."""
    others = [
        name
        for name in good.columns
        if not name.startswith("@") and name not in _READ and name not in RESERVED
    ]
    raw = {name: good[name] for name in others}
    for name, understood in not_understood.items():
        raw[name] = good[name].set(understood.is_not_null(), None)
    present = {name: raw[name] for name in sorted(raw) if raw[name].null_count() < len(good)}
    clean = [map_unique(raw, _clean_to(_ATTRIBUTE_LIMIT), pl.String) for raw in present.values()]
    texts = (_json_object(present, values) for values in zip(*clean, strict=True))
    return pl.Series("attributes", list(texts) if clean else ["{}"] * len(good), dtype=pl.String)


def _json_object(names: Iterable[str], values: Iterable[str | None]) -> str:
    pairs = zip(names, values, strict=True)
    return json.dumps({name: value for name, value in pairs if value}, ensure_ascii=False)


def _photographs(good: pl.DataFrame) -> pl.Series:
    """Links of each product; hashes and sizes are filled in where the drop knows them."""
    pairs = zip(good["image_link"], good["additional_image_link"], strict=True)
    links = pl.Series(
        "photographs", [photograph_links(*pair) for pair in pairs], pl.List(pl.String)
    )
    photograph = pl.struct(
        pl.element().alias("link"),
        pl.lit(None, pl.String).alias("sha256"),
        pl.lit(None, pl.Int64).alias("size"),
    )
    return links.list.eval(photograph)
