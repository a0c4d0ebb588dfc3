"""What must stand in no query is found in a column as in each query by itself."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from vlclip_dagster.refinement.forbidden import forbidden_words
from vlclip_dagster.refinement.lexicon import lexicon
from vlclip_dagster.refinement.phrase import FUNCTION_WORDS
from vlclip_dagster.refinement.words import stems, tokens

NEVER = sorted(
    " ".join(key)
    for key, meanings in lexicon().terms.items()
    if any(term.kind == "never" for term in meanings)
)
WORDS = st.sampled_from([*NEVER, "red", "dress", "with", "the", "men's", "low-top", "1/2", "Øre"])
QUERIES = st.lists(WORDS, max_size=6).map(" ".join)


def test_praise_is_named_and_what_shows_is_not():
    queries = ["a gorgeous luxury vase", "red low-top sneakers with padded collar", "", None]
    assert forbidden_words(pl.Series(queries)).to_list() == ["gorgeous, luxury", None, None, None]


def test_no_queries_hold_no_words():
    assert forbidden_words(pl.Series([], dtype=pl.String)).to_list() == []
    assert forbidden_words(pl.Series([None], dtype=pl.String)).to_list() == [None]


@given(st.lists(QUERIES, min_size=1, max_size=5))
def test_a_column_says_what_the_lexicon_says_of_each_query(queries):
    for query, found in zip(queries, forbidden_words(pl.Series(queries)), strict=True):
        never = [match for match in lexicon().find(tokens(query)) if match.is_a("never")]
        keys = [stems(query)[match.start : match.end] for match in never]
        assert bool(found) == any(not FUNCTION_WORDS.issuperset(key) for key in keys)
