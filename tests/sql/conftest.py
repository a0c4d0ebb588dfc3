"""A warehouse small enough to know every figure of it by heart."""

import pytest
from tiny_warehouse import fill, put, retrieval

from vlclip_dagster.scores import keep_scores
from vlclip_dagster.sql.models import Models, load_models
from vlclip_dagster.stages import StageLog
from vlclip_dagster.warehouse import Counts, Warehouse


@pytest.fixture(scope="session")
def models() -> Models:
    return load_models()


@pytest.fixture
def warehouse(tmp_path) -> Warehouse:
    """Three dresses, one of them a duplicate and one without a readable photograph; a sofa."""
    home = Warehouse(tmp_path / "home")
    put(home, "product_types", None, [("dress", "Dress"), ("sofa", "Sofa")], "slug", "product_type")
    rejected = [("1", "dress", ["no title"]), ("2", None, ["no title", "no product type"])]
    put(home, "rejected_products", None, rejected, "rejected_id", "slug", "reasons")
    fill(home, "dress", ["a", "b", "c"], duplicates={"b": "a"}, unreadable={"c"})
    fill(home, "sofa", ["d"], accepted=False, converged=False)
    log = StageLog(home)
    runs = (("dress", 3, 1.5, 0.25), ("sofa", 1, 0.5, None), ("dress", 0, 0.25, 0.0))
    for slug, computed, seconds, usd in runs:
        done, made = Counts(computed=computed), {"output_version": "v", "inputs": {}}
        log.record("raw_catalog", slug, done, seconds=seconds, usd=usd, **made)
    log.record("eval_report", None, Counts(computed=1), seconds=9.0, output_version="v", inputs={})
    keep_scores(home, "old", retrieval({"dress": 2, "sofa": 1}), "2026-01-05T08:00:00+00:00")
    keep_scores(home, "new", retrieval({"dress": 1, "sofa": 1}), "2026-02-05T08:00:00+00:00")
    return home
