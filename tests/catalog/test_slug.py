import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlclip_dagster.catalog.slug import leaf_type, slugify

SAFE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("T-Shirt", "t-shirt"),
        ("t shirt", "t-shirt"),
        ("  T_SHIRT ", "t-shirt"),
        ("Women’s Tops", "womens-tops"),
        ("Ski/boarding", "ski-boarding"),
        ("Hoodies & Sweatshirts", "hoodies-and-sweatshirts"),
    ],
)
def test_plain_names_become_readable_keys(name: str, slug: str) -> None:
    assert slugify(name) == slug


@pytest.mark.parametrize(
    ("one", "other"),
    [("Café", "Cafe"), ("裤子", "裙子"), ("a+b", "a#b"), ("!", "?"), ("x" * 80, "x" * 81)],
)
def test_names_that_lose_characters_stay_apart(one: str, other: str) -> None:
    assert slugify(one) != slugify(other)


@given(st.text())
def test_every_name_has_a_safe_key(name: str) -> None:
    slug = slugify(name)
    assert SAFE.fullmatch(slug)
    assert 1 <= len(slug) <= 64


@given(st.text())
def test_a_key_is_its_own_key(name: str) -> None:
    assert slugify(slugify(name)) == slugify(name)


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_case_and_spacing_do_not_make_a_new_type(name: str) -> None:
    assert slugify(name.upper()) == slugify(f" {name.lower()}  ")


@pytest.mark.parametrize(
    ("path", "leaf"),
    [
        ("Men > Tops > Tees", "Tees"),
        ("Tees", "Tees"),
        ("Home>Rugs> ", "Rugs"),
        ("Herren | Hemden", "Hemden"),
        ("/Categories/Furniture/Chairs", "Chairs"),
        ("Home / Kitchen / Mugs", "Mugs"),
        ("Jackets/Coats", "Jackets/Coats"),
        ("//", "//"),
        (" > ", ""),
        ("", ""),
    ],
)
def test_the_leaf_of_a_path_is_the_type(path: str, leaf: str) -> None:
    assert leaf_type(path) == leaf
