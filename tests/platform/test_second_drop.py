"""What it costs to run again: nothing new, another drop, other settings."""

import re
from pathlib import Path

import cv2
import pytest
from homes import ROW_TABLES, Home, Shop, changed, counts_of

from vlclip_dagster.runs import Platform
from vlclip_dagster.sql.database import query
from vlclip_dagster.sql.models import load_models

NEW_TITLE = "Women's crimson velvet crew neck long sleeve t-shirt with chest pocket"


class TestNothingNew:
    def test_a_second_run_does_nothing_and_says_nothing_is_due(self, built):
        with built.instance() as instance:
            before = instance.get_runs_count()
            outcome = Platform(built.settings, instance).run_out_of_date()
            assert instance.get_runs_count() == before
        assert (outcome.ran, outcome.failures, outcome.drops) == ([], [], [])
        assert built.status().due == []

    def test_the_same_catalog_dropped_again_does_nothing(self, built, shop, tmp_path):
        home = built.copy(tmp_path / "home")
        home.drop(shop.folder)
        outcome = home.run()
        assert (outcome.ran, outcome.drops) == ([], [])


@pytest.fixture(scope="class")
def second_drop(built, shop, copied, tmp_path_factory):
    """One drop in which four types changed, each in another way; one stayed as it was."""
    place = tmp_path_factory.mktemp("second")
    home = built.copy(place / "home")
    new = shop.copy(place / "shop")
    touched = {slug: new.lone(slug, copied) for slug in ("t-shirt", "sofa", "dress", "trousers")}
    touched["t-shirt"]["title"] = NEW_TITLE
    other_photograph(new.folder / touched["sofa"]["image_link"])
    new.rows.remove(touched["dress"])
    (new.folder / touched["trousers"]["image_link"]).write_bytes(b"<html>not found</html>")
    new.write()
    home.drop(new.folder)
    due = None
    with home.instance() as instance:
        platform = Platform(home.settings, instance)
        outcome = platform.run_out_of_date()
        due = platform.all_due()
    items = {slug: f"shop/{row['id']}" for slug, row in touched.items()}
    return SecondDrop(built, home, new, outcome, items, due)


class SecondDrop:
    def __init__(self, before: Home, home: Home, shop: Shop, outcome, items, due) -> None:
        self.before, self.home, self.shop, self.outcome = before, home, shop, outcome
        self.items, self.due = items, due

    def counts(self, asset: str, slug: str | None) -> tuple[int, int, int]:
        """Computed, deleted, failed; all zero when the stage had no reason to run."""
        found = counts_of(self.outcome, asset, slug) or {}
        return tuple(found.get(name, 0) for name in ("computed", "deleted", "failed"))

    def changed(self, table: str, slug: str) -> set[str]:
        return changed(self.before.keys(table, slug), self.home.keys(table, slug))

    def gone(self, table: str, slug: str) -> set[str]:
        return set(self.before.keys(table, slug)) - set(self.home.keys(table, slug))


class TestSecondDrop:
    def test_what_did_not_change_is_not_run(self, second_drop):
        assert second_drop.outcome.failures == []
        ran = {run.slug for run in second_drop.outcome.ran if run.slug}
        assert ran == {"t-shirt", "sofa", "dress", "trousers"}
        assert counts_of(second_drop.outcome, "finetuned_checkpoint") is None
        assert counts_of(second_drop.outcome, "eval_report") is not None

    def test_a_title_costs_one_query_and_one_text_vector(self, second_drop):
        item = second_drop.items["t-shirt"]
        assert second_drop.changed("raw_catalog", "t-shirt") == {item}
        assert second_drop.changed("refined_queries", "t-shirt") == {item}
        assert second_drop.changed("embeddings", "t-shirt") == {item}
        for table in ("photographs", "deduped_images", "grounded_crops"):
            assert second_drop.changed(table, "t-shirt") == set()
        assert second_drop.counts("deduped_images", "t-shirt") == (0, 0, 0)
        assert second_drop.counts("grounded_crops", "t-shirt") == (0, 0, 0)
        shown = second_drop.home.materialized("embeddings", "t-shirt")
        assert (shown["text_vectors_computed"], shown["image_vectors_computed"]) == (1, 0)
        assert second_drop.counts("qdrant_collections", "t-shirt") == (1, 0, 0)
        point = second_drop.home.search().item(item)
        assert point.payload["title"] == NEW_TITLE
        assert "crimson" in point.payload["query"]

    def test_a_photograph_costs_one_crop_and_one_image_vector(self, second_drop):
        item = second_drop.items["sofa"]
        assert second_drop.changed("photographs", "sofa") == {f"{item}#0"}
        assert second_drop.changed("grounded_crops", "sofa") == {f"{item}#0"}
        assert second_drop.changed("refined_queries", "sofa") == set()
        assert second_drop.counts("deduped_images", "sofa") == (1, 0, 0)
        assert second_drop.counts("refined_queries", "sofa") == (0, 0, 0)
        assert second_drop.home.materialized("grounded_crops", "sofa")["detected"] == 1
        shown = second_drop.home.materialized("embeddings", "sofa")
        assert (shown["text_vectors_computed"], shown["image_vectors_computed"]) == (0, 1)
        assert second_drop.counts("qdrant_collections", "sofa") == (1, 0, 0)

    def test_a_product_that_left_leaves_every_table_and_the_collection(self, second_drop):
        item = second_drop.items["dress"]
        for table in ROW_TABLES:
            gone = {name.partition("#")[0] for name in second_drop.gone(table, "dress")}
            assert gone == {item}, table
            assert second_drop.changed(table, "dress") == set(), table
        assert second_drop.gone("embeddings", "dress") == {item}
        assert second_drop.counts("qdrant_collections", "dress") == (0, 1, 0)
        hits = second_drop.home.search().text("dress", product_type="dress", k=100)
        assert item not in {hit.item_id for hit in hits}

    def test_an_unreadable_photograph_fails_alone_and_with_a_sentence(self, second_drop):
        item = second_drop.items["trousers"]
        rows = second_drop.home.rows("photographs", "trousers", "photo_id", "error")
        (failed,) = rows.filter(rows["error"].is_not_null()).rows()
        assert failed[0] == f"{item}#0"
        assert re.match(r"images/\S+\.jpg: .*\w", failed[1])
        assert "Traceback" not in failed[1]
        assert second_drop.counts("deduped_images", "trousers") == (0, 0, 1)
        assert item in second_drop.home.keys("refined_queries", "trousers")
        assert second_drop.gone("embeddings", "trousers") == {item}
        assert second_drop.home.materialized("embeddings", "trousers")["without_photograph"] == 1

    def test_a_report_that_was_made_again_keeps_its_checkpoints_scores_once(self, second_drop):
        def scored(home: Home) -> list[tuple[str, str | None]]:
            text = "select checkpoint, slug from retrieval_quality"
            return query(home.warehouse, load_models(), text).rows()

        before, after = scored(second_drop.before), scored(second_drop.home)
        assert len(after) == len(set(after)) > 1
        assert set(after) <= set(before)
        assert {slug for _, slug in before} <= {None, *second_drop.before.slugs()}

    def test_what_failed_stays_due(self, second_drop):
        assert [(due.asset, due.slug, due.reason) for due in second_drop.due] == [
            ("deduped_images", "trousers", "1 rows failed")
        ]

    def test_it_heals_when_the_photograph_is_repaired(self, second_drop, shop):
        """Runs last: the home goes on from here."""
        home, item = second_drop.home, second_drop.items["trousers"]
        (row,) = [row for row in shop.rows if item.endswith(row["id"])]
        whole = (shop.folder / row["image_link"]).read_bytes()
        (second_drop.shop.folder / row["image_link"]).write_bytes(whole)
        home.drop(second_drop.shop.folder)
        outcome = home.run()
        assert outcome.failures == []
        assert {run.slug for run in outcome.ran} == {"trousers", None}
        shown = home.materialized("embeddings", "trousers")
        assert (shown["text_vectors_computed"], shown["image_vectors_computed"]) == (1, 1)
        assert home.keys("embeddings", "trousers") == second_drop.before.keys(
            "embeddings", "trousers"
        )
        assert home.status().due == []


class TestSettings:
    def test_another_threshold_cuts_again_and_detects_nothing_again(self, few, tmp_path):
        home = few.copy(
            tmp_path / "home",
            VLCLIP_GROUNDING__THRESHOLD="0.99",
            VLCLIP_REPORT__ABLATION="false",
        )
        reasons = {due.asset: due.reason for due in home.status().due}
        assert reasons["grounded_crops"] == "its settings or its code changed"
        assert "refined_queries" not in reasons
        outcome = home.run()
        assert outcome.failures == []
        for slug in home.slugs():
            crops = home.rows("grounded_crops", slug, "accepted", "score")
            assert counts_of(outcome, "grounded_crops", slug)["computed"] == crops.height
            assert home.materialized("grounded_crops", slug)["detected"] == 0
            assert crops["accepted"].sum() == (crops["score"] >= 0.99).sum()
            assert counts_of(outcome, "refined_queries", slug)["computed"] == 0
            assert home.materialized("embeddings", slug)["text_vectors_computed"] == 0


def other_photograph(path: Path) -> None:
    """Put the same thing upside down and in other colours where a photograph was."""
    image = cv2.imread(str(path))
    cv2.imwrite(str(path), cv2.rotate(255 - image, cv2.ROTATE_180))
