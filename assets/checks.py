"""Data-quality checks of the artifacts: one result per expectation and product type.

Integrity blocks what is downstream of that product type; the other rules warn.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import dagster as dg
import polars as pl

from resources.warehouse import WarehouseResource
from vlclip_dagster.partitions import product_types
from vlclip_dagster.quality import Rule, Verdict, judge
from vlclip_dagster.warehouse import Warehouse


@dataclass(frozen=True)
class Suite:
    """The rules of one asset, and how to read the rows that they judge."""

    asset: str
    id_column: str
    read: Callable[[Warehouse, str], pl.DataFrame]
    rules: tuple[Rule, ...]


def _raw_catalog(home: Warehouse, slug: str) -> pl.DataFrame:
    return home.table("raw_catalog", slug).read(["item_id", "title", "gender", "price", "error"])


def _photographs(home: Warehouse, slug: str) -> pl.DataFrame:
    rows = home.table("photographs", slug).read(["photo_id", "error", "degenerate"])
    mapping = home.table("deduped_images", slug).read(["photo_id", "canonical_id"])
    return rows.join(mapping, on="photo_id", how="left").with_columns(
        readable=pl.col("error").is_null(),
        mapped=pl.col("error").is_not_null() | pl.col("canonical_id").is_not_null(),
    )


def _crops(home: Warehouse, slug: str) -> pl.DataFrame:
    return home.table("grounded_crops", slug).read(["photo_id", "score", "area_share", "accepted"])


def _queries(home: Warehouse, slug: str) -> pl.DataFrame:
    return home.table("refined_queries", slug).read(["item_id", "query", "words", "converged"])


def _vectors(home: Warehouse, slug: str) -> pl.DataFrame:
    rows = home.table("embeddings", slug).read(["item_id", "image", "text"])
    squares = [
        pl.col(name).list.eval(pl.element() ** 2).list.sum().alias(name)
        for name in ("image", "text")
    ]
    return rows.select("item_id", *squares)


_UNIT = {"min_value": 0.999, "max_value": 1.001}
SUITES = (
    Suite(
        "raw_catalog",
        "item_id",
        _raw_catalog,
        (
            Rule("ids_are_unique", "ExpectColumnValuesToBeUnique", {"column": "item_id"}, True),
            Rule("titles_are_there", "ExpectColumnValuesToNotBeNull", {"column": "title"}, True),
            Rule(
                "genders_are_known",
                "ExpectColumnValuesToBeInSet",
                {"column": "gender", "value_set": ["male", "female", "unisex"]},
            ),
            Rule(
                "prices_are_plausible",
                "ExpectColumnValuesToBeBetween",
                {"column": "price", "min_value": 0, "max_value": 1_000_000},
            ),
        ),
    ),
    Suite(
        "deduped_images",
        "photo_id",
        _photographs,
        (
            Rule(
                "photographs_have_a_canonical",
                "ExpectColumnValuesToBeInSet",
                {"column": "mapped", "value_set": [True]},
                True,
            ),
            Rule(
                "photographs_are_readable",
                "ExpectColumnValuesToBeInSet",
                {"column": "readable", "value_set": [True], "mostly": 0.95},
            ),
            Rule(
                "photographs_show_something",
                "ExpectColumnValuesToBeInSet",
                {"column": "degenerate", "value_set": [False], "mostly": 0.98},
            ),
        ),
    ),
    Suite(
        "grounded_crops",
        "photo_id",
        _crops,
        (
            Rule(
                "crops_lie_inside",
                "ExpectColumnValuesToBeBetween",
                {"column": "area_share", "min_value": 0, "max_value": 1, "strict_min": True},
                True,
            ),
            Rule(
                "boxes_are_accepted",
                "ExpectColumnValuesToBeInSet",
                {"column": "accepted", "value_set": [True], "mostly": 0.5},
            ),
        ),
    ),
    Suite(
        "refined_queries",
        "item_id",
        _queries,
        (
            Rule("queries_are_there", "ExpectColumnValuesToNotBeNull", {"column": "query"}, True),
            Rule(
                "queries_are_short",
                "ExpectColumnValuesToBeBetween",
                {"column": "words", "min_value": 1, "max_value": 20},
                True,
            ),
            Rule(
                "queries_converged",
                "ExpectColumnValuesToBeInSet",
                {"column": "converged", "value_set": [True], "mostly": 0.8},
            ),
        ),
    ),
    Suite(
        "embeddings",
        "item_id",
        _vectors,
        (
            Rule(
                "image_vectors_are_units",
                "ExpectColumnValuesToBeBetween",
                {"column": "image", **_UNIT},
                True,
            ),
            Rule(
                "text_vectors_are_units",
                "ExpectColumnValuesToBeBetween",
                {"column": "text", **_UNIT},
                True,
            ),
        ),
    ),
)


def all_checks() -> Sequence[dg.AssetChecksDefinition]:
    """Every check of the code location."""
    return [_checks(suite) for suite in SUITES]


def _checks(suite: Suite) -> dg.AssetChecksDefinition:
    with warnings.catch_warnings():
        # Partitioned checks are a preview that this project chose knowingly: without them a
        # failure in one product type would stop all, or none.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        specs = [
            dg.AssetCheckSpec(
                rule.name, asset=suite.asset, blocking=rule.blocking, partitions_def=product_types
            )
            for rule in suite.rules
        ]

    @dg.multi_asset_check(name=f"{suite.asset}_checks", specs=specs)
    def run(
        context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource
    ) -> Iterator[dg.AssetCheckResult]:
        rows = suite.read(warehouse.open(), context.partition_key)
        for verdict in judge(rows, suite.id_column, suite.rules):
            yield _result(suite.asset, verdict)

    return run


def _result(asset: str, verdict: Verdict) -> dg.AssetCheckResult:
    severity = dg.AssetCheckSeverity.ERROR if verdict.rule.blocking else dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=verdict.rule.name,
        passed=verdict.passed,
        severity=severity,
        metadata={
            "rows": verdict.rows,
            "unexpected": verdict.unexpected,
            "sample_ids": ", ".join(verdict.sample_ids),
            "observed": verdict.observed,
        },
    )
