"""Drops land once, touch what changed and nothing else, and a bad one stops no other."""

import json
import shutil

import pytest

from vlclip_dagster.catalog.drops import prepare_drop, write_drop
from vlclip_dagster.inbox import land_pending, refused_drops
from vlclip_dagster.warehouse import Warehouse, any_of


@pytest.fixture
def shop(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    return folder


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


def product(number, **changes):
    row = {"id": f"p{number}", "title": f"Red shirt {number}", "product_type": "Shirt"}
    return row | {"image_link": f"images/{number}.jpg"} | changes


def drop(folder, home, rows, **options):
    (folder / "products.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    return write_drop(prepare_drop(folder, **options), home / "inbox")


def land(home):
    return land_pending(Warehouse(home), home / "inbox")


def landed(home, slug):
    rows = Warehouse(home).table("landed").read(["item_id"], where=any_of("slug", [slug]))
    return sorted(rows["item_id"])


def test_a_drop_lands_once(shop, home):
    drop(shop, home, [product(1), product(2, product_type="Home > Tables > Coffee table")])
    (outcome,) = land(home)
    assert (outcome.products, outcome.rejected, sorted(outcome.versions)) == (
        2,
        0,
        ["coffee-table", "shirt"],
    )
    assert land(home) == []
    drop(shop, home, [product(1), product(2, product_type="Home > Tables > Coffee table")])
    assert land(home) == []


def test_a_snapshot_removes_what_it_no_longer_lists_and_touches_only_what_changed(shop, home):
    drop(shop, home, [product(1), product(2), product(3, product_type="Sofa")])
    land(home)
    drop(shop, home, [product(1), product(3, product_type="Sofa")])
    (outcome,) = land(home)
    assert list(outcome.versions) == ["shirt"]
    assert landed(home, "shirt") == ["shop/p1"]
    assert landed(home, "sofa") == ["shop/p3"]


def test_a_delta_leaves_the_rest_alone(shop, home):
    drop(shop, home, [product(1), product(2)])
    land(home)
    drop(shop, home, [product(2, title="Blue shirt 2")], mode="delta")
    (outcome,) = land(home)
    assert list(outcome.versions) == ["shirt"]
    titles = Warehouse(home).table("landed").read(["title"])["title"]
    assert sorted(titles) == ["Blue shirt 2", "Red shirt 1"]


def test_a_product_that_moves_to_another_type_leaves_the_old_one(shop, home):
    drop(shop, home, [product(1), product(2)])
    land(home)
    drop(shop, home, [product(1), product(2, product_type="Blouse")])
    (outcome,) = land(home)
    assert sorted(outcome.versions) == ["blouse", "shirt"]
    assert (landed(home, "shirt"), landed(home, "blouse")) == (["shop/p1"], ["shop/p2"])


def test_bad_rows_are_kept_with_their_reason_and_heal(shop, home):
    drop(shop, home, [product(1), product(2, title="")])
    (outcome,) = land(home)
    assert (outcome.products, outcome.rejected) == (1, 1)
    rejected = Warehouse(home).table("rejected_products").read(["reasons", "record"])
    assert "title" in rejected["reasons"][0][0]
    assert json.loads(rejected["record"][0])["id"] == "p2"
    drop(shop, home, [product(1), product(2)])
    land(home)
    assert Warehouse(home).table("rejected_products").count() == 0
    assert landed(home, "shirt") == ["shop/p1", "shop/p2"]


def test_a_changed_feed_is_told_and_the_other_drop_lands(shop, home, tmp_path):
    folder = drop(shop, home, [product(1)])
    (folder / "products.jsonl").write_text("{}")
    other = tmp_path / "other"
    other.mkdir()
    drop(other, home, [product(9)])
    outcomes = {outcome.problem is None: outcome for outcome in land(home)}
    assert "not what its drop's manifest says" in outcomes[False].problem
    assert outcomes[True].shop == "other"


def test_a_bare_feed_put_into_the_inbox_by_hand_lands(home):
    folder = home / "inbox" / "corner-shop"
    folder.mkdir(parents=True)
    (folder / "feed.csv").write_text("id,title,product_type,image_link\n1,Green vase,Vase,1.jpg\n")
    (outcome,) = land(home)
    assert (outcome.shop, outcome.products) == ("corner-shop", 1)
    assert land(home) == []


def test_an_empty_file_is_one_sentence(home):
    folder = home / "inbox" / "corner-shop"
    folder.mkdir(parents=True)
    (folder / "feed.csv").write_text("")
    (outcome,) = land(home)
    assert "feed.csv" in outcome.problem
    assert "empty" in outcome.problem


def test_the_same_content_from_another_folder_changes_nothing(shop, home, tmp_path):
    drop(shop, home, [product(1)], shop="shop")
    land(home)
    moved = tmp_path / "moved"
    moved.mkdir()
    drop(moved, home, [product(1)], shop="shop")
    assert [outcome.versions for outcome in land(home)] in ([], [{}])


def test_a_refused_drop_is_told_by_the_status_until_it_is_repaired(shop, home):
    folder = drop(shop, home, [product(1)])
    whole = (folder / "products.jsonl").read_text()
    (folder / "products.jsonl").write_text(whole[:-3])
    land(home)
    (problem,) = refused_drops(Warehouse(home), home / "inbox")
    assert problem.startswith("shop/")
    assert "not what its drop's manifest says" in problem
    (folder / "products.jsonl").write_text(whole)
    assert refused_drops(Warehouse(home), home / "inbox") == []
    (outcome,) = land(home)
    assert outcome.problem is None


def test_a_refused_drop_that_was_taken_away_is_forgotten(shop, home):
    folder = drop(shop, home, [product(1)])
    (folder / "products.jsonl").write_text("")
    land(home)
    shutil.rmtree(folder)
    assert refused_drops(Warehouse(home), home / "inbox") == []


def test_a_drop_beside_older_ones_of_its_shop_is_seen(shop, home):
    """A person copies a folder where ``vlclip drop`` put others."""
    drop(shop, home, [product(1)])
    land(home)
    (shop / "products.jsonl").write_text(json.dumps(product(2, product_type="Sofa")))
    shutil.copytree(shop, home / "inbox" / "shop" / "by-hand")
    shutil.copy(shop / "products.jsonl", home / "inbox" / "kiosk.jsonl")
    assert sorted((o.drop, o.shop) for o in land(home)) == [
        ("kiosk.jsonl", "kiosk"),
        ("shop/by-hand", "shop"),
    ]
    assert landed(home, "sofa") == ["kiosk/p2", "shop/p2"]
