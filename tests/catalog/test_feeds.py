import csv
import gzip
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from vlclip_dagster.catalog import feeds
from vlclip_dagster.catalog.mapping import FeedMapping
from vlclip_dagster.catalog.table import BrokenRow
from vlclip_dagster.errors import VlclipError

HEADER = ["id", "title", "description", "product_type", "image_link"]
ROW = ["1", "Red mug", "A mug", "Mugs", "1.jpg"]
FILES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
TABLES = st.lists(st.lists(ANY_TEXT, min_size=5, max_size=5), min_size=1, max_size=8)


@dataclass(frozen=True)
class Whole:
    rows: pl.DataFrame
    broken: tuple[BrokenRow, ...]
    problems: tuple[str, ...]


def read_feed(path: Path, **options: Any) -> Whole:
    """A feed with all its batches in one."""
    feed = feeds.read_feed(path, **options)
    batches = list(feed)
    rows = pl.concat([batch.rows for batch in batches], how="diagonal")
    return Whole(rows, tuple(row for batch in batches for row in batch.broken), feed.problems)


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def delimited(rows: list[list[str]], delimiter: str = "\t") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue()


def values(feed_rows: pl.DataFrame) -> list[tuple[str | None, ...]]:
    return feed_rows.select(HEADER).rows()


def blank_as_null(rows: list[list[str]]) -> list[tuple[str | None, ...]]:
    return [tuple(cell if not _blank(cell) else None for cell in row) for row in rows]


def _blank(cell: str) -> bool:
    return pl.Series([cell]).str.strip_chars()[0] == ""


@pytest.mark.parametrize("delimiter", ["\t", ",", ";", "|"])
@given(rows=TABLES)
@example(rows=[["", "a\r\nb", "\r\n", "", "c\r\n"]])
@settings(FILES, max_examples=60)
def test_any_text_survives_a_delimited_feed(
    tmp_path: Path, delimiter: str, rows: list[list[str]]
) -> None:
    rows = [["x" + row[0], *row[1:]] for row in rows]
    path = write(tmp_path / "feed.csv", delimited([HEADER, *rows], delimiter))
    feed = read_feed(path)
    assert values(feed.rows) == blank_as_null(rows)
    assert feed.broken == ()
    assert feed.rows["row_number"].to_list() == list(range(1, len(rows) + 1))


@given(rows=TABLES)
@settings(FILES, max_examples=60)
def test_any_text_survives_json(tmp_path: Path, rows: list[list[str]]) -> None:
    records = [dict(zip(HEADER, row, strict=True)) for row in rows]
    lines = "\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    for name, text in {"a.jsonl": lines, "b.json": json.dumps(records, indent=2)}.items():
        assert values(read_feed(write(tmp_path / name, text)).rows) == blank_as_null(rows)


@given(junk=st.binary(max_size=400), name=st.sampled_from(["a.tsv", "a.jsonl", "a.parquet", "a"]))
@settings(FILES, max_examples=200)
def test_junk_ends_in_a_sentence(tmp_path: Path, junk: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(junk)
    with pytest.raises(VlclipError, match=r"^the (encoding of the )?feed .*[^.]$"):
        read_feed(path)


@given(data=st.data())
@settings(FILES, max_examples=150)
def test_a_damaged_line_costs_no_other_row(tmp_path: Path, data: st.DataObject) -> None:
    alphabet = st.characters(exclude_categories=["Cs"], exclude_characters="\r\n")
    good = [[f"id{number}", "Mug", "plain", "Mugs", "m.jpg"] for number in range(6)]
    lines = ["\t".join(row) for row in good]
    damaged = data.draw(st.text(alphabet, max_size=30))
    where = data.draw(st.integers(0, len(lines)))
    text = "\n".join(["\t".join(HEADER), *lines[:where], damaged, *lines[where:]])
    feed = read_feed(write(tmp_path / "feed.tsv", text))
    assert set(values(feed.rows)) >= {tuple(row) for row in good}


def test_quoted_line_breaks_and_doubled_quotes(tmp_path: Path) -> None:
    row = ["1", 'A 12" "deep" plate', "two\nlines\twith tab", "Plates", "1.jpg"]
    feed = read_feed(write(tmp_path / "feed.tsv", delimited([HEADER, row, ROW])))
    assert values(feed.rows) == [tuple(row), tuple(ROW)]


@pytest.mark.parametrize("block", [1, 7, 40, 1_000])
@pytest.mark.parametrize("end", ["", "\n", '\n6\t"Open\tb\tMugs\t6.jpg'])
def test_records_lie_across_the_blocks_that_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, end: str
) -> None:
    monkeypatch.setattr("vlclip_dagster.catalog.readers.delimited._BLOCK", block)
    rows = [[str(number), 'two\n"lines"\n', "Größe", "Mugs", "1.jpg"] for number in range(5)]
    text = delimited([HEADER, *rows]).rstrip("\n") + end
    feed = read_feed(write(tmp_path / "feed.tsv", text))
    assert values(feed.rows)[:5] == [tuple(row) for row in rows]
    assert len(feed.rows) == (6 if "Open" in end else 5)
    assert feed.rows["row_number"].to_list() == list(range(1, len(feed.rows) + 1))


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
def test_lines_end_as_any_system_ends_them(tmp_path: Path, end: str) -> None:
    rows = [[str(number), "Mug", "Größe", "Mugs", "1.jpg"] for number in range(5)]
    text = delimited([HEADER, *rows]).replace("\n", end)
    assert values(read_feed(write(tmp_path / "feed.tsv", text)).rows) == [tuple(r) for r in rows]


@pytest.mark.parametrize(
    "stray",
    [
        '2\t"Best" mug\tnice\tMugs\t2.jpg',
        '2\t12" plate\tnice\tMugs\t2.jpg',
        '2\t"Open\tb\tMugs\t2.jpg',
    ],
)
def test_a_stray_quote_keeps_its_row_and_the_next(tmp_path: Path, stray: str) -> None:
    text = "\n".join(["\t".join(HEADER), stray, "\t".join(ROW)])
    feed = read_feed(write(tmp_path / "feed.tsv", text))
    assert feed.rows["id"].to_list() == ["2", "1"]
    assert feed.broken == ()


def test_too_many_fields_are_a_broken_row(tmp_path: Path) -> None:
    text = "\n".join([",".join(HEADER), "9,a,b,c,d,e,f", ",".join(ROW)])
    feed = read_feed(write(tmp_path / "feed.csv", text))
    assert values(feed.rows) == [tuple(ROW)]
    assert [(row.row_number, row.text.strip()) for row in feed.broken] == [(1, "9,a,b,c,d,e,f")]
    assert "5 columns" in feed.broken[0].reason


def test_a_short_row_is_filled_up(tmp_path: Path) -> None:
    feed = read_feed(write(tmp_path / "f.csv", "id,title,product_type,image_link,color\n1,a,b,c\n"))
    assert feed.rows.row(0) == (1, "1", "a", "b", "c", None)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
def test_encodings_are_recognised(tmp_path: Path, encoding: str) -> None:
    row = ["1", "Café crème", "Größe „M“ – 5 €", "Tasses", "1.jpg"]
    feed = read_feed(write(tmp_path / "feed.tsv", delimited([HEADER, row]), encoding))
    assert values(feed.rows) == [tuple(row)]
    assert bool(feed.problems) == (encoding == "cp1252")


def test_one_damaged_byte_leaves_a_utf8_feed_utf8(tmp_path: Path) -> None:
    path = tmp_path / "feed.tsv"
    rows = [[str(number), "Café", "x", "Tasses", "1.jpg"] for number in range(40)]
    path.write_bytes(delimited([HEADER, *rows]).encode() + b"99\tMug\xff\tx\tMugs\t1.jpg\n")
    feed = read_feed(path)
    assert feed.rows["title"].to_list() == ["Café"] * 40 + ["Mug\ufffd"]
    assert "UTF-8" in feed.problems[0]


@pytest.mark.parametrize("encoding", ["shift_jis", "cp1251", "koi8-r"])
def test_an_unknown_encoding_is_one_sentence(tmp_path: Path, encoding: str) -> None:
    words = "スカート、赤い" if encoding == "shift_jis" else "красная юбка из шерсти, тёплая"
    rows = [[str(number), words, words, words, "1.jpg"] for number in range(20)]
    path = write(tmp_path / "feed.tsv", delimited([HEADER, *rows]), encoding)
    with pytest.raises(VlclipError, match="save it as UTF-8"):
        read_feed(path)


def test_nul_bytes_do_not_end_a_feed(tmp_path: Path) -> None:
    text = delimited([HEADER, ["1", "Mu\x00g", "x", "Mugs", "1.jpg"], ["2", *ROW[1:]]])
    assert read_feed(write(tmp_path / "feed.tsv", text)).rows["id"].to_list() == ["1", "2"]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"\x00\x00", b"id\ttitle\n"])
def test_an_empty_feed_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "feed.tsv").write_bytes(content)
    with pytest.raises(VlclipError, match=r"is empty|holds no products"):
        read_feed(tmp_path / "feed.tsv")


def test_a_missing_column_is_named_with_those_found(tmp_path: Path) -> None:
    path = write(tmp_path / "feed.csv", "id,title,colour,image_link\n1,Mug,red,1.jpg\n")
    with pytest.raises(
        VlclipError, match=r"no column 'product_type'.*id, title, color, image_link"
    ):
        read_feed(path)


def test_other_systems_column_names_are_known(tmp_path: Path) -> None:
    header = "SKU;Product Name;articleType;g:image_url;baseColour;Additional Images"
    feed = read_feed(write(tmp_path / "feed.csv", f"{header}\n1;Mug;Mugs;1.jpg;Red;2.jpg\n"))
    assert feed.rows.columns[1:] == [
        *("id", "title", "product_type", "image_link", "color", "additional_image_link")
    ]


def test_our_own_column_wins_over_an_alias_and_repeats_are_numbered(tmp_path: Path) -> None:
    header = "id,title,name,product_type,image_link,Title,row_number,"
    feed = read_feed(write(tmp_path / "feed.csv", f"{header}\n1,a,b,c,d,e,f,g\n"))
    assert feed.rows.columns == [
        *("row_number", "id", "title", "name", "product_type", "image_link", "title_2"),
        *("row_number_2", "column_8"),
    ]


def test_a_name_that_one_record_spells_otherwise_costs_no_other_record(tmp_path: Path) -> None:
    odd = ["id", "title", "description", "product__Type", "image]link"]
    records = [dict(zip(names, ROW, strict=True)) for names in (odd, HEADER, odd)]
    feed = read_feed(write(tmp_path / "feed.json", json.dumps(records)))
    assert feed.rows["product_type"].to_list() == [ROW[3]] * 3
    assert feed.rows["image_link"].to_list() == [ROW[4]] * 3


def test_a_mapping_may_name_another_column_than_two_that_are_spelled_alike(tmp_path: Path) -> None:
    names = ["id", "title", "Kind", "product_type", "product__type", "image_link"]
    mapping = FeedMapping(columns={"product_type": ("Kind",)})
    text = "\n".join(",".join(row) for row in (names, ["1", "a", "Mugs", "x", "y", "1.jpg"]))
    feed = read_feed(write(tmp_path / "feed.csv", text), mapping=mapping)
    assert feed.rows["product_type"].to_list() == ["Mugs"]
    assert {"x", "y"} <= set(feed.rows.row(0))


def test_a_broken_json_line_is_a_row_not_the_end(tmp_path: Path) -> None:
    good = json.dumps(dict(zip(HEADER, ROW, strict=True)))
    lines = [good, '{"id": "2", "title": "cut', "", "[1, 2]", "[" * 100_000, good, "9" * 5_000]
    feed = read_feed(write(tmp_path / "feed.jsonl", "\n".join(lines)))
    assert feed.rows["row_number"].to_list() == [1, 6]
    assert [row.row_number for row in feed.broken] == [2, 4, 5, 7]


def test_a_damaged_object_in_an_array_costs_no_other(tmp_path: Path) -> None:
    good = json.dumps(dict(zip(HEADER, ROW, strict=True)), indent=1)
    text = f'[\n{good},\n{{"id": "2", "title": oops}},\n{good}\n]'
    feed = read_feed(write(tmp_path / "feed.json", text))
    assert feed.rows["id"].to_list() == ["1", "1"]
    assert len(feed.broken) == 1


def test_json_values_become_text_and_nested_ones_stay_json(tmp_path: Path) -> None:
    record = dict(zip(HEADER, ROW, strict=True)) | {
        **{"n": 7, "f": 1.5, "b": True, "z": None, "l": ["a", {"é": 1}], "s": "\ud800x"}
    }
    feed = read_feed(write(tmp_path / "feed.jsonl", json.dumps(record)))
    found = feed.rows.select("n", "f", "b", "z", "l", "s").row(0)
    assert found == ("7", "1.5", "true", None, '["a", {"é": 1}]', "x")


def test_columns_without_end_are_capped(tmp_path: Path) -> None:
    record = dict(zip(HEADER, ROW, strict=True))
    lines = [json.dumps(record | {f"k{number}": "v"}) for number in range(1_500)]
    feed = read_feed(write(tmp_path / "feed.jsonl", "\n".join(lines)))
    assert feed.rows.shape == (1_500, 1_001)
    assert "1,000 columns" in feed.problems[0]


def test_gzip_and_parquet(tmp_path: Path) -> None:
    packed = tmp_path / "feed.tsv.gz"
    packed.write_bytes(gzip.compress(delimited([HEADER, ROW]).encode()))
    table = pl.DataFrame({"id": [1], "title": ["Red mug"], "description": ["A mug"]}).with_columns(
        product_type=pl.lit("Mugs"),
        image_link=pl.lit("1.jpg"),
        tags=pl.lit(pl.Series([["a", "b"]])),
        raw=pl.lit(b"\xff"),
    )
    table.write_parquet(tmp_path / "feed.parquet")
    from_parquet = read_feed(tmp_path / "feed.parquet")
    assert values(read_feed(packed).rows) == values(from_parquet.rows) == [tuple(ROW)]
    assert from_parquet.rows["tags"].to_list() == ['["a", "b"]']
    assert "'raw'" in from_parquet.problems[0]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("feed.csv", b"PK\x03\x04" + b"\x00" * 40, "workbook"),
        ("feed.tsv", b"<?xml version='1.0'?><rss/>", "no products"),
        ("feed.tsv.gz", gzip.compress(b"id\ttitle\n" * 900, mtime=0)[:-20], "gzip"),
        ("feed.parquet", b"PAR1 and no more", "damaged"),
    ],
)
def test_other_files_are_told_apart(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(VlclipError, match=told):
        read_feed(tmp_path / name)


def test_an_absent_feed_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(VlclipError, match="check the path"):
        read_feed(tmp_path / "none.tsv")


@pytest.mark.parametrize(
    ("feed", "count"),
    [("luma/feed.tsv", 461), ("closet/products.jsonl", 1442), ("showroom/products.jsonl", 309)],
)
def test_real_feeds_are_read_whole(catalogs: Path, feed: str, count: int) -> None:
    found = read_feed(catalogs / feed)
    assert (len(found.rows), found.broken, found.problems) == (count, (), ())
