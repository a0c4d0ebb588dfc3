"""``finetuned_checkpoint``: CLIP, fine-tuned on the crops and queries of all product types.

The asset is the checkpoint in use: its version changes when a new one is promoted, and a
training whose result is held back wakes nothing downstream.
"""

from dataclasses import asdict

import dagster as dg

from assets.stage import Stage, picture, sample_table, user_errors
from resources.encoder import EncoderResource
from resources.warehouse import WarehouseResource
from vlclip_dagster.checkpoints import Decision
from vlclip_dagster.evaluation.curves import curve_png
from vlclip_dagster.promotion import judge
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
    """One checkpoint for all product types: trained, saved, and put to use if it is better."""
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
    decision = judge(home, checkpoints, stage.slugs, trained, encoder.load)
    in_use = checkpoints.require_current().fingerprint
    best = trained.metrics[trained.provenance.best_epoch - 1]
    curves = [trained.curve("full")]
    shown = {
        "in_use": in_use,
        "fingerprint": trained.provenance.fingerprint,
        "promoted": decision.promoted,
        "decided_because": decision.reason,
        **_compared(decision),
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
    return stage.result(counts, in_use, shown)


def _compared(decision: Decision) -> dict[str, dg.MetadataValue]:
    found = decision.comparison
    return {"compared": sample_table([asdict(found)])} if found else {}
