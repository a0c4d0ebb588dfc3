"""The marts of ``dbt_like_sql`` as assets, and its tests as their checks.

A mart hangs on the assets whose tables its SQL reads, through however many staging models;
those are views inside of its query. Its rows are kept as metadata only: they are computed in
the time that it takes to ask, which ``vlclip sql`` does.
"""

import dagster as dg
import polars as pl

from assets.stage import user_errors
from resources.warehouse import WarehouseResource
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.hashing import content_hash, row_key
from vlclip_dagster.sql.models import MARTS, TESTS, Model, Models

ROWS_SHOWN = 200
OFFENDERS_SHOWN = 20
CELL_CHARACTERS = 240
# Tables that are not called like the asset that writes them. Every asset writes `stage_runs`;
# no line of the graph would say that better than none.
WRITTEN_BY: dict[str, str | None] = {
    "drops": "landed",
    "product_types": "landed",
    "rejected_products": "landed",
    "photographs": "deduped_images",
    "stage_runs": None,
}


def mart_assets(models: Models) -> list[dg.AssetsDefinition]:
    """One asset per mart."""
    return [_asset(models, model) for model in models.layer(MARTS)]


def mart_checks(models: Models) -> list[dg.AssetChecksDefinition]:
    """One check per SQL test, on the first mart that it reads."""
    return [_check(models, model) for model in models.layer(TESTS)]


def upstream_assets(models: Models, model: Model) -> set[str]:
    """The assets that ``model`` reads, through its staging models but not through other marts."""
    found = {WRITTEN_BY.get(source, source) for source in model.sources}
    for upstream in map(models.__getitem__, model.refs):
        is_mart = upstream.layer == MARTS
        found |= {upstream.name} if is_mart else upstream_assets(models, upstream)
    return {name for name in found if name is not None}


def _asset(models: Models, model: Model) -> dg.AssetsDefinition:
    @dg.asset(
        name=model.name,
        deps=sorted(upstream_assets(models, model)),
        group_name="marts",
        kinds={"duckdb", "sql"},
        description=model.description,
        code_version=row_key([each.sql for each in models.upstream([model.name])])[:12],
    )
    @user_errors
    def mart(warehouse: WarehouseResource) -> dg.MaterializeResult:
        rows = _all_rows(warehouse, models, model)
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": rows.height,
                "rows": rows_table(rows.head(ROWS_SHOWN)),
                "sql": dg.MetadataValue.md(f"```sql\n{model.sql}\n```"),
                "file": dg.MetadataValue.text(model.file),
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
