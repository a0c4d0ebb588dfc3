import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlclip_dagster.catalog.values import (
    local_links,
    parse_age_group,
    parse_gender,
    parse_links,
    parse_price,
    parse_prices,
    photograph_links,
    photograph_lists,
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
        ("1.299 €", 1299.0, "EUR"),
        ("12.500 KWD", 12.5, "KWD"),
        ("49,- €", 49.0, "EUR"),
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
    assert [parse_gender(word) for word in ("Damen", "Männer", "Mädchen", "hommes", "Mujer")] == [
        *("female", "male", "female", "male", "female")
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
    assert photograph_links("a.jpg, b.png|c.webp", "https://h/1?v=1; https://h/2|https://h/3") == [
        *("a.jpg", "b.png", "c.webp", "https://h/1?v=1", "https://h/2", "https://h/3")
    ]
    many = ",".join(f"{number}.jpg" for number in range(30))
    assert len(photograph_links("main.jpg", many)) == 10


LINKS = st.text('ab,[]{}|;" .jpg', max_size=12)


@settings(deadline=None)
@given(st.lists(st.tuples(LINKS.filter(str.strip), st.none() | LINKS), max_size=6))
def test_links_of_many_rows_are_those_of_each(pairs: list[tuple[str, str | None]]) -> None:
    main, more = (pl.Series([pair[place] for pair in pairs], dtype=pl.String) for place in (0, 1))
    assert photograph_lists(main, more).to_list() == [photograph_links(*pair) for pair in pairs]


def test_links_to_the_network_are_not_local() -> None:
    rows = pl.DataFrame({"image_link": ["a.jpg", "HTTPS://h/b.jpg", None], "x": ["", "", ""]})
    assert local_links(rows).to_list() == ["a.jpg"]


AMOUNTS = st.from_regex(r"[0-9]{1,17}([.,][0-9]{1,11})?", fullmatch=True)
PRICES = st.tuples(AMOUNTS, st.sampled_from([" USD", " EUR", "USD", " usd", " €", " ", "\n"])).map(
    "".join
)


@given(st.lists(st.none() | PRICES | st.text(max_size=6), max_size=20))
def test_a_column_of_prices_is_read_as_its_prices_are(texts: list[str | None]) -> None:
    prices = parse_prices(pl.Series(texts, dtype=pl.String))
    expected = [parse_price(text) if text is not None else (None, None) for text in texts]
    assert prices.rows() == expected
