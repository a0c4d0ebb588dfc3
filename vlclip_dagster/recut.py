"""What another score threshold does to retrieval: crops cut anew, and a small training on them.

What belongs here: pairs whose crops are cut at a threshold of their own, and their training.
What does not: shares and areas, which need no training (``grounding.sweep``).
"""

from collections.abc import Iterable

import polars as pl

from vlclip_dagster.checkpoints import CheckpointStore
from vlclip_dagster.evaluation.ablation import FULL
from vlclip_dagster.grounding.settings import GroundingSettings
from vlclip_dagster.grounding.stored import DETECTION, detection_of
from vlclip_dagster.hashing import row_key
from vlclip_dagster.pairs import WarehousePairs, training_pairs
from vlclip_dagster.training import Trained, train_once
from vlclip_dagster.warehouse import Warehouse

# Too few to be good, enough to compare: every threshold has the same budget.
EPOCHS = 4
# Beside the threshold in use: everything is cut, and hardly anything.
BESIDE = (0.0, 0.6)


def recall_by_threshold(
    warehouse: Warehouse,
    checkpoints: CheckpointStore,
    slugs: Iterable[str],
    served: Trained,
    grounding: GroundingSettings,
) -> dict[float, float]:
    """Recall@10 on the validation split after a small training, by threshold.

    Each is trained once per served checkpoint; nothing is detected again.
    """
    recalls = {}
    budget = served.provenance.training.model_copy(update={"epochs": EPOCHS})
    pairs = training_pairs(warehouse, slugs, FULL)
    for threshold in sorted({grounding.threshold, *BESIDE}):
        settings = grounding.model_copy(update={"threshold": threshold})
        key = row_key("threshold", served.training_key, threshold, EPOCHS)
        recut = RecutPairs(warehouse, pairs.frame, settings)
        trained = train_once(recut, key, served.provenance.encoder, budget, checkpoints)
        recalls[threshold] = max(epoch.recall_at_10 for epoch in trained.metrics)
    return recalls


class RecutPairs(WarehousePairs):
    """Training pairs with crops cut on demand, as other settings would have it."""

    def __init__(
        self, warehouse: Warehouse, frame: pl.DataFrame, settings: GroundingSettings
    ) -> None:
        super().__init__(warehouse, frame, FULL)
        self._settings = settings

    def _pictures(self, slug: str, photo_ids: list[str]) -> Iterable[bytes]:
        from vlclip_dagster.grounding.crop import cut
        from vlclip_dagster.images.rendition import decode_rendition

        found = self._warehouse.table("grounded_crops", slug).read(DETECTION, photo_ids)
        photographs = self._warehouse.table("photographs", slug)
        renditions = photographs.read(["rendition"], photo_ids)["rendition"]
        for row, rendition in zip(found.iter_rows(named=True), renditions, strict=True):
            yield cut(decode_rendition(rendition), detection_of(row), self._settings).jpeg
