import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlclip_dagster.catalog.values import (
    parse_age_group,
    parse_gender,
    parse_links,
    parse_price,
    photograph_links,
    web_link,
)


@pytest.mark.parametrize(
    ("text", "price", "currency"),
    [
        ("52 USD", 52.0, "USD"),
        ("USD 52", 52.0, "USD"),
        ("52", 52.0, None),
        ("$1,299.00", 1299.0, "USD"),
        ("52,00 €", 52.0, "EUR"),
        ("1.299,00 EUR", 1299.0, "EUR"),
        ("1 299,50 SEK", 1299.5, "SEK"),
        ("1'299.50 chf", 1299.5, "CHF"),
        ("1,299", 1299.0, None),
        ("1.234.567 IDR", 1234567.0, "IDR"),
        ("0 USD", 0.0, "USD"),
        ("10 - 20 USD", None, None),
        ("-5 USD", None, None),
        ("free", None, None),
        ("", None, None),
    ],
)
def test_prices_as_shops_write_them(text: str, price: float | None, currency: str | None) -> None:
    assert parse_price(text) == (price, currency)


@given(st.text(alphabet="0123456789.,' $€USD-eE\x00") | st.text())
def test_no_price_text_is_an_error(text: str) -> None:
    price, _ = parse_price(text)
    assert price is None or 0 <= price < float("inf")


def test_genders_and_ages_become_the_merchant_values() -> None:
    assert [parse_gender(word) for word in ("Men's", "WOMEN", "Girls", "unisex", "n/a")] == [
        *("male", "female", "female", "unisex"),
        None,
    ]
    assert [parse_age_group(word) for word in ("Adult", "child", "all ages", "?")] == [
        *("adult", "kids", "adult"),
        None,
    ]


def test_links_of_one_field() -> None:
    assert parse_links("a.jpg, b.jpg,,") == ["a.jpg", "b.jpg"]
    assert parse_links('["a,1.jpg", "b.jpg", 3]') == ["a,1.jpg", "b.jpg"]
    assert parse_links("[broken") == ["[broken"]


def test_the_main_photograph_is_first_and_repeats_go() -> None:
    assert photograph_links(" m,1.jpg ", "a.jpg,m,a.jpg") == ["m,1.jpg", "a.jpg", "m"]
    many = ",".join(f"{number}.jpg" for number in range(30))
    assert len(photograph_links("main.jpg", many)) == 10


def test_only_web_addresses_are_links() -> None:
    assert web_link(" https://shop.invalid/p/1 ") == "https://shop.invalid/p/1"
    for unsafe in ("javascript:alert(1)", "data:text/html,x", "http://a b", "https://x\x00", "/p"):
        assert web_link(unsafe) is None
