"""Marts as assets with lineage out of their SQL, tests as their checks, and ``vlclip sql``."""

import json

import dagster as dg
import pytest
from tiny_warehouse import HOSTILE, put
from typer.testing import CliRunner

from assets.sql_models import OFFENDERS_SHOWN, refresh_marts, sql_assets, sql_checks
from resources.warehouse import WarehouseResource
from vlclip_dagster.cli import app
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.sql.models import MARTS, TESTS, Models, read_model


@pytest.fixture
def materialized(warehouse, models) -> dg.ExecuteInProcessResult:
    return materialize(warehouse, models)


def definitions(home: str, models: Models) -> dg.Definitions:
    return dg.Definitions(
        assets=sql_assets(models),
        asset_checks=sql_checks(models),
        schedules=[refresh_marts],
        resources={"warehouse": WarehouseResource(home=home)},
    )


def materialize(warehouse, models) -> dg.ExecuteInProcessResult:
    job = definitions(warehouse.home, models).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=dg.DagsterInstance.ephemeral(), raise_on_error=False)


def test_the_graph_follows_the_sql(models):
    graph = definitions("nowhere", models).resolve_asset_graph()
    deps = {
        node.key.to_user_string(): {key.to_user_string() for key in node.parent_keys}
        for node in graph.asset_nodes
    }
    assert deps["stage_cost"] == {"stg_product_types", "stg_stage_runs"}
    assert deps["stg_photographs"] == {"deduped_images"}  # both of its tables
    assert deps["stg_retrieval_scores"] == {"eval_report"}
    assert graph.get(dg.AssetKey("stg_photographs")).is_virtual
    assert graph.get_non_virtual_ancestor_keys(dg.AssetKey("catalog_health")) == {
        dg.AssetKey(name)
        for name in (
            "landed",
            "raw_catalog",
            "deduped_images",
            "grounded_crops",
            "refined_queries",
            "embeddings",
        )
    }


def test_the_lineage_of_each_column_follows_the_sql(models):
    graph = definitions("nowhere", models).resolve_asset_graph()
    shown = {node.key.to_user_string(): node.metadata for node in graph.asset_nodes}
    origins = shown["stg_photographs"]["dagster/column_lineage"].deps_by_column["duplicate"]
    assert [(dep.asset_key.to_user_string(), dep.column_name) for dep in origins] == [
        ("deduped_images", "canonical_id"),
        ("deduped_images", "photo_id"),
    ]
    health = shown["catalog_health"]["dagster/column_lineage"].deps_by_column
    assert [(dep.asset_key.to_user_string(), dep.column_name) for dep in health["points"]] == [
        ("stg_embeddings", "canonical_id"),
        ("stg_embeddings", "failed"),
    ]
    types = {c.name: c.type for c in shown["stage_cost"]["dagster/column_schema"].columns}
    assert (types["week"], types["runs"], types["seconds"]) == ("DATE", "BIGINT", "DOUBLE")
    assert "stg_products" in shown["catalog_health"]["sql"].value


def test_a_model_that_names_an_unknown_column_is_refused_by_name():
    model = read_model(MARTS, "odd.sql", "select nope from {{ source('raw_catalog') }}")
    with pytest.raises(VlclipError, match=r"marts/odd\.sql: its columns can't be told: .*nope"):
        sql_assets(Models([model]))


def test_a_mart_shows_its_rows(materialized):
    assert materialized.success
    shown = {
        event.asset_key.to_user_string(): event.materialization.metadata
        for event in materialized.get_asset_materialization_events()
    }
    health = shown["catalog_health"]
    assert health["dagster/row_count"].value == 3
    assert [record.data["slug"] for record in health["rows"].records] == ["", "dress", "sofa"]
    assert {column.name: column.type for column in health["rows"].schema.columns}["crops"] == "int"


def test_every_morning_all_marts_and_their_tests_are_run(warehouse, models):
    job = definitions(warehouse.home, models).resolve_job_def(refresh_marts.job_name)
    result = job.execute_in_process(instance=dg.DagsterInstance.ephemeral())
    made = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}
    assert made == {model.name for model in models.layer(MARTS)}
    assert len(result.get_asset_check_evaluations()) == len(models.layer(TESTS))


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
        sql_checks(Models([test]))


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
    assert {"name": "stage_cost", "kind": "mart"}.items() <= names[2].items()


@pytest.mark.parametrize(
    "text",
    [
        "drop table raw_catalog",
        "update raw_catalog set title = ''",
        "insert into raw_catalog select * from raw_catalog",
        "create table x as select 1",
        "copy raw_catalog to '{folder}/x.csv'",
        "copy (select 1) to '{folder}/x.parquet'",
        "attach '{folder}/x.db'",
        "export database '{folder}'",
        "install httpfs",
        "pragma database_list",
        "call pragma_version()",
        "set enable_external_access = true",
        "select * from '{secret}'",
        "select * from read_text('{secret}')",
        "select * from read_csv('{secret}')",
        "select * from glob('{folder}/*')",
        "select * from query('select 1')",
        "with x as (from read_text('{secret}')) select * from x",
        "select (select content from read_text('{secret}'))",
        "select 1; copy (select 1) to '{folder}/x.csv'",
    ],
)
def test_vlclip_sql_reads_no_file_and_writes_nothing(warehouse, monkeypatch, tmp_path, text):
    monkeypatch.setenv("VLCLIP_HOME", warehouse.home)
    folder = tmp_path / "outside"
    folder.mkdir()
    secret = folder / "secret.csv"
    secret.write_text("canary\n1\n")
    words = ["sql", text.format(folder=folder, secret=secret)]
    with pytest.raises(VlclipError) as refused:
        CliRunner().invoke(app, words, catch_exceptions=False)
    assert "canary" not in str(refused.value)
    assert list(folder.iterdir()) == [secret]
