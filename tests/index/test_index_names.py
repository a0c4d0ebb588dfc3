import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.index.filters import Between, Equals, Filters, facet_values, facets
from vlclip_dagster.index.naming import names_of, point_id, safe_name, slug_of
from vlclip_dagster.index.payload import pack, unpack

SLUGS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


@given(SLUGS)
def test_a_safe_name_is_safe_and_tells_its_slug(slug: str):
    name = safe_name(slug)
    assert re.fullmatch(r"[a-z0-9_-]+", name)
    assert "__" not in name  # which parts a collection's name from its version
    assert slug_of(name) == slug


def test_ordinary_slugs_stay_readable():
    assert safe_name("t-shirt") == "t-shirt"


@pytest.mark.parametrize("slug", ["", "x" * 151, "ü" * 60])
def test_slugs_that_cannot_name_a_folder(slug: str):
    with pytest.raises(VlclipError, match="shorten it in the feed"):
        safe_name(slug)


@given(st.text(), st.text())
def test_point_ids_differ(one: str, other: str):
    assert (point_id(one) == point_id(other)) == (one == other)


def test_names_of_an_item_and_its_duplicates():
    assert names_of("luma/MH01", ["luma/MH01", "b/x/y"]) == [
        ("luma/MH01", "luma/MH01"),
        ("MH01", "luma/MH01"),
        ("b/x/y", "b/x/y"),
        ("x/y", "b/x/y"),
    ]
    assert names_of("alone", []) == [("alone", "alone")]


@given(st.text())
def test_a_value_is_found_by_itself(value: str):
    wanted = [c.value for c in Filters(color=value).conditions() if isinstance(c, Equals)]
    assert set(wanted) <= set(facet_values(value))
    assert all(facet_values(value))


def test_facets_of_a_payload():
    payload = {"color": "Jet Black/White", "material": None, "pattern": "", "shop": "luma"}
    assert facets(payload) == {
        "color": ["jet black/white", "jet black", "jet", "black", "white"],
        "shop": ["luma"],
    }


def test_price_conditions():
    assert list(Filters(price_min=0.0).conditions()) == [Between("price", 0.0, None)]
    assert list(Filters().conditions()) == []


def test_a_payload_comes_back_as_it_was_given():
    given_payload = {"id": "1", "variants": ["a/2"], "price": 1.5, "facets": "the feed's own"}
    key, payload = unpack(pack("dress", "a/1", "k", given_payload).payload)
    assert key == "k"
    assert payload == {"item_id": "a/1", "slug": "dress", "id": "1", "variants": ["a/2"],
                       "price": 1.5}  # fmt: skip
