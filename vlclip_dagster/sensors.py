"""Sensors: what wakes the platform without a person.

A tick lands what waits in the inbox and requests the product types whose content changed.
Delivery is at least once: a tick that dies is repeated, and the assets compute nothing twice.
"""

from collections.abc import Mapping

import dagster as dg

from resources.warehouse import WarehouseResource
from vlclip_dagster.automation import product_job
from vlclip_dagster.inbox import LandedDrop, land_pending
from vlclip_dagster.partitions import product_types
from vlclip_dagster.warehouse import Warehouse


@dg.sensor(
    job=product_job,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=15,
    description="Lands drops from $VLCLIP_HOME/inbox and rebuilds the product types they touch.",
)
def catalog_drop_sensor(
    context: dg.SensorEvaluationContext, warehouse: WarehouseResource
) -> dg.SensorResult | dg.SkipReason:
    """Land pending drops; request each touched product type once per content."""
    outcomes = land_pending(warehouse.open(), warehouse.inbox)
    for outcome in outcomes:
        if outcome.problem:
            context.log.error("drop %s: %s", outcome.drop, outcome.problem)
    touched = announce(context.instance, warehouse.open(), outcomes)
    if not touched:
        return dg.SkipReason("nothing new in the inbox")
    requests = [
        dg.RunRequest(run_key=f"{slug}:{version}", partition_key=slug)
        for slug, version in touched.items()
    ]
    return dg.SensorResult(run_requests=requests)


def announce(
    instance: dg.DagsterInstance, warehouse: Warehouse, outcomes: list[LandedDrop]
) -> Mapping[str, str]:
    """Register product types and record what landed, so that Dagster knows the new versions.

    Returns:
        Slug → content version of every product type that changed.
    """
    touched = {slug: v for drop in outcomes for slug, v in (drop.versions or {}).items()}
    names = warehouse.table("product_types").read(["slug"])["slug"].to_list()
    instance.add_dynamic_partitions(str(product_types.name), names)
    for slug, version in touched.items():
        instance.report_runless_asset_event(
            dg.AssetMaterialization(
                "landed", partition=slug, tags={"dagster/data_version": version}
            )
        )
    return touched
