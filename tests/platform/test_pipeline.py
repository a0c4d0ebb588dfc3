"""From a drop to a search and a report, and what a second drop costs."""

import json
import re
from pathlib import Path

import cv2
import dagster as dg
import pytest
from homes import ROW_TABLES, Home, Shop, changed

from vlclip_dagster.automation import PRODUCT_ASSETS, SEARCH_ASSETS
from vlclip_dagster.catalog.drops import prepare_drop, write_drop
from vlclip_dagster.definitions import build_defs
from vlclip_dagster.index.filters import Filters
from vlclip_dagster.runs import ALL_ASSETS, Platform
from vlclip_dagster.sql.database import query
from vlclip_dagster.sql.models import load_models

NEW_TITLE = "Women's crimson velvet crew neck long sleeve t-shirt with chest pocket"


def materialized(home: Home, asset: str, slug: str | None = None) -> dict[str, object]:
    """Metadata of the newest materialization, as the UI shows it."""
    with home.instance() as instance:
        records = instance.fetch_materializations(
            dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[slug] if slug else None),
            limit=1,
        ).records
    return {name: value.value for name, value in records[0].asset_materialization.metadata.items()}


def checked(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list:
    """The check evaluations of a run."""
    kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    logs = instance.all_logs(run.run_id, of_type=kind)
    return [entry.get_dagster_event().asset_check_evaluation_data for entry in logs]


def counts_of(outcome, asset: str, slug: str | None = None) -> dict[str, int] | None:
    """Counts of one stage of an outcome; None when it did not run."""
    found = [run.counts.as_dict() for run in outcome.ran if (run.asset, run.slug) == (asset, slug)]
    return found[0] if found else None


class TestFirstRun:
    def test_every_asset_is_built_for_every_type(self, first_run, shop):
        home, outcome = first_run
        assert outcome.failures == []
        (landed,) = outcome.drops
        assert (landed.problem, landed.products, landed.rejected) == (None, len(shop.rows), 0)
        wanted = {(a, s) for a in (*PRODUCT_ASSETS, *SEARCH_ASSETS) for s in home.slugs()}
        wanted |= {("finetuned_checkpoint", None), ("eval_report", None)}
        assert {(run.asset, run.slug) for run in outcome.ran} == wanted
        assert len(home.slugs()) == 5

    def test_every_product_gets_its_rows(self, built, shop):
        for slug in built.slugs():
            items = {f"shop/{row['id']}" for row in shop.of(slug)}
            for table in ("raw_catalog", "refined_queries", "embeddings"):
                rows = built.rows(table, slug, "item_id", "error")
                assert set(rows["item_id"]) == items, table
                assert rows["error"].null_count() == rows.height, table
            mapping = built.rows("deduped_images", slug, "photo_id", "canonical_id")
            assert set(built.keys("grounded_crops", slug)) == set(mapping["canonical_id"])

    def test_only_canonical_photographs_are_points(self, built, copied):
        search = built.search()
        for slug in built.slugs():
            canonical = built.rows("embeddings", slug, "canonical_id")["canonical_id"].n_unique()
            hits = search.image(photograph_of(built, slug), product_type=slug, k=100)
            assert len(hits) == canonical
        assert len(copied) == 8

    def test_counts_add_up(self, first_run):
        _, outcome = first_run
        for run in outcome.ran:
            assert run.counts.kept == run.counts.deleted == run.counts.failed == 0, run
            assert run.counts.computed == run.rows > 0
            assert run.seconds > 0

    def test_the_truth_beside_a_catalog_is_never_read(self, shop):
        assert not (shop.folder / "truth").exists()


class TestWhatDagsterKnows:
    def test_all_runs_are_there_and_succeeded(self, built):
        with built.instance() as instance:
            runs = instance.get_runs()
        assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}
        assert len(runs) == 2 * len(built.slugs()) + 2
        assert {run.job_name for run in runs} == {
            "prepare_products",
            "publish_search",
            "train_and_report",
        }

    @pytest.mark.parametrize("asset", ALL_ASSETS)
    def test_a_materialization_tells_counts_and_seconds(self, built, asset):
        slug = "dress" if asset in (*PRODUCT_ASSETS, *SEARCH_ASSETS) else None
        shown = materialized(built, asset, slug)
        assert shown["computed"] == shown["dagster/row_count"] > 0
        assert (shown["kept"], shown["deleted"], shown["failed"]) == (0, 0, 0)
        assert shown["seconds"] > 0

    @pytest.mark.parametrize(
        ("asset", "slug", "name"),
        [
            ("deduped_images", "handbag", "duplicate_groups"),
            ("grounded_crops", "sofa", "boxes"),
            ("qdrant_collections", "dress", "results_picture"),
            ("finetuned_checkpoint", None, "loss_curve"),
            ("eval_report", None, "recall_curve"),
        ],
    )
    def test_pictures_are_shown_in_place(self, built, asset, slug, name):
        assert re.match(
            r"!\[.*\]\(data:image/(jpeg|png);base64,[\w/+]",
            str(materialized(built, asset, slug)[name]),
        )

    def test_raw_text_stands_beside_the_refined_query(self, built):
        table = str(materialized(built, "refined_queries", "dress")["raw_beside_refined"])
        query = built.rows("refined_queries", "dress", "item_id", "query").sort("item_id")
        assert query["query"][0].split()[-1] in table
        assert "| title | description | query |" in table.splitlines()[0]

    def test_every_check_was_evaluated_for_every_type_and_blocking_ones_hold(self, built):
        with built.instance() as instance:
            graph = build_defs(built.settings).resolve_asset_graph()
            found = [
                evaluation for run in instance.get_runs() for evaluation in checked(instance, run)
            ]
        artifacts = {dg.AssetKey(name) for name in ALL_ASSETS}
        checks = [graph.get(key) for key in graph.asset_check_keys if key.asset_key in artifacts]
        told = {(one.asset_check_key, one.partition): one for one in found}
        assert set(told) == {
            (check.key, slug)
            for check in checks
            for slug in (built.slugs() if check.partitions_def else [None])
        }
        errors = [one for one in found if one.severity == dg.AssetCheckSeverity.ERROR]
        assert errors
        assert [one.check_name for one in errors if not one.passed] == []
        of_all_types = [one for (_, slug), one in told.items() if slug is None]
        assert [one.check_name for one in of_all_types if not one.passed] == []


class TestReport:
    def test_the_figures_have_the_promised_keys(self, built):
        figures = json.loads((built.settings.report_folder / "report.json").read_text())
        (served,) = figures["retrieval"]
        assert {"model", "split", "gallery", "queries", "hits@1", "hits@5", "hits@10"} <= set(
            served
        )
        assert {"mrr", "ci95"} <= set(served)
        assert {"type", "gallery", "hits@5"} <= set(figures["per_type"][0])
        assert {"asset", "rows", "seconds"} <= set(figures["stages"][0])
        assert {stage["asset"] for stage in figures["stages"]} >= {"grounded_crops", "embeddings"}
        assert figures["ablation"] == []

    def test_the_page_stands_alone(self, built):
        page = (built.settings.report_folder / "report.html").read_text()
        assert "data:image/" in page
        assert "<script" not in page.lower()
        outside = r"""(?:src|href)\s*=\s*["']?(?!data:|\#)\s*(?:https?:)?//|url\(\s*["']?https?:"""
        assert re.findall(outside, page) == []

    def test_the_ablation_compares_three_variants_on_one_split(self, few):
        figures = json.loads((few.settings.report_folder / "report.json").read_text())
        names = ["full", "no_grounding", "no_grounding_no_refinement"]
        for table in ("ablation", "ablation_same_queries"):
            assert [row["variant"] for row in figures[table]] == names
            assert len({(row["gallery"], row["queries"]) for row in figures[table]}) == 1
            assert {"hits@5", "mrr", "ci95"} <= set(figures[table][0])
        assert [curve["name"] for curve in figures["curves"]] == names


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
        shown = materialized(second_drop.home, "embeddings", "t-shirt")
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
        assert materialized(second_drop.home, "grounded_crops", "sofa")["detected"] == 1
        shown = materialized(second_drop.home, "embeddings", "sofa")
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
        assert materialized(second_drop.home, "embeddings", "trousers")["without_photograph"] == 1

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
        shown = materialized(home, "embeddings", "trousers")
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
            assert materialized(home, "grounded_crops", slug)["detected"] == 0
            assert crops["accepted"].sum() == (crops["score"] >= 0.99).sum()
            assert counts_of(outcome, "refined_queries", slug)["computed"] == 0
            assert materialized(home, "embeddings", slug)["text_vectors_computed"] == 0


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
        from vlclip_dagster.inbox import land_pending

        home = built.copy(tmp_path / "home")
        new = shop.copy(tmp_path / "shop")
        new.of("dress")[0]["title"] = "Green midi dress"
        new.write()
        write_drop(prepare_drop(new.folder, shop="shop"), home.settings.inbox)
        land_pending(home.warehouse, home.settings.inbox)
        assert [(due.asset, due.slug) for due in home.status().due] == [("raw_catalog", "dress")]


def photograph_of(home: Home, slug: str) -> bytes:
    return home.rows("photographs", slug, "rendition")["rendition"][0]


def other_photograph(path: Path) -> None:
    """Put the same thing upside down and in other colours where a photograph was."""
    image = cv2.imread(str(path))
    cv2.imwrite(str(path), cv2.rotate(255 - image, cv2.ROTATE_180))
