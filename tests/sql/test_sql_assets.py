"""Marts as assets with lineage out of their SQL, tests as their checks, and ``vlclip sql``."""

import json

import dagster as dg
import pytest
from tiny_warehouse import HOSTILE, put
from typer.testing import CliRunner

from assets.sql_models import OFFENDERS_SHOWN, mart_assets, mart_checks, upstream_assets
from resources.warehouse import WarehouseResource
from vlclip_dagster.cli import app
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.sql.models import MARTS, TESTS, Models, read_model


@pytest.fixture
def materialized(warehouse, models) -> dg.ExecuteInProcessResult:
    return materialize(warehouse, models)


def materialize(warehouse, models) -> dg.ExecuteInProcessResult:
    definitions = dg.Definitions(
        assets=mart_assets(models),
        asset_checks=mart_checks(models),
        resources={"warehouse": WarehouseResource(home=warehouse.home)},
    )
    job = definitions.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=dg.DagsterInstance.ephemeral(), raise_on_error=False)


def test_lineage_follows_the_sql(models):
    assert upstream_assets(models, models["catalog_health"]) == {
        "landed",
        "raw_catalog",
        "deduped_images",
        "grounded_crops",
        "refined_queries",
        "embeddings",
    }
    assert upstream_assets(models, models["stage_cost"]) == {"landed"}


def test_a_mart_over_a_mart_hangs_on_that_mart_alone():
    over = read_model(MARTS, "b.sql", "select * from {{ ref('a') }}")
    under = read_model(MARTS, "a.sql", "select slug from {{ source('photographs') }}")
    models = Models([over, under])
    assert upstream_assets(models, over) == {"a"}
    assert upstream_assets(models, under) == {"deduped_images"}


def test_a_mart_shows_its_rows_and_its_sql(materialized):
    assert materialized.success
    shown = {
        event.asset_key.to_user_string(): event.materialization.metadata
        for event in materialized.get_asset_materialization_events()
    }
    health = shown["catalog_health"]
    assert health["dagster/row_count"].value == 3
    assert [record.data["slug"] for record in health["rows"].records] == ["", "dress", "sofa"]
    assert "stg_products" in health["sql"].value
    assert {column.name: column.type for column in health["rows"].schema.columns}["crops"] == "int"


def test_sql_tests_are_checks_and_pass(materialized, models):
    results = materialized.get_asset_check_evaluations()
    assert {result.check_name for result in results} == {m.name for m in models.layer(TESTS)}
    assert [result.check_name for result in results if not result.passed] == []


def test_a_failing_test_warns_with_a_count_and_few_rows(warehouse, models):
    rows = [(f"run{n}", f"{HOSTILE}{n}", -1.0) for n in range(OFFENDERS_SHOWN + 5)]
    put(warehouse, "stage_runs", None, rows, "run_id", "asset", "seconds")
    result = next(
        result
        for result in materialize(warehouse, models).get_asset_check_evaluations()
        if result.check_name == "costs_are_not_negative"
    )
    assert not result.passed
    assert result.severity == dg.AssetCheckSeverity.WARN
    assert result.metadata["offending_rows"].value == OFFENDERS_SHOWN + 5
    records = result.metadata["sample"].records
    assert len(records) == OFFENDERS_SHOWN
    assert records[0].data["asset"].startswith(HOSTILE)  # text in a table's cell, no markup


def test_a_test_without_a_mart_is_refused():
    test = read_model(TESTS, "t.sql", "select slug from {{ source('product_types') }}")
    with pytest.raises(VlclipError, match=r"tests/t\.sql tests no mart"):
        mart_checks(Models([test]))


def test_vlclip_sql_answers_in_words_and_in_json(warehouse, monkeypatch):
    monkeypatch.setenv("VLCLIP_HOME", warehouse.home)
    joined = "catalog_health join raw_catalog using (slug)"
    text = f"select slug, products, title from {joined} order by slug"
    words = CliRunner().invoke(app, ["sql", text])
    assert words.exit_code == 0, words.output
    assert "4 rows" in words.output
    assert "\x1b" not in words.output
    data = json.loads(CliRunner().invoke(app, ["sql", text, "--json"]).stdout)
    assert data[0] == {"slug": "dress", "products": 3, "title": HOSTILE}
    names = json.loads(CliRunner().invoke(app, ["sql", "--json"]).stdout)
    assert {"name": "stage_cost", "kind": "mart"}.items() <= names[1].items()


def test_vlclip_sql_refuses_with_the_sentence(warehouse, monkeypatch):
    monkeypatch.setenv("VLCLIP_HOME", warehouse.home)
    with pytest.raises(VlclipError, match="begins with 'drop'"):
        CliRunner().invoke(app, ["sql", "drop table raw_catalog"], catch_exceptions=False)
