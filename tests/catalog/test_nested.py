"""Lists and objects in one field: whatever they hold, they become text and links."""

import json

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vlclip_dagster.catalog.nested import spelled_out
from vlclip_dagster.catalog.values import photograph_lists

VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["name", "src", "large", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)
TEXTS = VALUES.map(json.dumps) | VALUES.map(repr) | st.text("[]{}'\"\\,: ab", max_size=20)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('["a", ["b", null, 3]]', "a > b > 3"),
        ("['it', \"isn't\"]", "it > isn't"),
        ("['a' 'b']", "a > b"),
        ('{"name": "ACME", "id": 7}', "ACME"),
        ('{"value": "15.00", "currency": "USD"}', "15.00 USD"),
        ('{"de": "Becher", "en": "Mug"}', "Mug"),
        ('{"fr": "Tasse"}', "Tasse"),
        ("[]", ""),
        ("[Set] of cups", "[Set] of cups"),
        ("plain", "plain"),
    ],
)
def test_what_lists_and_objects_say(text: str, said: str) -> None:
    assert spelled_out(pl.Series([text]), " > ").to_list() == [said]


@settings(max_examples=60, deadline=None)
@given(TEXTS)
@example("[" * 5_000)
@example("[" * 900 + "]" * 900)
@example(r'["\ud800", {"src": "\udfff.jpg"}]')
@example("[" + "9" * 5_000 + "]")
def test_no_field_is_an_error(text: str) -> None:
    column = pl.Series([text.encode("utf-8", "ignore").decode(), None], dtype=pl.String)
    assert len(spelled_out(column, ", ")) == 2
    assert all(photograph_lists(column, column)[0])
