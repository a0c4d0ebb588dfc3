import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from vlclip_dagster.catalog.drops import Mode, prepare_drop, read_drop, write_drop
from vlclip_dagster.catalog.landing import LANDED_SCHEMA, Landed, land, row_key_of
from vlclip_dagster.hashing import content_hash


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
    rows = drop.products["mugs"]
    assert dict(rows.schema) == {**LANDED_SCHEMA}
    assert rows["photographs"][0].to_list() == [
        {"link": "1.jpg", "sha256": content_hash(b"photograph 1"), "size": 12}
    ]


def test_the_same_content_elsewhere_has_the_same_keys(tmp_path: Path) -> None:
    one = landed(tmp_path / "shop", product(1), product(2, "Rugs"))
    other = landed(tmp_path / "copy", product(2, "Rugs"), product(1))
    assert one.touched == other.touched
    assert one.products["mugs"]["root"][0] != other.products["mugs"]["root"][0]


@pytest.mark.parametrize("change", [{"title": "Other"}, {"color": "red"}, {"price": "5 USD"}])
def test_a_changed_value_changes_one_key(tmp_path: Path, change: dict[str, str]) -> None:
    before = landed(tmp_path / "shop", product(1), product(2), product(3, "Rugs"))
    after = landed(tmp_path / "shop", product(1) | change, product(2), product(3, "Rugs"))
    same = before.products["mugs"]["key"].eq_missing(after.products["mugs"]["key"])
    assert same.to_list() == [False, True]
    assert {slug for slug in before.touched if before.touched[slug] != after.touched[slug]} == {
        "mugs"
    }


def test_a_photograph_counts_by_its_bytes_else_by_its_link(tmp_path: Path) -> None:
    row = landed(tmp_path / "shop", product(1)).products["mugs"].row(0, named=True)
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
    assert drop.products["mugs"]["id"].to_list() == ["1"]
    assert drop.rejected["row_number"].to_list() == [2, 3, 4, 5]
    assert drop.rejected["rejected_id"].is_unique().all()
    assert json.loads(drop.rejected["record"][3]) == {"line": "{broken"}
    assert drop.products["mugs"]["photographs"][0][0]["sha256"] is None


def test_an_item_in_two_feeds_names_both(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "feed_a.jsonl").write_text(json.dumps(product(1)))
    (folder / "feed_b.csv").write_text(
        "sku,name,category,image,size\n1,Mug,Mugs,a.jpg,L\n2,B,C,d,\n"
    )
    drop = land(read_drop(folder))
    assert drop.slugs == {"mugs": "Mugs", "c": "C"}
    assert "row 1 of feed_a.jsonl keeps it, row 1 of feed_b.csv" in drop.rejected["reasons"][0][0]


@pytest.mark.parametrize(
    ("catalog", "good", "types"), [("luma", 461, 10), ("closet", 1442, 17), ("showroom", 308, 54)]
)
def test_real_catalogs_land(catalogs: Path, catalog: str, good: int, types: int) -> None:
    drop = land(read_drop(catalogs / catalog))
    assert sum(map(len, drop.products.values())) == good
    assert len(drop.slugs) == types
    rows = pl.concat(drop.products.values())
    assert rows["photographs"].list.first().struct["sha256"].null_count() == 0
    # One product of the showroom is listed twice under one id, with two titles.
    assert drop.rejected["id"].to_list() == (
        ["spree_home-ROBOT-VACUUM"] if catalog == "showroom" else []
    )
