"""The models of ``dbt_like_sql``: staging models and marts as assets, tests as their checks.

The graph is what the SQL says, down to its columns. A staging model is a view inside of whatever
reads it, so its asset is virtual: nothing makes it. A mart's rows are kept as metadata only;
they are computed in the time that it takes to ask, which ``vlclip sql`` does.
"""

import warnings
from collections.abc import Mapping

import dagster as dg
import polars as pl

from assets.stage import user_errors
from resources.warehouse import WarehouseResource
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.hashing import content_hash, row_key
from vlclip_dagster.sql.lineage import Column, model_columns
from vlclip_dagster.sql.models import MARTS, STAGING, TESTS, Model, Models

ROWS_SHOWN = 200
OFFENDERS_SHOWN = 20
CELL_CHARACTERS = 240
# Tables that are not called like the asset that writes them.
WRITTEN_BY = {
    "drops": "landed",
    "product_types": "landed",
    "rejected_products": "landed",
    "photographs": "deduped_images",
    "retrieval_scores": "eval_report",
    "test_vectors": "eval_report",
}

refresh_marts = dg.ScheduleDefinition(
    name="refresh_marts",
    target=dg.AssetSelection.groups(MARTS),
    cron_schedule="0 6 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every morning the marts are as of now, and their tests have run.",
)

# Every asset writes a line of it, so it is downstream of none in particular.
stage_runs = dg.AssetSpec(
    "stage_runs",
    group_name=STAGING,
    kinds={"lance"},
    description="One line per materialization: what it did, how long it took and what it cost.",
)


def sql_assets(models: Models) -> list[dg.AssetSpec | dg.AssetsDefinition]:
    """One asset per staging model and per mart, and the log that no single asset writes."""
    columns = model_columns(models)
    specs = {
        model.name: _spec(models, model, columns[model.name])
        for layer in (STAGING, MARTS)
        for model in models.layer(layer)
    }
    marts = [_mart(models, model, specs[model.name]) for model in models.layer(MARTS)]
    return [stage_runs, *(specs[model.name] for model in models.layer(STAGING)), *marts]


def sql_checks(models: Models) -> list[dg.AssetChecksDefinition]:
    """One check per SQL test, on the first mart that it reads."""
    return [_check(models, model) for model in models.layer(TESTS)]


def _spec(models: Models, model: Model, columns: Mapping[str, Column]) -> dg.AssetSpec:
    with warnings.catch_warnings():
        # Virtual assets are a preview that this project chose knowingly: a view is no step.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return dg.AssetSpec(
            model.name,
            deps=sorted({*model.refs, *map(_asset_of, model.sources)}),
            group_name=model.layer,
            kinds={"duckdb", "sql"},
            description=model.description,
            code_version=row_key([each.sql for each in models.upstream([model.name])])[:12],
            is_virtual=model.layer == STAGING,
            metadata={
                "file": model.file,
                "sql": dg.MetadataValue.md(f"```sql\n{model.sql}\n```"),
                **_columns_shown(columns),
            },
        )


def _asset_of(name: str) -> str:
    """The asset that stands for a table or a model."""
    return WRITTEN_BY.get(name, name)


def _columns_shown(columns: Mapping[str, Column]) -> dict[str, object]:
    lineage = {
        name: [dg.TableColumnDep(_asset_of(table), origin) for table, origin in column.made_from]
        for name, column in columns.items()
    }
    types = [dg.TableColumn(name, column.type) for name, column in columns.items()]
    return {
        "dagster/column_schema": dg.TableSchema(types),
        "dagster/column_lineage": dg.TableColumnLineage(lineage),
    }


def _mart(models: Models, model: Model, spec: dg.AssetSpec) -> dg.AssetsDefinition:
    @dg.multi_asset(name=model.name, specs=[spec])
    @user_errors
    def mart(warehouse: WarehouseResource) -> dg.MaterializeResult:
        rows = _all_rows(warehouse, models, model)
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": rows.height,
                "rows": rows_table(rows.head(ROWS_SHOWN)),
            },
            data_version=dg.DataVersion(content_hash(str(rows.rows()).encode())),
        )

    return mart


def _check(models: Models, model: Model) -> dg.AssetChecksDefinition:
    marts = [name for name in model.refs if models[name].layer == MARTS]
    if not marts:
        raise VlclipError(f"{model.file} tests no mart; let it read one by ref")

    @dg.asset_check(asset=marts[0], name=model.name, description=model.description)
    @user_errors
    def check(warehouse: WarehouseResource) -> dg.AssetCheckResult:
        offenders = _all_rows(warehouse, models, model)
        return dg.AssetCheckResult(
            passed=offenders.is_empty(),
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "offending_rows": offenders.height,
                "sample": rows_table(offenders.head(OFFENDERS_SHOWN)),
                "file": dg.MetadataValue.text(model.file),
            },
        )

    return check


def _all_rows(warehouse: WarehouseResource, models: Models, model: Model) -> pl.DataFrame:
    from vlclip_dagster.sql.database import query

    return query(warehouse.open(), models, f'SELECT * FROM "{model.name}"')


def rows_table(rows: pl.DataFrame) -> dg.MetadataValue:
    """Rows as Dagster's own table, which shows text as text: whatever it holds does nothing."""
    kinds = [
        "int" if kind.is_integer() else "float" if kind.is_float() else "string"
        for kind in rows.dtypes
    ]
    columns = zip(rows.columns, kinds, strict=True)
    return dg.MetadataValue.table(
        records=[
            dg.TableRecord({name: _cell(value) for name, value in row.items()})
            for row in rows.iter_rows(named=True)
        ],
        schema=dg.TableSchema(columns=[dg.TableColumn(name, kind) for name, kind in columns]),
    )


def _cell(value: object) -> str | int | float | bool | None:
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:CELL_CHARACTERS]
