"""Real catalogs go the whole way: what a shop hands over is what a person finds again."""

import json
import re

import polars as pl
import pytest
from homes import QUICK, Home

from vlclip_dagster.inbox import land_pending

CLOSET, SHOWROOM, LUMA = 1442, 308, 461
UNSEEN_WORDS = re.compile(
    r"\b(machine|wash|washable|dry ?clean|tumble|bleach|iron|usd|price|sale|\$|free|shipping)\b",
    re.I,
)


@pytest.fixture(scope="module")
def luma(catalogs, tmp_path_factory) -> Home:
    """Luma, built whole with a short training."""
    short = {"VLCLIP_TRAINING__MAX_STEPS": "2"}
    home = Home(tmp_path_factory.mktemp("luma") / "home", QUICK | short)
    home.drop(catalogs / "luma", shop="luma")
    outcome = home.run()
    assert outcome.failures == []
    return home


def whole(home: Home, table: str, *columns: str) -> pl.DataFrame:
    return pl.concat([home.rows(table, slug, *columns) for slug in home.slugs()])


class TestLuma:
    def test_every_product_gets_through(self, luma):
        assert len(luma.slugs()) == 10
        for table in ("raw_catalog", "refined_queries", "embeddings"):
            rows = whole(luma, table, "item_id", "error")
            assert (rows.height, rows["item_id"].n_unique()) == (LUMA, LUMA), table
            assert rows["error"].null_count() == LUMA, table
        assert luma.table("rejected_products").count() == 0
        assert luma.status().due == []

    def test_colour_variants_are_not_merged(self, luma):
        photographs = whole(luma, "deduped_images", "photo_id", "item_id", "sha256", "canonical_id")
        products = whole(luma, "raw_catalog", "item_id", "item_group_id", "color")
        known = photographs.join(products, on="item_id")
        told = known.select(
            canonical_id="photo_id",
            its_group="item_group_id",
            its_color="color",
            its_bytes="sha256",
        )
        merged = known.join(told, on="canonical_id").filter(
            (pl.col("item_group_id") == pl.col("its_group"))
            & (pl.col("color") != pl.col("its_color"))
            & (pl.col("sha256") != pl.col("its_bytes"))
        )
        assert merged.is_empty(), merged

    def test_queries_say_what_one_sees(self, luma):
        queries = whole(luma, "refined_queries", "item_id", "query", "words", "converged", "note")
        said = [query for query in queries["query"] if UNSEEN_WORDS.search(query)]
        assert said == []
        assert queries["words"].max() <= 20
        assert queries["converged"].mean() > 0.9
        # "Sprite Foam Roller", of no colour: what can be seen is a foam roller, and that is told.
        short = queries.filter(pl.col("words") < 4)
        assert short["note"].str.contains("visible words").all()
        assert short.height < 0.01 * LUMA

    def test_each_colour_variant_is_asked_for_by_its_own_colour(self, luma):
        queries = whole(luma, "refined_queries", "item_id", "query")
        products = whole(luma, "raw_catalog", "item_id", "color").drop_nulls()
        for item, query, colour in queries.join(products, on="item_id").iter_rows():
            said = set(re.findall(r"\w+", query.lower()))
            assert said & set(re.findall(r"\w+", colour.lower())), (item, query, colour)

    def test_the_names_of_series_are_nothing_that_one_sees(self, luma):
        queries = whole(luma, "refined_queries", "query")["query"]
        for name in ("chaz", "kangeroo", "tristan", "artemis", "gwen", "chloe", "bruno", "thorpe"):
            assert not queries.str.contains(rf"\b{name}\b").any(), name

    def test_searches_answer_with_products_of_the_shop(self, luma):
        hits = luma.search().text("red sleeveless running tank", k=10)
        assert len({hit.item_id for hit in hits}) == 10
        groups = {hit.payload["item_group_id"] for hit in luma.search().similar("luma/MH01-Black")}
        assert "luma/MH01" not in groups

    def test_the_report_covers_all_types(self, luma):
        figures = json.loads((luma.settings.report_folder / "report.json").read_text())
        assert figures["catalog"]["products"] == LUMA
        assert {row["type"] for row in figures["per_type"]} == set(luma.slugs())


@pytest.fixture(scope="module")
def together(catalogs, tmp_path_factory):
    """All three catalogs landed in one home, each dropped by its folder."""
    home = Home(tmp_path_factory.mktemp("together") / "home")
    for name in ("luma", "closet", "showroom"):
        home.drop(catalogs / name, shop=name)
    return home, land_pending(home.warehouse, home.settings.inbox)


class TestLanding:
    def test_each_catalog_lands_whole(self, together):
        _, landed = together
        told = {drop.shop: (drop.products, drop.rejected, drop.problem) for drop in landed}
        assert told == {
            "luma": (LUMA, 0, None),
            "closet": (CLOSET, 0, None),
            "showroom": (SHOWROOM, 1, None),
        }

    def test_the_item_that_showroom_lists_twice_is_told(self, together):
        home, _ = together
        ((shop, reasons),) = home.table("rejected_products").read(["shop", "reasons"]).rows()
        assert shop == "showroom"
        assert re.search(r"used twice: row \d+ .* keeps it, row \d+", reasons[0])

    def test_they_lie_side_by_side(self, together):
        home, _ = together
        rows = home.table("landed").read(["item_id", "shop"])
        assert rows["item_id"].n_unique() == rows.height
        counts = dict(rows.group_by("shop").len().iter_rows())
        assert counts == {"luma": LUMA, "closet": CLOSET, "showroom": SHOWROOM}

    def test_every_product_is_valid(self, together):
        home, _ = together
        rows = home.table("landed").read(["item_id", "title", "error", "photographs"])
        assert rows["error"].null_count() == rows.height
        assert rows["title"].null_count() == 0
        assert (rows["photographs"].list.len() > 0).all()
        digests = rows.explode("photographs").unnest("photographs")["sha256"]
        assert digests.null_count() == 0

    def test_landing_again_changes_nothing(self, together, catalogs):
        home, _ = together
        home.drop(catalogs / "showroom", shop="showroom")
        assert land_pending(home.warehouse, home.settings.inbox) == []
