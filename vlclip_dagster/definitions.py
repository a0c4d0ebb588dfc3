"""The code location on one page: which assets, with which resources, jobs, checks and sensors."""

import dagster as dg

from assets.checks import all_checks
from assets.deduped_images import deduped_images
from assets.embeddings import embeddings
from assets.eval_report import eval_report
from assets.finetuned_checkpoint import finetuned_checkpoint
from assets.grounded_crops import grounded_crops
from assets.landed import landed
from assets.qdrant_collections import qdrant_collections
from assets.raw_catalog import raw_catalog
from assets.refined_queries import refined_queries
from assets.sql_models import refresh_marts, sql_assets, sql_checks
from resources.encoder import EncoderResource
from resources.grounder import GrounderResource
from resources.index import IndexResource
from resources.photographs import PhotographsResource
from resources.refiner import RefinerResource
from resources.warehouse import WarehouseResource
from vlclip_dagster.automation import (
    automate,
    catalog_job,
    follow_changes,
    product_job,
    retire_job,
    retraining,
    search_job,
)
from vlclip_dagster.refinement_batches import refinement_batches
from vlclip_dagster.sensors import catalog_drop_s3_sensor, catalog_drop_sensor
from vlclip_dagster.settings import Settings, load_settings
from vlclip_dagster.sql.models import load_models
from vlclip_dagster.storage import is_remote

ASSETS = [
    raw_catalog,
    deduped_images,
    grounded_crops,
    refined_queries,
    finetuned_checkpoint,
    embeddings,
    qdrant_collections,
    eval_report,
]


def build_defs(settings: Settings | None = None, **resources: object) -> dg.Definitions:
    """Build fresh definitions.

    Args:
        settings: the settings; read from the environment if None.
        resources: replacements by resource name, for tests and other set-ups.
    """
    chosen = settings or load_settings()
    models = load_models()
    return dg.Definitions(
        assets=[landed, *automate(ASSETS, chosen), *sql_assets(models)],
        asset_checks=[*all_checks(chosen.quality), *sql_checks(models)],
        jobs=[product_job, search_job, retire_job, catalog_job],
        sensors=[_drop_sensor(chosen), follow_changes, refinement_batches],
        schedules=[*retraining(chosen), refresh_marts],
        resources=build_resources(chosen) | resources,
        executor=dg.in_process_executor,
    )


def build_resources(settings: Settings) -> dict[str, object]:
    """One resource per outside thing, filled from the settings."""

    def plain(part: str) -> dict[str, object]:
        # Dagster's configuration has no null; as in a variable, what is empty is none.
        given = getattr(settings, part).model_dump(mode="json")
        return {name: "" if value is None else value for name, value in given.items()}

    return _on_s3(settings) | {
        "warehouse": WarehouseResource(
            home=settings.home, profile=settings.profile, inbox_address=settings.inbox_address
        ),
        "photographs": PhotographsResource(settings=plain("photographs"), dedup=plain("dedup")),
        "grounder": GrounderResource(settings=plain("grounding")),
        "refiner": RefinerResource(settings=plain("refinement")),
        "encoder": EncoderResource(
            settings=plain("encoder"),
            training=plain("training"),
            ablation=settings.report.ablation,
            threshold_sweep=settings.report.threshold_sweep,
        ),
        "index": IndexResource(settings=plain("index")),
    }


def _drop_sensor(settings: Settings) -> dg.SensorDefinition:
    return catalog_drop_s3_sensor if is_remote(settings.inbox) else catalog_drop_sensor


def _on_s3(settings: Settings) -> dict[str, object]:
    """The S3 client of dagster-aws, where the inbox is there: importing it takes a second."""
    if not is_remote(settings.inbox):
        return {}
    from dagster_aws.s3 import S3Resource

    return {"s3": S3Resource()}


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads."""
    return build_defs()
