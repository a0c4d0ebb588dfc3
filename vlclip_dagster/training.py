"""From the warehouse to a checkpoint: the same way for the served model and for each variant.

A checkpoint is named by the hash of what it is trained from, so the same training is never
paid for twice, and one that was killed goes on where it was.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from vlclip_dagster.checkpoints import CheckpointStore
from vlclip_dagster.encoder.checkpoint import load_metrics, load_provenance, save_checkpoint
from vlclip_dagster.encoder.provenance import ENCODER_CODE_VERSION, EpochMetrics, Provenance
from vlclip_dagster.encoder.settings import EncoderSettings, TrainingSettings
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.evaluation.ablation import FULL, Variant
from vlclip_dagster.evaluation.curves import Curve, CurvePoint
from vlclip_dagster.hashing import row_key
from vlclip_dagster.pairs import WarehousePairs, pairs_of, training_pairs
from vlclip_dagster.warehouse import Warehouse

# Fewer pairs can't be split into something to learn from and something to be judged by.
FEWEST_PAIRS = 10


@dataclass(frozen=True)
class Trained:
    """A finished checkpoint; ``reused`` when the same training had been done before."""

    training_key: str
    folder: Path
    provenance: Provenance
    metrics: list[EpochMetrics]
    reused: bool

    @property
    def seconds(self) -> float:
        """Wall time of all its epochs."""
        return sum(epoch.seconds for epoch in self.metrics)

    def curve(self, name: str) -> Curve:
        """Its training curves under ``name``."""
        points = (
            CurvePoint(e.epoch, e.train_loss, e.val_loss, e.recall_at_10) for e in self.metrics
        )
        return Curve(name, tuple(points), self.provenance.best_epoch)


def load_trained(checkpoints: CheckpointStore, training_key: str) -> Trained:
    """The finished checkpoint of ``training_key``.

    Raises:
        VlclipError: it is not there.
    """
    folder = checkpoints.folder(training_key)
    return Trained(training_key, folder, load_provenance(folder), load_metrics(folder), True)


def training_key(pairs: str, encoder: EncoderSettings, training: TrainingSettings) -> str:
    """Hash of all that decides a training: the version of its pairs, its settings, its code."""
    decisive = [encoder.model_dump(mode="json", exclude={"device"}), training.model_dump()]
    return row_key(pairs, decisive, ENCODER_CODE_VERSION)


def train_served(
    warehouse: Warehouse,
    checkpoints: CheckpointStore,
    slugs: Iterable[str],
    encoder: EncoderSettings,
    training: TrainingSettings,
) -> Trained:
    """Train on all crops and queries, or take the checkpoint that the same training left.

    Raises:
        VlclipError: there are too few pairs.
        MissingRequirementError: the weights it should start from are not there.
    """
    pairs = training_pairs(warehouse, slugs, FULL)
    if pairs.frame.height < FEWEST_PAIRS:
        raise VlclipError(
            f"only {pairs.frame.height} products have both a readable photograph and a query; "
            f"training needs at least {FEWEST_PAIRS}: drop a larger catalog"
        )
    key = training_key(pairs.version, encoder, training)
    return train_once(pairs, key, encoder, training, checkpoints)


def train_beside(
    warehouse: Warehouse,
    checkpoints: CheckpointStore,
    products: pl.DataFrame,
    served: Trained,
    variant: Variant,
) -> Trained:
    """Train ``variant`` with the budget, the products and the split of the served checkpoint.

    Once per served checkpoint: what changes in the catalog afterwards retrains no variant.
    """
    key = row_key("ablation", served.training_key, variant.picture, variant.text)
    splits = pl.DataFrame(
        [(item, split) for split, items in served.provenance.splits.items() for item in items],
        schema={"item_id": pl.String, "split": pl.String},
        orient="row",
    )
    pairs = pairs_of(warehouse, products, variant)
    same = WarehousePairs(warehouse, pairs.frame.join(splits, on="item_id"), variant)
    return train_once(same, key, served.provenance.encoder, served.provenance.training, checkpoints)


def train_once(
    pairs: WarehousePairs,
    key: str,
    encoder: EncoderSettings,
    training: TrainingSettings,
    checkpoints: CheckpointStore,
) -> Trained:
    """Train on ``pairs``, or take the checkpoint that is there under ``key``."""
    if checkpoints.folder(key).is_dir():
        return load_trained(checkpoints, key)
    from vlclip_dagster.encoder.train import train

    trained = train(pairs, training, encoder, checkpoints.workdir(key))
    provenance = save_checkpoint(trained, checkpoints.folder(key))
    checkpoints.forget_training(key)
    return Trained(key, checkpoints.folder(key), provenance, trained.metrics, False)
