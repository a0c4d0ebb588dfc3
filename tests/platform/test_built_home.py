"""What a built home answers: searches, and what is in it and out of date."""

import re

import pytest
from homes import Home

from vlclip_dagster.catalog.drops import prepare_drop, write_drop
from vlclip_dagster.inbox import land_pending
from vlclip_dagster.index.filters import Filters


class TestSearch:
    def test_a_text_finds_products_of_one_type_or_of_all(self, built):
        search = built.search()
        of_all = search.text("black leather handbag", k=5)
        assert len(of_all) == 5
        assert [hit.score for hit in of_all] == sorted((h.score for h in of_all), reverse=True)
        for name in ("t-shirt", "T-Shirt"):
            assert {hit.product_type for hit in search.text("red", product_type=name)} == {
                "t-shirt"
            }

    def test_filters_are_kept(self, built, shop):
        search = built.search()
        price = sorted(float(row["price"].split()[0]) for row in shop.rows)[10]
        hits = search.text("anything", k=50, filters=Filters(price_max=price))
        assert hits
        assert all(hit.payload["price"] <= price for hit in hits)
        women = search.text("dress", k=50, filters=Filters(gender="female"))
        assert {hit.payload["gender"] for hit in women} == {"female"}

    def test_a_product_is_found_by_its_own_photograph(self, built):
        # The crop itself, as the gallery holds it: the first hit is the product it was cut from.
        crops = built.rows("grounded_crops", "sofa", "item_id", "crop").sort("item_id")
        first = built.search().image(crops["crop"][0], k=1)[0]
        assert first.item_id == crops["item_id"][0]
        assert first.score == pytest.approx(1, abs=2e-3)

    def test_similar_items_leave_out_the_anchors_group(self, built, shop):
        groups = [row["item_group_id"] for row in shop.rows]
        rows = [row for row in shop.rows if groups.count(row["item_group_id"]) > 1] or shop.rows
        for row in rows[:4]:
            hits = built.search().similar(f"shop/{row['id']}", k=50)
            assert hits
            assert f"shop/{row['item_group_id']}" not in {h.payload["item_group_id"] for h in hits}
            assert len({hit.product_type for hit in hits}) == 1

    def test_a_duplicate_is_found_through_the_one_it_repeats(self, built, shop, duplicate_of):
        search = built.search()
        sold = {row["id"] for row in shop.rows}
        pairs = [pair for pair in duplicate_of.items() if sold.issuperset(pair)]
        assert len(pairs) == 2
        for copy, original in pairs:
            pair = {f"shop/{copy}", f"shop/{original}"}
            point = search.item(copy)
            assert point.item_id in pair
            assert pair <= set(point.payload["variants"])
            hits = search.similar(copy, k=50)
            assert hits
            assert pair.isdisjoint(hit.item_id for hit in hits)


class TestStatus:
    def test_a_home_without_a_catalog_has_nothing_due(self, tmp_path):
        status = Home(tmp_path / "home").status()
        assert (status.product_types, status.due, status.checkpoint) == ({}, [], None)

    def test_a_built_home_tells_rows_and_the_checkpoint(self, built, shop):
        status = built.status()
        rows = sum(run.rows for run in status.artifacts if run.asset == "raw_catalog")
        assert rows == len(shop.rows)
        assert status.product_types["t-shirt"] == "T-shirt"
        assert re.fullmatch(r"[0-9a-f]{32}", status.checkpoint)
        assert status.unseen_share == 0

    def test_another_model_makes_the_checkpoint_due(self, built):
        home = Home(built.path, built.variables | {"VLCLIP_TRAINING__SEED": "8"})
        reasons = {due.asset: due.reason for due in home.status().due}
        assert reasons["finetuned_checkpoint"] == "its settings changed"

    def test_what_a_drop_will_change_is_told_after_it_landed(self, built, shop, tmp_path):
        home = built.copy(tmp_path / "home")
        new = shop.copy(tmp_path / "shop")
        new.of("dress")[0]["title"] = "Green midi dress"
        new.write()
        write_drop(prepare_drop(new.folder, shop="shop"), home.settings.inbox)
        land_pending(home.warehouse, home.settings.inbox)
        assert [(due.asset, due.slug) for due in home.status().due] == [("raw_catalog", "dress")]
