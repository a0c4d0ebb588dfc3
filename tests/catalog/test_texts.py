"""Cleaning a column is cleaning each of its texts."""

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vlclip_dagster.catalog.encoded import json_object, row_keys
from vlclip_dagster.catalog.text import clean_text
from vlclip_dagster.catalog.texts import clean_texts, map_unique, patched
from vlclip_dagster.hashing import row_key

WORDS = [
    "wool",
    "R&D",
    '12"',
    "é",
    "Größe",
    "–",
    "“soft”",
    "„weich“",
    "a ‚b‘",
    "&bdquo;",
    "&ldquo;",
    "Ã©",
    "a  b",
    "•",
    "- ",
    "x:",
    "Best.",
]
MARKS = ["\n", "\n\n", "\r\n", "\t", "\u200b", "&amp;", "&nbsp;", "&eacute;", "&lt;b&gt;", "&x;"]
BLOCKS = ["<p>{}</p>", "<li class=a>{}</li>", "<div title='&'>{}</div>", "{}<br/>", "<b>{}</b>"]
ODD = ["<p style='display:none'>{}</p>", "<td>{}</td>", "<script>{}</script>", "< {} >"]
INLINE = st.lists(st.sampled_from(WORDS + MARKS) | st.text(max_size=3), max_size=6).map("".join)
TEXTS = st.recursive(
    INLINE,
    lambda inner: st.lists(
        st.tuples(st.sampled_from(BLOCKS + ODD), inner).map(lambda pair: pair[0].format(pair[1])),
        max_size=4,
    ).map("".join),
    max_leaves=6,
)
FEW = settings(deadline=None, max_examples=40)


@FEW
@given(st.lists(st.none() | TEXTS, min_size=1, max_size=30))
@example(["<p>- </p>", "<p>a</p><p>- </p>", "- ", "-"])
def test_a_column_is_cleaned_as_its_texts_are(raw: list[str | None]) -> None:
    texts = [None if text is None else text.replace("{", "").replace("}", "") for text in raw]
    expected = [clean_text(text, 60) or None if text is not None else None for text in texts]
    assert clean_texts(pl.Series(texts, dtype=pl.String), 60).to_list() == expected


def test_most_texts_are_cleaned_without_looking_at_each() -> None:
    easy = [
        "Red mug",
        "<p>Soft &amp; <b>warm</b></p>",
        "Café – 5 €",
        "one\n\ntwo",
        "<ul><li>a</ul>",
    ]
    cleaned = clean_texts(pl.Series(easy)).to_list()
    assert cleaned == ["Red mug", "Soft & warm", "Café – 5 €", "one. two", "a"]


@FEW
@given(st.lists(st.none() | st.integers(0, 9), max_size=12))
def test_patching_touches_the_chosen_rows_alone(values: list[int | None]) -> None:
    series = pl.Series(values, dtype=pl.Int64)
    changed = patched(series, series > 4, lambda chosen: chosen + 100)
    assert changed.to_list() == [v + 100 if v is not None and v > 4 else v for v in values]
    doubled = map_unique(series.cast(pl.String), lambda text: text * 2, pl.String)
    assert doubled.to_list() == [None if v is None else str(v) * 2 for v in values]


ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@FEW
@given(st.lists(st.tuples(ANY, st.integers(0, 9), st.lists(ANY, max_size=2)), max_size=5))
def test_keys_of_columns_are_those_of_rows(rows: list[tuple[str, int, list[str]]]) -> None:
    texts, numbers, lists = (
        pl.Series([row[place] for row in rows], dtype=kind)
        for place, kind in enumerate((pl.String, pl.Int64, pl.List(pl.String)))
    )
    content = pl.DataFrame({"n": numbers, "t": texts}).to_struct()
    assert row_keys("v/1", content, lists).to_list() == [
        row_key("v/1", {"t": text, "n": number}, links) for text, number, links in rows
    ]


def test_null_values_are_left_out_of_an_object() -> None:
    frame = pl.DataFrame({"a": ['"x"', None], "b": [None, None]}, schema=dict.fromkeys("ab", str))
    assert json_object(frame).to_list() == ['{"a": "\\"x\\""}', "{}"]
