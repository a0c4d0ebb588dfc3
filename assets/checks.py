"""Data-quality checks of the artifacts: one result per expectation, of each product type.

What is expected is in ``vlclip_dagster.quality``. Integrity blocks what is downstream of that
product type; the other rules warn.
"""

import warnings
from collections.abc import Iterator, Sequence

import dagster as dg

from assets.stage import registered_types, user_errors
from resources.index import IndexResource
from resources.warehouse import WarehouseResource
from vlclip_dagster.partitions import product_types
from vlclip_dagster.quality.expectations import Rule, Verdict, judge
from vlclip_dagster.quality.model import model_suites
from vlclip_dagster.quality.products import product_suites
from vlclip_dagster.quality.settings import QualitySettings
from vlclip_dagster.quality.suite import Artifacts, Suite


def all_checks(limits: QualitySettings) -> Sequence[dg.AssetChecksDefinition]:
    """Every check of the artifacts, with these limits."""
    return [
        *(_checks(suite, product_types) for suite in product_suites(limits)),
        *(_checks(suite, None) for suite in model_suites()),
    ]


def _checks(suite: Suite, partitions: dg.PartitionsDefinition | None) -> dg.AssetChecksDefinition:
    with warnings.catch_warnings():
        # Partitioned checks are a preview that this project chose knowingly: without them a
        # failure in one product type would stop all, or none.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        specs = [
            dg.AssetCheckSpec(
                rule.name,
                asset=suite.asset,
                description=rule.meaning,
                blocking=rule.blocking,
                partitions_def=partitions,
            )
            for rule in suite.rules
        ]

    @dg.multi_asset_check(name=f"{suite.asset}_checks", specs=specs)
    def run(
        context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource, index: IndexResource
    ) -> Iterator[dg.AssetCheckResult]:
        tables = warehouse.open()
        artifacts = Artifacts(
            tables=tables,
            checkpoints=warehouse.checkpoints(),
            report=warehouse.report_folder,
            index=index.index,
            slugs=(context.partition_key,) if partitions else tuple(registered_types(tables)),
        )
        for verdict in _judged(suite, artifacts):
            yield _result(suite.asset, verdict)

    return run


@user_errors
def _judged(suite: Suite, artifacts: Artifacts) -> Sequence[Verdict]:
    return judge(suite.read(artifacts), suite.rules)


def _severity(rule: Rule) -> dg.AssetCheckSeverity:
    return dg.AssetCheckSeverity.ERROR if rule.blocking else dg.AssetCheckSeverity.WARN


def _result(asset: str, verdict: Verdict) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=verdict.rule.name,
        passed=verdict.passed,
        severity=_severity(verdict.rule),
        metadata={
            "rows": verdict.rows,
            "unexpected": verdict.unexpected,
            "sample_ids": ", ".join(verdict.sample_ids),
            "observed": verdict.observed,
            "expected": verdict.rule.meaning,
        },
    )
