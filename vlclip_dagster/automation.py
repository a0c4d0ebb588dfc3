"""What is materialized together, and when by itself.

Everything up to the queries hangs on one product type and on nothing else, so one job makes it;
embeddings and collections need the checkpoint of all types, so they are a second job.
"""

from collections.abc import Sequence

import dagster as dg

from vlclip_dagster.partitions import product_types
from vlclip_dagster.settings import Settings

PRODUCT_ASSETS = ("raw_catalog", "deduped_images", "grounded_crops", "refined_queries")
SEARCH_ASSETS = ("embeddings", "qdrant_collections")


def _selection(names: Sequence[str]) -> dg.AssetSelection:
    assets = dg.AssetSelection.assets(*names)
    return assets | dg.AssetSelection.checks_for_assets(*map(dg.AssetKey, names))


product_job = dg.define_asset_job(
    "prepare_products",
    _selection(PRODUCT_ASSETS),
    partitions_def=product_types,
    description="From landed rows to crops and refined queries, for one product type.",
)
search_job = dg.define_asset_job(
    "publish_search",
    _selection(SEARCH_ASSETS),
    partitions_def=product_types,
    description="Embed one product type with the current checkpoint and publish its collection.",
)
catalog_job = dg.define_asset_job(
    "train_and_report",
    _selection(("finetuned_checkpoint", "eval_report")),
    description="Train the checkpoint anew and measure it.",
)


def automate(
    assets: Sequence[dg.AssetsDefinition], settings: Settings
) -> Sequence[dg.AssetsDefinition]:
    """Give each asset the version of its code and settings, and its automation condition.

    A partitioned asset follows a change of its inputs' content, never a mere re-run; the
    checkpoint and the report are made by hand or by schedule.
    """
    follow = (
        dg.AutomationCondition.eager().replace(
            "newly_updated", dg.AutomationCondition.data_version_changed()
        )
        & dg.AutomationCondition.all_deps_blocking_checks_passed()
    )

    def automated(spec: dg.AssetSpec) -> dg.AssetSpec:
        name = spec.key.to_python_identifier()
        condition = follow if spec.partitions_def is not None else None
        return spec.replace_attributes(
            code_version=settings.code_version(name), automation_condition=condition
        )

    return dg.map_asset_specs(automated, list(assets))
