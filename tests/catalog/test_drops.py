import json
import os
from pathlib import Path

import pytest

from vlclip_dagster.catalog.drops import (
    MANIFEST,
    DropManifest,
    find_feeds,
    prepare_drop,
    read_drop,
    write_drop,
)
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.hashing import content_hash

HEADER = "id,title,product_type,image_link,additional_image_link\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "My Shop"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "1.jpg").write_bytes(b"one")
    (folder / "images" / "2.jpg").write_bytes(b"two")
    (folder / "feed.csv").write_text(HEADER + '1,Mug,Mugs,images/1.jpg,"images/2.jpg,gone.jpg"\n')
    return folder


def test_a_folder_is_described_with_its_photographs(shop: Path) -> None:
    manifest = prepare_drop(shop)
    assert (manifest.shop, manifest.mode, manifest.root) == ("my-shop", "snapshot", str(shop))
    assert [feed.path for feed in manifest.feeds] == ["feed.csv"]
    assert {image.path: (image.sha256, image.size) for image in manifest.images} == {
        "images/1.jpg": (content_hash(b"one"), 3),
        "images/2.jpg": (content_hash(b"two"), 3),
    }


def test_a_bare_feed_is_a_drop_of_its_folder(shop: Path) -> None:
    assert prepare_drop(shop / "feed.csv").drop_id == prepare_drop(shop).drop_id
    assert prepare_drop(shop / "feed.csv", shop="Other & Co").shop == "other-and-co"


def test_the_id_follows_the_content_and_nothing_else(shop: Path) -> None:
    first = prepare_drop(shop)
    moved = shop.rename(shop.parent / "elsewhere")
    assert prepare_drop(moved, shop="My Shop").drop_id == first.drop_id
    assert prepare_drop(moved, shop="My Shop", mode="delta").drop_id != first.drop_id
    assert prepare_drop(moved, shop="another").drop_id != first.drop_id
    (moved / "images" / "1.jpg").write_bytes(b"new photograph")
    assert prepare_drop(moved, shop="My Shop").drop_id != first.drop_id


def test_links_out_of_the_folder_are_not_looked_at(shop: Path) -> None:
    secret = shop.parent / "secret.jpg"
    secret.write_bytes(b"secret")
    (shop / "link.jpg").symlink_to(secret)
    os.mkfifo(shop / "pipe.jpg")
    links = ["../secret.jpg", str(secret), secret.as_uri(), "link.jpg", "pipe.jpg", "images"]
    links += ["http://h/images/1.jpg", "%2e%2e/secret.jpg", "n\x00ul.jpg", "x" * 5_000, "http://[x"]
    rows = "".join(f"{number},Mug,Mugs,{link},\n" for number, link in enumerate(links))
    (shop / "feed.csv").write_text(HEADER + rows)
    assert prepare_drop(shop).images == ()


def test_feeds_of_a_folder_are_found_by_name_and_ending(tmp_path: Path) -> None:
    for name in ("products.jsonl", "products_2.csv.gz", "notes.txt", "README.txt", ".feed.csv"):
        (tmp_path / name).write_text("x")
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "feed.csv").write_text("x")
    assert [file.name for file in find_feeds(tmp_path)] == ["products.jsonl", "products_2.csv.gz"]


def test_a_folder_without_a_clear_feed_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(VlclipError, match="no feed in"):
        prepare_drop(tmp_path)
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "b.csv").write_text("x")
    with pytest.raises(VlclipError, match=r"a\.csv, b\.csv"):
        prepare_drop(tmp_path)
    with pytest.raises(VlclipError, match="nothing at"):
        prepare_drop(tmp_path / "absent")


def test_a_drop_is_landed_once_and_read_back(shop: Path, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    manifest = prepare_drop(shop)
    folder = write_drop(manifest, inbox)
    assert folder == inbox / "my-shop" / manifest.drop_id
    assert sorted(file.name for file in folder.iterdir()) == ["feed.csv", MANIFEST]
    drop = read_drop(folder)
    assert (drop.manifest, drop.folder, drop.root) == (manifest, folder, str(shop))


def test_dropping_again_is_told_by_a_manifest_of_now(shop: Path, tmp_path: Path) -> None:
    manifest = prepare_drop(shop)
    folder = write_drop(manifest, tmp_path / "inbox")
    assert write_drop(prepare_drop(shop), tmp_path / "inbox") == folder
    again = read_drop(folder).manifest
    assert again.drop_id == manifest.drop_id
    assert again.created_at > manifest.created_at


def test_a_manifest_of_a_shops_own_making_needs_little(shop: Path) -> None:
    feed = shop / "feed.csv"
    digest = content_hash(feed.read_bytes())
    ref = {"path": "feed.csv", "size": feed.stat().st_size, "sha256": digest}
    (shop / MANIFEST).write_text(json.dumps({"shop": "mugs", "mode": "delta", "feeds": [ref]}))
    drop = read_drop(shop)
    assert (drop.manifest.shop, drop.manifest.mode, drop.root) == ("mugs", "delta", str(shop))


def test_a_drop_that_moved_is_landed_with_its_new_root(shop: Path, tmp_path: Path) -> None:
    folder = write_drop(prepare_drop(shop), tmp_path / "inbox")
    moved = shop.rename(tmp_path / "moved")
    assert write_drop(prepare_drop(moved, shop="My Shop"), tmp_path / "inbox") == folder
    assert read_drop(folder).manifest.root == str(moved)


def test_a_feed_that_changed_meanwhile_is_not_landed(shop: Path, tmp_path: Path) -> None:
    manifest = prepare_drop(shop)
    (shop / "feed.csv").write_text(HEADER)
    with pytest.raises(VlclipError, match="not what its drop's manifest says"):
        write_drop(manifest, tmp_path / "inbox")
    folder = tmp_path / "inbox" / "my-shop" / manifest.drop_id
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("damage", ["changed", "cut", "removed"])
def test_a_damaged_drop_is_refused(shop: Path, tmp_path: Path, damage: str) -> None:
    folder = write_drop(prepare_drop(shop), tmp_path / "inbox")
    feed = folder / "feed.csv"
    text = feed.read_text()
    feed.write_text(text.replace("Mug,", "Mog,") if damage == "changed" else text[:-3])
    if damage == "removed":
        feed.unlink()
    with pytest.raises(VlclipError, match="drop the catalog again"):
        read_drop(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"feeds": [{"path": "../feed.csv", "size": 1, "sha256": "0" * 64}]},
        {"feeds": []},
        {"shop": "../../etc"},
        {"mode": "everything"},
        {"created_at": "2026-01-01T00:00:00"},
        {"version": 2},
    ],
)
def test_a_hostile_or_foreign_manifest_is_refused(
    shop: Path, tmp_path: Path, change: dict[str, object]
) -> None:
    folder = write_drop(prepare_drop(shop), tmp_path / "inbox")
    content = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(content | change))
    with pytest.raises(VlclipError, match="is not valid"):
        read_drop(folder)


def test_a_bare_feed_in_the_inbox_is_prepared_in_place(shop: Path) -> None:
    for path in (shop, shop / "feed.csv"):
        drop = read_drop(path)
        assert drop.folder == shop
        assert drop.manifest.drop_id == prepare_drop(shop).drop_id


def test_real_catalogs_are_described(catalogs: Path) -> None:
    manifest = prepare_drop(catalogs / "luma")
    assert isinstance(manifest, DropManifest)
    assert (manifest.shop, len(manifest.images)) == ("luma", 708)
