"""Sensors: what wakes the platform without a person.

A tick lands what waits in the inbox, then requests the product types whose landed content is
not what they were built from. Delivery is at least once: what is requested follows from the stage
log and the cursor, never from what this tick happened to do, so a tick that dies is made up for
by the next; and because the assets compute nothing twice, once more costs nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import dagster as dg

from resources.warehouse import WarehouseResource
from vlclip_dagster.automation import product_job, retire_job
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.inbox import land_pending
from vlclip_dagster.partitions import product_types
from vlclip_dagster.stages import StageLog, StageRun
from vlclip_dagster.warehouse import Warehouse, after, any_of

# More runs than this would wait in the queue anyway; the next tick goes on where this one ended.
REQUESTS_PER_TICK = 100
TICK_SECONDS = 15


@dg.sensor(
    jobs=[product_job, retire_job],
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=TICK_SECONDS,
    description="Lands drops from $VLCLIP_HOME/inbox and rebuilds the product types they touch.",
)
def catalog_drop_sensor(
    context: dg.SensorEvaluationContext, warehouse: WarehouseResource
) -> dg.SensorResult:
    """Land pending drops; request each touched product type once per landing."""
    return tick(context, warehouse)


@dg.sensor(
    jobs=[product_job, retire_job],
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=TICK_SECONDS,
    description="Lands drops from an inbox on S3 and rebuilds the product types they touch.",
)
def catalog_drop_s3_sensor(
    context: dg.SensorEvaluationContext, warehouse: WarehouseResource, s3: dg.ResourceParam[Any]
) -> dg.SensorResult:
    """As ``catalog_drop_sensor``, listing the inbox with the client of dagster-aws."""
    return tick(context, warehouse, s3.get_client())


def tick(
    context: dg.SensorEvaluationContext, warehouse: WarehouseResource, client: object = None
) -> dg.SensorResult:
    """Land what waits, and request at most ``REQUESTS_PER_TICK`` product types."""
    home = warehouse.open()
    try:
        outcomes = land_pending(home, warehouse.inbox, client=client, patient=True)
    except VlclipError as error:
        return dg.SensorResult(skip_reason=str(error), cursor=context.cursor)
    problems = [
        f"drop {outcome.drop}: {outcome.problem}" for outcome in outcomes if outcome.problem
    ]
    for outcome in outcomes:
        if outcome.problem and not outcome.told_before:
            context.log.error("drop %s: %s", outcome.drop, outcome.problem)
    landings = landings_after(home, context.cursor)[:REQUESTS_PER_TICK]
    announce(context.instance, landings)
    requests = [_request(run) for run in _unbuilt(home, landings)]
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if requests else "; ".join(problems) or "nothing new in the inbox",
        cursor=_position(landings[-1]) if landings else context.cursor,
    )


def landings_after(home: Warehouse, cursor: str | None) -> list[StageRun]:
    """The newest landing of each product type that changed after ``cursor``, the oldest first."""
    time, _, slug = (cursor or "").partition(" ")
    same_drop = f"{any_of('finished_at', [time])} AND {after('slug', slug)}"
    later = f"({after('finished_at', time)} OR ({same_drop}))"
    log = StageLog(home, f"{any_of('asset', ['landed'])} AND {later}")
    return sorted(log.all_of("landed"), key=_position)


def announce(instance: dg.DagsterInstance, landings: Sequence[StageRun]) -> None:
    """Register product types and tell Dagster what landed, so that it knows the new versions."""
    if not landings:
        return
    instance.add_dynamic_partitions(str(product_types.name), [str(run.slug) for run in landings])
    for run in landings:
        instance.report_runless_asset_event(
            dg.AssetMaterialization(
                "landed",
                partition=run.slug,
                metadata={"dagster/row_count": run.rows, **run.counts.as_dict()},
                tags={"dagster/data_version": run.output_version},
            )
        )


def _unbuilt(home: Warehouse, landings: Sequence[StageRun]) -> Iterable[StageRun]:
    """The landings that ``raw_catalog`` was not made from yet, say by ``vlclip run``."""
    if not landings:
        return []
    slugs = any_of("slug", [str(run.slug) for run in landings])
    log = StageLog(home, f"{any_of('asset', ['raw_catalog'])} AND {slugs}")
    built = {run.slug: run.inputs.get("landed") for run in log.all_of("raw_catalog")}
    return [run for run in landings if built.get(run.slug) != run.output_version]


def _request(run: StageRun) -> dg.RunRequest:
    # Keys are remembered for good. The content alone would swallow a catalog that goes back to
    # what it was, so the landing is part of the key.
    return dg.RunRequest(
        run_key=f"{run.slug}:{run.output_version}:{run.finished_at}",
        partition_key=run.slug,
        job_name=(product_job if run.rows else retire_job).name,
    )


def _position(run: StageRun) -> str:
    return f"{run.finished_at} {run.slug}"
