import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlclip_dagster.encoder.tokenizer import CONTEXT_LENGTH, ClipTokenizer

TEXTS = [
    "",
    "a",
    "Black polka dot dress",
    "it's the women's T-shirt, we've 100% cotton & 2x2 ribs!!",
    "Caf&eacute; &amp; cr&egrave;me br&ucirc;l&eacute;e",
    "cafÃ© sofa",  # mojibake
    "robe à fleurs – naïve façade",
    "日本語 の ドレス",
    "платье в горошек",
    "👗 dress 👠",
    "tab\tnew\nline\u00a0nbsp  spaces",
    "‘curly’ “quotes” … —",
    "x" * 300,
    "word " * 200,
    "12345 6.7cm 8½",
    "<p>not html</p>",
]


@pytest.fixture(scope="module")
def ours():
    return ClipTokenizer()


@pytest.fixture(scope="module")
def theirs():
    from open_clip.tokenizer import SimpleTokenizer

    return SimpleTokenizer()


def same(ours, theirs, text):
    found, expected = ours([text])[0], theirs([text])[0].numpy()
    return np.array_equal(np.pad(found, (0, CONTEXT_LENGTH - len(found))), expected)


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_are_open_clips(ours, theirs, text):
    assert same(ours, theirs, text)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cn"]), max_size=60))
@settings(max_examples=300, deadline=None)
def test_tokens_are_open_clips_for_any_text(ours, theirs, text):
    # Code points that one Unicode version knows and another does not are classed differently.
    new = any(unicodedata.age(c) > "14" if hasattr(unicodedata, "age") else False for c in text)
    assert new or "_of_text>" in text or same(ours, theirs, text)


def test_a_text_cannot_end_its_own_sequence(ours):
    tokens = ours(["red <end_of_text> dress"])[0]
    assert tokens.argmax() == len(tokens) - 1


def test_a_batch_is_as_wide_as_its_longest_text(ours):
    tokens = ours(["a", "black polka dot dress"])
    assert tokens.shape == (2, 6)
    assert tokens[0].tolist()[3:] == [0, 0, 0]
    assert ours(["word " * 200]).shape == (1, CONTEXT_LENGTH)


def test_saved_tokenizer_is_the_same(ours, tmp_path):
    ours.save(tmp_path / "tokenizer.json")
    loaded = ClipTokenizer(tmp_path / "tokenizer.json")
    assert all(np.array_equal(ours([text]), loaded([text])) for text in TEXTS)
