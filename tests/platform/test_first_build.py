"""What the first run builds, what Dagster knows of it, and what its report says."""

import json
import re

import dagster as dg
import pytest
from homes import Home

from vlclip_dagster.automation import PRODUCT_ASSETS, SEARCH_ASSETS
from vlclip_dagster.definitions import build_defs
from vlclip_dagster.runs import ALL_ASSETS


def checked(instance: dg.DagsterInstance, run: dg.DagsterRun) -> list:
    """The check evaluations of a run."""
    kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    logs = instance.all_logs(run.run_id, of_type=kind)
    return [entry.get_dagster_event().asset_check_evaluation_data for entry in logs]


def photograph_of(home: Home, slug: str) -> bytes:
    return home.rows("photographs", slug, "rendition")["rendition"][0]


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
        shown = built.materialized(asset, slug)
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
            str(built.materialized(asset, slug)[name]),
        )

    def test_raw_text_stands_beside_the_refined_query(self, built):
        table = str(built.materialized("refined_queries", "dress")["raw_beside_refined"])
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
        assert all(0 < stage["computed"] == stage["rows"] for stage in figures["stages"])
        assert all(stage["seconds"] > 0 for stage in figures["stages"])
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
