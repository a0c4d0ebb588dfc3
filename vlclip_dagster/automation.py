"""What is materialized together, and when by itself.

Everything up to the queries hangs on one product type and on nothing else, so one job makes it;
embeddings and collections need the checkpoint of all types, so they are a second job. What
reacts to drops is in ``sensors``; how an artifact is computed is the business of the assets.
"""

import copy
from collections.abc import Sequence

import dagster as dg
from dagster import AutomationCondition as When

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.partitions import product_types
from vlclip_dagster.settings import Settings

PRODUCT_ASSETS = ("raw_catalog", "deduped_images", "grounded_crops", "refined_queries")
SEARCH_ASSETS = ("embeddings", "qdrant_collections")
# What a product type that left the catalog is emptied of; its vectors stay for its return.
RETIRED_ASSETS = (*PRODUCT_ASSETS, "qdrant_collections")
RETIRED_TAG = "vlclip/retired"


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
retire_job = dg.define_asset_job(
    "retire_product_type",
    # Its checks hold a collection to its vectors, and there is none any more.
    dg.AssetSelection.assets(*RETIRED_ASSETS).without_checks(),
    partitions_def=product_types,
    tags={RETIRED_TAG: "true"},
    description="Take a product type that no shop sells any more out of the catalog and search.",
)
catalog_job = dg.define_asset_job(
    "train_and_report",
    _selection(("finetuned_checkpoint", "eval_report")),
    description="Train the checkpoint anew and measure it.",
)


# An input's content changed, in a run that does not make this asset too.
_CHANGED = When.data_version_changed() & ~When.executed_with_root_target()
_AT_REST = ~When.any_deps_in_progress() & ~When.in_progress()
_TRAINED = dg.AssetSelection.assets("finetuned_checkpoint")


def _sound(levels: int) -> When:
    """No blocking check failed up to so many assets upstream, within this product type.

    Without the upper levels a collection would follow its catalog while its embeddings wait.
    The checkpoint is left out, behind which are all other product types.
    """
    passed: When = When.all_deps_blocking_checks_passed()
    if levels == 1:
        return passed
    return passed & When.all_deps_match(_sound(levels - 1)).ignore(_TRAINED)


# A product type's artifact follows the content of its inputs, never a mere re-run of them, and
# not what a type is emptied of that left the catalog.
_FOLLOWED = When.data_version_changed() & ~When.any_new_update_has_run_tags(tag_keys={RETIRED_TAG})
FOLLOW = When.eager().replace("newly_updated", _FOLLOWED) & _sound(3)
# The first checkpoint is trained when the first drop is through; later ones on schedule or by
# hand, so that neither every drop nor a new type without products trains anything.
FIRST_TRAINING = (
    When.missing()
    & (When.newly_missing() | When.any_deps_match(_CHANGED)).since_last_handled()
    & When.any_deps_match(~When.missing())
    & _AT_REST
)
# The report waits for the last collection that a change touches.
REPORT = (
    When.any_deps_match(_CHANGED)
    .allow(dg.AssetSelection.assets("qdrant_collections"))
    .since_last_handled()
    & _AT_REST
)
# Not here: `raw_catalog`. The drop sensor requests it, and two requests would make two runs.
CONDITIONS = {
    **dict.fromkeys((*PRODUCT_ASSETS[1:], *SEARCH_ASSETS), FOLLOW),
    "finetuned_checkpoint": FIRST_TRAINING,
    "eval_report": REPORT,
}

follow_changes = dg.AutomationConditionSensorDefinition(
    "follow_changes",
    target=dg.AssetSelection.assets(*CONDITIONS),
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Materializes what is downstream of changed content, product type by product type.",
)


def automate(
    assets: Sequence[dg.AssetsDefinition], settings: Settings
) -> list[dg.AssetsDefinition]:
    """Give each asset its condition, its pool, and the version of its code and settings.

    None has a backfill policy: then a backfill makes one run per product type, which is what
    partitioned checks can gate. With any policy, `multi_run(1)` too, a run is of a range of
    types, and its checks are of none.
    """
    return [_automated(asset, settings) for asset in assets]


def _automated(asset: dg.AssetsDefinition, settings: Settings) -> dg.AssetsDefinition:
    name = asset.key.to_python_identifier()
    versioned = asset.map_asset_specs(
        lambda spec: spec.replace_attributes(
            code_version=settings.code_version(name), automation_condition=CONDITIONS.get(name)
        )
    )
    return _without_pool(versioned) if _needs_no_pool(name, settings) else versioned


def _needs_no_pool(name: str, settings: Settings) -> bool:
    """Whether the chosen part uses neither an endpoint nor an accelerator that others wait for."""
    rules = name == "refined_queries" and settings.refinement.backend != "openai"
    return rules or (name == "grounded_crops" and settings.grounding.kind != "transformers")


def _without_pool(asset: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """A copy of ``asset``; Dagster has no public way to choose a pool by the settings."""
    op = copy.copy(asset.op)
    op._pool = None
    return dg.AssetsDefinition.dagster_internal_init(
        **(asset.get_attributes_dict() | {"node_def": op})
    )


def retraining(settings: Settings) -> list[dg.ScheduleDefinition]:
    """The schedule on which the checkpoint is trained anew; none where its cron is empty.

    Raises:
        VlclipError: the cron or the time zone is not one.
    """
    chosen = settings.retraining
    if not chosen.cron:
        return []
    try:
        schedule = dg.ScheduleDefinition(
            name="retraining",
            target=_TRAINED,
            cron_schedule=chosen.cron,
            execution_timezone=chosen.timezone,
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description="Trains on the catalog as it is; serves the result only if it is better.",
        )
    except (dg.DagsterInvalidDefinitionError, ValueError) as error:
        raise VlclipError(
            f"VLCLIP_RETRAINING__CRON={chosen.cron!r} in the time zone {chosen.timezone!r} is no "
            'schedule; write one like "0 3 * * 0", or nothing to have none'
        ) from error
    return [schedule]
