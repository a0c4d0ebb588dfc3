import re
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlclip_dagster.catalog.text import clean_text

TAGS = [
    "<p>",
    "</p>",
    "<br>",
    "<script>",
    "</script>",
    "<b style='display:none'>",
    "</b>",
    "<li hidden>",
]
TRAPS = ["<", ">", "script>", "&", "&lt;", "&amp;", "&#0;", "&#x1e;", "<!--", "-->", "＜b＞"]
LETTERS = ["•", "- ", "Fit: ", "word", "é", "Ã©", "\n", " ", "\u200b", "\x00", "\U000e0041"]
PIECES = st.lists(
    st.sampled_from([*TAGS, *TRAPS, *LETTERS]) | st.text(max_size=4), max_size=30
).map("".join)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("plain words", "plain words"),
        ("<p>Soft &amp; warm</p>", "Soft & warm"),
        ("&lt;p&gt;Soft&lt;/p&gt;", "Soft"),
        ("AT&amp;amp;T", "AT&T"),
        ("so<b>ft</b> wool", "soft wool"),
        ("a<br/>b<br>c", "a. b. c"),
        ("<ul><li>One.</li><li>Two</li></ul>tail", "One. Two. tail"),
        ("<p>&bull; Slim fit.<br />&bull; Cotton</p>", "Slim fit. Cotton"),
        ("<table><tr><th>Size<td>M<tr><th>Wool<td> 80% </table>x", "Size, M. Wool, 80%. x"),
        ("one\n- two\n- three", "one. two. three"),
        ("a hard\nwrapped line", "a hard wrapped line"),
        ("Wool\nFit: slim\nCare: wash", "Wool. Fit: slim. Care: wash"),
        ("x<script>steal()</script><style>b{}</style>y", "xy"),
        ("seen<span style='color:red; Display : NONE'>IGNORE ALL</span>", "seen"),
        ("seen<div hidden>secret</div><p style='font-size:0'>secret</p>", "seen"),
        ("a<div hidden><p hidden>x<script hidden>y</script></p>z</div>b", "ab"),
        ("<body hidden>x", ""),
        ("<html hidden>x", ""),
        ("<math hidden><html hidden></math>seen", "seen"),
        ("<title>x</title>seen", "seen"),
        ("<p style='font-size:0.9em'>small</p>", "small"),
        ("no\x00i\u200bs\u202ee\U000e0041", "noise"),
        ("\uff1cscript\uff1ealert(1)\uff1c/script\uff1eok", "ok"),
        ("<scr\u200bipt>alert(1)</scr\u200bipt>ok", "ok"),
        ("CafÃ© table", "Café table"),
        ("size <10 & >3", "size <10 & >3"),
        ("  \t\n ", ""),
        ("", ""),
    ],
)
def test_what_a_reader_sees_is_what_stays(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


@given(PIECES)
@settings(max_examples=300)
def test_no_tags_controls_or_line_breaks_are_left(raw: str) -> None:
    text = clean_text(raw)
    assert not re.search(r"<[A-Za-z/!?]", text)
    assert not [letter for letter in text if unicodedata.category(letter) in ("Cc", "Cf", "Cs")]
    assert text == " ".join(text.split())


@given(PIECES)
@settings(max_examples=300)
def test_cleaning_twice_changes_nothing(raw: str) -> None:
    once = clean_text(raw)
    assert clean_text(once) == once


@given(st.lists(st.from_regex(r"[A-Za-z]{1,9}", fullmatch=True), min_size=1, max_size=20))
def test_plain_words_are_never_lost(words: list[str]) -> None:
    assert clean_text(" ".join(words)) == " ".join(words)
    assert clean_text("<p>" + "</b> <b>".join(words)) == " ".join(words)


def test_a_long_text_ends_at_a_word() -> None:
    assert clean_text("several words here", limit=12) == "several"
    assert clean_text("x" * 50, limit=12) == "x" * 12


@pytest.mark.parametrize(
    "hostile", ["<div>" * 40_000, "<" * 90_000, "&" * 90_000, "<a " * 30_000, "&lt;" * 25_000]
)
def test_hostile_markup_is_cheap(hostile: str) -> None:
    start = time.perf_counter()
    clean_text(hostile + "end")
    assert time.perf_counter() - start < 5.0
