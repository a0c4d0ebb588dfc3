"""A mapping file says what a feed calls its columns and types; each mistake is a sentence."""

import json
from pathlib import Path

import pytest

from vlclip_dagster.catalog.drops import prepare_drop, read_drop, write_drop
from vlclip_dagster.catalog.landing import land
from vlclip_dagster.catalog.mapping import FeedKind, chosen_mapping, load_mapping
from vlclip_dagster.errors import VlclipError

MAPPING = """
encoding = "shift_jis"

[columns]
id = "品番"
title = ["Name EN", "名前"]
product_type = "Rubrik"
image_link = "pic 1"

[product_types]
"T-shirts" = ["Tees", "Tee shirt"]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    lines = ["品番,Name EN,名前,Rubrik,pic 1,note"]
    lines += ["1,Red tee,x,Men > Tees,1.jpg,n", "2,,赤いシャツ,tee-shirt,2.jpg,"]
    lines += ["3,c,d,Hats,3.jpg,"]
    (folder / "feed.csv").write_bytes("\n".join(lines).encode("shift_jis"))
    (folder / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    return folder


def test_columns_are_renamed_and_types_merged(shop: Path, tmp_path: Path) -> None:
    drop = land(read_drop(write_drop(prepare_drop(shop), tmp_path / "inbox")))
    rows = drop.rows(drop.listing.sort("item_id"))
    assert rows["title"].to_list() == ["Red tee", "赤いシャツ", "c"]
    assert rows["product_type"].to_list() == ["T-shirts", "T-shirts", "Hats"]
    assert rows["slug"].to_list() == ["t-shirts", "t-shirts", "hats"]
    assert json.loads(rows["attributes"][0]) == {"note": "n", "名前": "x"}


def test_a_constant_is_the_value_of_rows_that_have_none(shop: Path, tmp_path: Path) -> None:
    text = MAPPING.replace(
        "[product_types]", '[constants]\nbrand = "Acme"\nnote = "m"\n[product_types]'
    )
    (shop / "mapping.toml").write_text(text, encoding="utf-8")
    drop = land(read_drop(write_drop(prepare_drop(shop), tmp_path / "inbox")))
    rows = drop.rows(drop.listing.sort("item_id"))
    assert rows["brand"].to_list() == ["Acme"] * 3
    assert [json.loads(one)["note"] for one in rows["attributes"]] == ["n", "m", "m"]


def test_another_mapping_is_another_drop(shop: Path) -> None:
    first = prepare_drop(shop).drop_id
    (shop / "mapping.toml").write_text(MAPPING.replace("Tee shirt", "Hats"), encoding="utf-8")
    assert prepare_drop(shop).drop_id != first


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[columns", "not valid TOML"),
        ('colums = "x"', "'colums' is not one of format, encoding, columns, constants"),
        ('format = "pdf"', "format: input should be 'csv'"),
        ('encoding = "rot13"', "encoding: 'rot13' is no text encoding"),
        ('[columns]\ntitel = "x"', "did you mean title?"),
        ('[columns]\n"Image Link" = "x"', "write 'image_link'"),
        ('[constants]\nprodct_type = "x"', "did you mean product_type?"),
        ("[columns]\nid = 5", "columns.id"),
        ('[product_types]\nA = ["x"]\nB = ["X"]', "can't be merged into both 'A' and 'B'"),
    ],
)
def test_each_mistake_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(text)
    with pytest.raises(VlclipError) as caught:
        load_mapping(path)
    assert told in str(caught.value)
    assert str(path) in str(caught.value)


def test_several_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text('format = "pdf"\nencoding = "rot13"')
    with pytest.raises(VlclipError, match=r"format: .*encoding: "):
        load_mapping(path)


def test_a_format_on_the_command_line_counts(shop: Path) -> None:
    assert chosen_mapping(shop, None, "JSONL").format is FeedKind.JSONL
    assert chosen_mapping(shop, None, None).encoding == "shift_jis"
    with pytest.raises(VlclipError, match="choose one of csv, jsonl"):
        chosen_mapping(shop, None, "pdf")
    with pytest.raises(VlclipError, match="can't be read"):
        chosen_mapping(shop, shop / "none.toml", None)
