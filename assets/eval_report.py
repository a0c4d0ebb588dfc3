"""``eval_report``: what grounding, refinement and fine-tuning gained, measured and shown.

The served checkpoint is tested on the split that its training never saw; the ablation's other
variants are trained here, with the same budget on the same split.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import BaseModel

from assets.stage import Stage, picture, sample_table, user_errors
from resources.encoder import EncoderResource
from resources.grounder import GrounderResource
from resources.photographs import PhotographsResource
from resources.refiner import RefinerResource
from resources.warehouse import WarehouseResource
from vlclip_dagster.checkpoints import CheckpointStore
from vlclip_dagster.encoder.checkpoint import load_provenance
from vlclip_dagster.evaluation.ablation import FULL, VARIANTS
from vlclip_dagster.evaluation.curves import curve_png
from vlclip_dagster.evaluation.inputs import ReportInputs
from vlclip_dagster.evaluation.report import write_report
from vlclip_dagster.evaluation.tables import report_json, summary_table
from vlclip_dagster.experiment import Experiment, query_examples, similar_examples
from vlclip_dagster.hashing import content_hash
from vlclip_dagster.report_data import ReportData
from vlclip_dagster.scores import keep_scores
from vlclip_dagster.warehouse import Counts


@dg.asset(
    deps=[
        "raw_catalog",
        "deduped_images",
        "grounded_crops",
        "refined_queries",
        "finetuned_checkpoint",
        "embeddings",
        "qdrant_collections",
    ],
    group_name="report",
    kinds={"jinja"},
    pool="accelerator",
)
@user_errors
def eval_report(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    photographs: PhotographsResource,
    grounder: GrounderResource,
    refiner: RefinerResource,
    encoder: EncoderResource,
) -> dg.MaterializeResult:
    """One report for all product types: ``report.html`` for people, ``report.json`` beside it."""
    home = warehouse.open()
    stage = Stage(context, home)
    data = ReportData(home, stage.slugs)
    experiment = Experiment(home, warehouse.checkpoints(), stage.slugs, encoder.load)
    measured = experiment.run(VARIANTS if encoder.ablation else (FULL,))
    grounding = grounder.grounding_settings()
    inputs = ReportInputs(
        title=" and ".join(data.shops()),
        generated_at=datetime.now(UTC).isoformat(timespec="seconds"),
        profile=warehouse.profile,
        catalog=data.catalog(),
        retrieval=measured.retrieval,
        ablation=measured.ablation,
        curve=measured.curve,
        queries=query_examples(measured, data),
        similar=similar_examples(measured, home, data),
        dedup=data.dedup(photographs.dedup_settings().mode),
        grounding=data.grounding(
            grounding, experiment.recall_by_threshold(grounding) if encoder.threshold_sweep else {}
        ),
        refinement=data.refinement(refiner.refinement_settings().backend),
        stages=data.stages(),
        settings=_flat({"grounding": grounding, "refinement": refiner.refinement_settings()}),
        provenance=_provenance(warehouse.checkpoints()),
    )
    page, figures = write_report(inputs, warehouse.report_folder)
    served = warehouse.checkpoints().require_current()
    keep_scores(home, served.fingerprint, measured.retrieval[0].retrieval, inputs.generated_at)
    return stage.result(
        Counts(computed=1), content_hash(figures.read_bytes()), _shown(inputs, page)
    )


def _flat(parts: Mapping[str, BaseModel]) -> dict[str, str]:
    """Settings as lines of the report; where things lie is left out."""
    return {
        f"{part}.{name}": str(value)
        for part, settings in parts.items()
        for name, value in settings.model_dump(mode="json").items()
        if name not in {"cache_path", "base_url", "api_key_env"}
    }


def _provenance(checkpoints: CheckpointStore) -> dict[str, str]:
    current = checkpoints.require_current()
    known = load_provenance(current.folder)
    return {
        "checkpoint": known.fingerprint,
        "model": known.encoder.model,
        "training data": known.data_version,
        "training pairs": str(known.pairs),
        "best epoch": str(known.best_epoch),
        **known.packages,
    }


def _shown(inputs: ReportInputs, page: Path) -> dict[str, Any]:
    """The report's table and curves, as far as the Dagster UI can show them."""
    heading, *rows = summary_table(report_json(inputs))
    curves = [result.curve for result in inputs.ablation]
    if inputs.curve and not curves:
        curves = [inputs.curve]
    return {
        "report": dg.MetadataValue.path(str(page)),
        "retrieval": sample_table([dict(zip(heading, row, strict=True)) for row in rows]),
        "recall_curve": picture(curve_png(curves, "recall"), "Recall@10 per epoch", "image/png"),
    }
