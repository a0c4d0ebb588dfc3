import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from vlclip_dagster.catalog.drops import Mode, prepare_drop, read_drop, write_drop
from vlclip_dagster.catalog.landing import LANDED_SCHEMA, Landed, land
from vlclip_dagster.hashing import content_hash, row_key


def rows_of(drop: Landed, slug: str) -> pl.DataFrame:
    return drop.rows(drop.listing.filter(pl.col("slug") == slug))


def rejected(drop: Landed) -> pl.DataFrame:
    return pl.concat(drop.bad)


def row_key_of(row: dict[str, Any]) -> str:
    """What a landed row's key is by its definition, row by row."""
    not_content = ("key", "error", "root", "photographs")
    content = {name: value for name, value in row.items() if name not in not_content}
    photographs = [image["sha256"] or image["link"] for image in row["photographs"]]
    return row_key("landed/1", content, photographs)


def product(number: int, kind: str = "Mugs", **extra: str) -> dict[str, str]:
    return {
        **{"id": str(number), "title": f"Thing {number}", "product_type": kind},
        **{"image_link": f"{number}.jpg"},
        **extra,
    }


def landed(folder: Path, *rows: dict[str, Any], mode: Mode = "snapshot") -> Landed:
    folder.mkdir(exist_ok=True)
    for row in rows:
        (folder / f"{row['id']}.jpg").write_bytes(b"photograph " + row["id"].encode())
    (folder / "products.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    manifest = prepare_drop(folder, shop="shop" if folder.name == "copy" else None, mode=mode)
    return land(read_drop(write_drop(manifest, folder.parent / "inbox")))


def test_photographs_are_pinned_and_types_grouped(tmp_path: Path) -> None:
    drop = landed(tmp_path / "shop", product(1), product(2, "mugs"), product(3, "mugs"))
    assert drop.slugs == {"mugs": "mugs"}
    rows = rows_of(drop, "mugs")
    assert dict(rows.schema) == {**LANDED_SCHEMA}
    assert rows["photographs"][0].to_list() == [
        {"link": "1.jpg", "sha256": content_hash(b"photograph 1"), "size": 12}
    ]


def test_the_same_content_elsewhere_has_the_same_keys(tmp_path: Path) -> None:
    one = landed(tmp_path / "shop", product(1), product(2, "Rugs"))
    other = landed(tmp_path / "copy", product(2, "Rugs"), product(1))
    columns = ["item_id", "key"]
    assert (
        one.listing.select(columns)
        .sort(columns)
        .equals(other.listing.select(columns).sort(columns))
    )
    assert rows_of(one, "mugs")["root"][0] != rows_of(other, "mugs")["root"][0]


@pytest.mark.parametrize("change", [{"title": "Other"}, {"color": "red"}, {"price": "5 USD"}])
def test_a_changed_value_changes_one_key(tmp_path: Path, change: dict[str, str]) -> None:
    before = landed(tmp_path / "shop", product(1), product(2), product(3, "Rugs"))
    after = landed(tmp_path / "shop", product(1) | change, product(2), product(3, "Rugs"))
    same = rows_of(before, "mugs")["key"].eq_missing(rows_of(after, "mugs")["key"])
    assert same.to_list() == [False, True]
    assert rows_of(before, "rugs")["key"].equals(rows_of(after, "rugs")["key"])


def test_a_photograph_counts_by_its_bytes_else_by_its_link(tmp_path: Path) -> None:
    row = rows_of(landed(tmp_path / "shop", product(1)), "mugs").row(0, named=True)
    image = {"link": "renamed.jpg", "sha256": row["photographs"][0]["sha256"], "size": 12}
    assert row_key_of(row | {"photographs": [image]}) == row["key"]
    assert row_key_of(row | {"photographs": [image | {"sha256": "0" * 64}]}) != row["key"]
    unpinned = {"link": "a.jpg", "sha256": None, "size": None}
    moved = {"link": "b.jpg", "sha256": None, "size": None}
    assert row_key_of(row | {"photographs": [unpinned]}) != row_key_of(
        row | {"photographs": [moved]}
    )


def test_bad_rows_are_rejected_and_the_good_ones_land(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    lines = [product(1), product(2) | {"title": ""}, product(1), {"id": "9"}]
    text = "\n".join([*map(json.dumps, lines), "{broken"])
    (folder / "products.jsonl").write_text(text)
    drop = land(read_drop(folder))
    assert rows_of(drop, "mugs")["id"].to_list() == ["1"]
    assert rejected(drop)["row_number"].to_list() == [2, 3, 4, 5]
    assert rejected(drop)["rejected_id"].is_unique().all()
    assert json.loads(rejected(drop)["record"][3]) == {"line": "{broken"}
    assert rows_of(drop, "mugs")["photographs"][0][0]["sha256"] is None


def test_an_item_in_two_feeds_names_both(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "feed_a.jsonl").write_text(json.dumps(product(1)))
    (folder / "feed_b.csv").write_text(
        "sku,name,category,image,size\n1,Mug,Mugs,a.jpg,L\n2,B,C,d,\n"
    )
    drop = land(read_drop(folder))
    assert drop.slugs == {"mugs": "Mugs", "c": "C"}
    assert "row 1 of feed_a.jsonl keeps it, row 1 of feed_b.csv" in rejected(drop)["reasons"][0][0]


@pytest.mark.parametrize(
    ("catalog", "good", "types"), [("luma", 461, 10), ("closet", 1442, 17), ("showroom", 308, 54)]
)
def test_real_catalogs_land(catalogs: Path, catalog: str, good: int, types: int) -> None:
    drop = land(read_drop(catalogs / catalog))
    assert len(drop.listing) == good
    assert len(drop.slugs) == types
    rows = pl.concat(drop.good)
    assert rows["photographs"].list.first().struct["sha256"].null_count() == 0
    # One product of the showroom is listed twice under one id, with two titles.
    assert [item for rows in drop.bad for item in rows["id"]] == (
        ["spree_home-ROBOT-VACUUM"] if catalog == "showroom" else []
    )


def test_an_item_twice_keeps_the_first_good_row(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    unusable = {"id": "1", "title": "x", "product_type": "Mugs"}
    rows = [unusable, product(1, title="Kept"), product(1) | {"id": " 1 "}, product(2)]
    (folder / "products.jsonl").write_text("\n".join(map(json.dumps, rows)))
    drop = land(read_drop(folder))
    assert sorted(drop.listing["item_id"]) == ["shop/1", "shop/2"]
    assert rejected(drop)["row_number"].to_list() == [1, 3]
    told = rejected(drop)["reasons"][1][0]
    assert "row 2 of products.jsonl keeps it" in told
    assert "row 3 of products.jsonl repeats it" in told
    assert json.loads(rejected(drop)["record"][1])["id"] == " 1 "


def test_an_item_in_two_feeds_counts_once(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    for name in ("products_1.jsonl", "products_2.jsonl"):
        (folder / name).write_text(json.dumps(product(1, title=name)))
    drop = land(read_drop(folder))
    assert [title for part in drop.good for title in part["title"]] == ["products_1.jsonl"]
    assert "row 1 of products_1.jsonl keeps it" in rejected(drop)["reasons"][0][0]
