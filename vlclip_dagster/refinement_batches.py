"""The sensor that collects what the Batch API has answered, and has the loop go on.

A batch takes up to a day and no run waits for one: a run hands questions in and ends, with the
rules' queries standing in; when a batch is done, this sensor stores its answers and requests the
queries of its product type, whose run hands in the next step. A batch is requested until a run
took it up, so a tick that dies is repeated.
"""

import dagster as dg

from resources.refiner import RefinerResource
from vlclip_dagster.automation import product_job
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.refinement.openai_backend import OpenAIBackend


@dg.sensor(
    job=product_job,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=60,
    description="Collects finished batches of the language model and refines on from there.",
)
def refinement_batches(
    context: dg.SensorEvaluationContext, refiner: RefinerResource
) -> dg.SensorResult | dg.SkipReason:
    """Request the queries of each product type whose batch is done."""
    backend = refiner.backend()
    if not isinstance(backend, OpenAIBackend) or not backend.by_batch:
        return dg.SkipReason("no batches: VLCLIP_REFINEMENT__MODE is not batch")
    try:
        collected = backend.desk.collect()
    except VlclipError as error:
        return dg.SkipReason(str(error))
    requests = [
        dg.RunRequest(
            run_key=f"{slug}:{batch}",
            partition_key=slug,
            asset_selection=[dg.AssetKey("refined_queries")],
        )
        for slug, batch in collected.items()
    ]
    return dg.SensorResult(run_requests=requests)
