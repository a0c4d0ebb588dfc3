"""A drop replaces what it decides on, and each product type knows when it changed."""

import json

import pytest

from vlclip_dagster.catalog.drops import prepare_drop, read_drop
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.merging import merge_drop
from vlclip_dagster.stages import StageLog
from vlclip_dagster.warehouse import EMPTY_VERSION, Warehouse


def product(number, kind="Mugs", **extra):
    row = {"id": str(number), "title": f"Thing {number}", "product_type": kind}
    return row | {"image_link": f"{number}.jpg"} | extra


class Shops:
    """A warehouse, and shops that drop into it."""

    def __init__(self, folder):
        self.folder = folder
        self.home = Warehouse(folder / "home")

    def drop(self, shop, *rows, mode="snapshot"):
        folder = self.folder / shop
        folder.mkdir(exist_ok=True)
        (folder / "products.jsonl").write_text("\n".join(map(json.dumps, rows)))
        manifest = prepare_drop(folder, mode=mode)
        drop = read_drop(folder)
        return merge_drop(self.home, type(drop)(folder, manifest, str(folder)), "place")

    def products(self):
        rows = self.home.table("landed").read(["slug", "item_id"]).sort("item_id")
        grouped = rows.group_by("slug", maintain_order=True).agg("item_id").sort("slug")
        return dict(grouped.iter_rows())

    def titles(self, slug):
        rows = self.home.table("landed").read(["item_id", "slug", "title"]).sort("item_id")
        return rows.filter(slug=slug)["title"].to_list()

    def last(self, slug):
        return StageLog(self.home).last("landed", slug)

    def types(self):
        rows = self.home.table("product_types").read(["slug", "retired_at"])
        return {slug: retired is None for slug, retired in rows.iter_rows()}


@pytest.fixture
def shops(tmp_path):
    return Shops(tmp_path)


def test_a_snapshot_replaces_its_shop_and_no_other(shops):
    shops.drop("shop", product(1), product(2), product(3, "Rugs"))
    shops.drop("other", product(1))
    told = shops.drop("shop", product(2), product(4, "Lamps"))
    assert shops.products() == {"lamps": ["shop/4"], "mugs": ["other/1", "shop/2"]}
    assert sorted(told.versions) == ["lamps", "mugs", "rugs"]


def test_a_shop_whose_name_begins_another_shops_leaves_it_alone(shops):
    shops.drop("shop-2", product(1))
    shops.drop("shop", product(2))
    assert shops.products() == {"mugs": ["shop-2/1", "shop/2"]}


def test_a_delta_changes_what_it_lists(shops):
    shops.drop("shop", *map(product, range(1, 5)))
    changes = [product(2, title="New"), product(3, "Rugs"), {"id": "4", "action": "delete"}]
    shops.drop("shop", *changes, product(5), mode="delta")
    assert shops.products() == {"mugs": ["shop/1", "shop/2", "shop/5"], "rugs": ["shop/3"]}
    assert shops.titles("mugs") == ["Thing 1", "New", "Thing 5"]


def test_a_delta_may_hold_deletions_alone(shops):
    shops.drop("shop", product(1), product(2))
    told = shops.drop("shop", {"id": "1", "action": "delete"}, mode="delta")
    assert shops.products() == {"mugs": ["shop/2"]}
    assert list(told.versions) == ["mugs"]


def test_the_same_drop_twice_changes_nothing(shops):
    first = shops.drop("shop", product(1), product(2, "Rugs"))
    before = shops.home.table("landed").read().sort("item_id")
    assert shops.drop("shop", product(1), product(2, "Rugs")).versions == {}
    assert shops.home.table("landed").read().sort("item_id").equals(before)
    assert sorted(first.versions) == ["mugs", "rugs"]


def test_counts_are_those_of_the_type(shops):
    shops.drop("shop", product(1), product(2), product(3), product(9, "Rugs"))
    shops.drop("shop", product(1), product(2, title="New"), product(9, "Rugs"))
    counts = shops.last("mugs").counts
    assert (counts.kept, counts.computed, counts.deleted) == (1, 1, 1)
    assert shops.last("rugs").counts.computed == 1  # that of the first drop: nothing changed since


def test_a_type_without_products_is_retired_and_comes_back(shops):
    shops.drop("shop", product(1), product(2, "Rugs"))
    version = shops.last("rugs").output_version
    told = shops.drop("shop", product(1))
    assert told.versions == {"rugs": EMPTY_VERSION}
    assert shops.types() == {"mugs": True, "rugs": False}
    assert shops.drop("shop", product(1), product(2, "Rugs")).versions == {"rugs": version}
    assert shops.types() == {"mugs": True, "rugs": True}


@pytest.mark.parametrize("mode", ["snapshot", "delta"])
def test_a_catalog_of_which_nothing_can_be_used_changes_nothing(shops, mode):
    shops.drop("shop", product(1))
    with pytest.raises(VlclipError, match="none of the 1 rows"):
        shops.drop("shop", product(2, title=""), mode=mode)
    assert shops.products() == {"mugs": ["shop/1"]}


def test_a_snapshot_that_lists_nothing_does_not_empty_the_shop(shops):
    shops.drop("shop", product(1))
    with pytest.raises(VlclipError, match="lists no product, so it stays as it was"):
        shops.drop("shop", {"id": "1", "action": "delete"})
    assert shops.products() == {"mugs": ["shop/1"]}


def test_a_kill_before_the_log_is_made_up_for(shops, monkeypatch):
    shops.drop("shop", product(1))

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(StageLog, "append", killed)
        with pytest.raises(KeyboardInterrupt):
            shops.drop("shop", product(1, title="New"), product(2, "Rugs"))
    told = shops.drop("shop", product(1, title="New"), product(2, "Rugs"))
    assert sorted(told.versions) == ["mugs", "rugs"]


def test_files_that_moved_are_read_from_where_they_are(shops):
    shops.drop("shop", product(1))
    moved = shops.folder / "elsewhere" / "shop"
    moved.mkdir(parents=True)
    (moved / "products.jsonl").write_text(json.dumps(product(1)))
    assert merge_drop(shops.home, read_drop(moved), "place").versions == {}
    assert shops.home.table("landed").read(["root"])["root"].to_list() == [str(moved)]


def test_later_landings_have_later_times_though_the_clock_is_set_back(shops):
    shops.drop("shop", product(1))
    log = StageLog(shops.home)
    run = log.last("landed", "mugs")
    future = type(run)(**{**vars(run), "finished_at": "2999-01-01T00:00:00.000000+00:00"})
    log.append([future])
    shops.drop("shop", product(1, title="New"))
    assert shops.last("mugs").finished_at > future.finished_at
