import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlclip_dagster.catalog.rejected import REJECTED_SCHEMA
from vlclip_dagster.catalog.schema import PLACE_SCHEMA, PRODUCT_SCHEMA, Validated, validate

GOOD = {"id": "1", "title": "Red mug", "product_type": "Home > Mugs", "image_link": "1.jpg"}


def judged(*records: dict[str, Any]) -> Validated:
    names = dict.fromkeys(name for record in records for name in record)
    columns = {name: [record.get(name) for record in records] for name in names}
    rows = pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String))
    return validate(rows.with_row_index("row_number", 1), "shop", "/drop")


def only(result: Validated) -> dict[str, Any]:
    assert len(result.products) == 1
    return result.products.row(0, named=True)


def test_a_bare_product_has_every_column() -> None:
    result = judged(GOOD)
    assert dict(result.products.schema) == {**PRODUCT_SCHEMA, **PLACE_SCHEMA}
    assert dict(result.rejected.schema) == {**REJECTED_SCHEMA}
    product = only(result)
    assert product["item_id"] == product["item_group_id"] == "shop/1"
    assert (product["slug"], product["product_type"]) == ("mugs", "Mugs")
    assert (product["title"], product["description"], product["attributes"]) == (
        "Red mug",
        "",
        "{}",
    )
    assert product["photographs"] == [{"link": "1.jpg", "sha256": None, "size": None}]
    assert product["root"] == "/drop"


def test_a_full_product_is_clean_and_regular() -> None:
    extra = {
        "description": "<p>Soft &amp; warm</p>",
        "item_group_id": "G7",
        "gender": "Men's",
        "age_group": "child",
        "color": "<b>Red</b>",
        "price": "52,00 €",
        "link": "https://shop.invalid/1",
        "additional_image_link": "2.jpg, 3.jpg,1.jpg",
        "availability": "in_stock",
        "care": "<i>Wash</i>",
    }
    product = only(judged(GOOD | extra))
    assert (product["description"], product["raw_description"]) == (
        "Soft & warm",
        "<p>Soft &amp; warm</p>",
    )
    assert product["item_group_id"] == "shop/G7"
    assert (product["gender"], product["age_group"], product["color"]) == ("male", "kids", "Red")
    assert (product["price"], product["currency"]) == (52.0, "EUR")
    assert [image["link"] for image in product["photographs"]] == ["1.jpg", "2.jpg", "3.jpg"]
    assert json.loads(product["attributes"]) == {"availability": "in_stock", "care": "Wash"}


def test_what_is_not_understood_stays_among_the_attributes() -> None:
    product = only(judged(GOOD | {"gender": "dogs", "age_group": "3-5", "price": "ask us"}))
    assert (product["gender"], product["age_group"], product["price"]) == (None, None, None)
    assert json.loads(product["attributes"]) == {
        **{"age_group": "3-5", "gender": "dogs", "price": "ask us"}
    }


def test_a_currency_column_counts_where_the_price_names_none() -> None:
    assert only(judged(GOOD | {"price": "5", "currency": "usd"}))["currency"] == "USD"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": None}, "no id"),
        ({"id": "x" * 201}, "longer than 200"),
        ({"id": "a\x00b"}, "invisible"),
        ({"id": "a\u202eb"}, "invisible"),
        ({"title": None}, "no title"),
        ({"title": "<br>\u200b"}, "no title"),
        ({"product_type": " > "}, "no product type"),
        ({"image_link": None}, "no image_link"),
    ],
)
def test_an_unusable_row_is_rejected_and_the_others_go_on(
    change: dict[str, str | None], reason: str
) -> None:
    result = judged(GOOD | change, GOOD | {"id": "other"})
    assert result.products["id"].to_list() == ["other"]
    rejected = result.rejected.row(0, named=True)
    assert len(rejected["reasons"]) == 1
    assert reason in rejected["reasons"][0]
    kept = {name: value for name, value in (GOOD | change).items() if value is not None}
    assert json.loads(rejected["record"]) == kept
    assert rejected["row_number"] == 1


def test_all_reasons_are_told() -> None:
    result = judged({"id": None, "title": "", "product_type": "Mugs", "image_link": None})
    assert len(result.rejected["reasons"][0]) == 3
    assert result.rejected["slug"][0] == "mugs"


def test_rows_marked_as_deleted_need_only_an_id() -> None:
    result = judged(
        GOOD, {"id": "2", "action": "delete"}, {"id": "3", "deleted": "TRUE"}, {"action": "delete"}
    )
    assert result.deleted == {"2", "3"}
    assert result.products["id"].to_list() == ["1"]
    assert len(result.rejected) == 1


def test_only_web_addresses_are_links() -> None:
    safe = " https://shop.invalid/p/1 "
    assert only(judged(GOOD | {"link": safe}))["link"] == safe.strip()
    for unsafe in ("javascript:alert(1)", "data:text/html,x", "http://a b", "https://x\x00", "/p"):
        assert only(judged(GOOD | {"link": unsafe}))["link"] is None


def test_a_feed_of_deletions_alone_has_no_products() -> None:
    result = judged({"id": "1", "action": "delete"})
    assert (len(result.products), len(result.rejected)) == (0, 0)
    assert dict(result.products.schema) == {**PRODUCT_SCHEMA, **PLACE_SCHEMA}


RECORDS = st.fixed_dictionaries(
    {},
    optional={
        name: st.none() | st.text(max_size=15)
        for name in (*GOOD, "price", "gender", "color", "additional_image_link", "deleted", "x")
    },
)


@given(st.lists(RECORDS, min_size=1, max_size=6))
@settings(deadline=None, max_examples=80)
def test_every_row_is_a_product_or_rejected_or_a_deletion(records: list[dict[str, str]]) -> None:
    records = [GOOD | {"id": "sure"}, *(record | {"deleted": None} for record in records)]
    result = judged(*records)
    said = [record for record in records if any(value is not None for value in record.values())]
    assert len(result.products) + len(result.rejected) == len(said)
    assert "sure" in result.products["id"].to_list()
    assert result.rejected["reasons"].list.len().min() != 0
    assert result.products["title"].str.len_chars().min() > 0
