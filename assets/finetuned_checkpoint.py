"""``finetuned_checkpoint``: CLIP, fine-tuned on the crops and queries of all product types."""

import dagster as dg

from assets.stage import Stage, picture, sample_table, user_errors
from resources.encoder import EncoderResource
from resources.warehouse import WarehouseResource
from vlclip_dagster.evaluation.curves import curve_png
from vlclip_dagster.training import train_served
from vlclip_dagster.warehouse import Counts


@dg.asset(
    deps=["grounded_crops", "refined_queries"],
    group_name="model",
    kinds={"pytorch", "onnx"},
    pool="accelerator",
)
@user_errors
def finetuned_checkpoint(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, encoder: EncoderResource
) -> dg.MaterializeResult:
    """One checkpoint for all product types: trained, saved with its provenance, made current."""
    home = warehouse.open()
    stage = Stage(context, home)
    checkpoints = warehouse.checkpoints()
    trained = train_served(
        home,
        checkpoints,
        stage.slugs,
        encoder.encoder_settings(),
        encoder.training_settings(),
    )
    checkpoints.promote(trained.training_key, trained.provenance.fingerprint)
    best = trained.metrics[trained.provenance.best_epoch - 1]
    curves = [trained.curve("full")]
    shown = {
        "fingerprint": trained.provenance.fingerprint,
        "folder": dg.MetadataValue.path(str(trained.folder)),
        "pairs": trained.provenance.pairs,
        "epochs": len(trained.metrics),
        "best_epoch": best.epoch,
        "recall_at_10": best.recall_at_10,
        "mrr": best.mrr,
        "training_seconds": round(trained.seconds, 1),
        "epochs_table": sample_table([epoch.model_dump() for epoch in trained.metrics[::-1]]),
        "loss_curve": picture(curve_png(curves, "loss"), "loss per epoch", "image/png"),
        "recall_curve": picture(curve_png(curves, "recall"), "Recall@10 per epoch", "image/png"),
    }
    counts = Counts(kept=1) if trained.reused else Counts(computed=1)
    return stage.result(counts, trained.provenance.fingerprint, shown)
