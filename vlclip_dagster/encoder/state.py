"""The resume state of a training: written whole after each epoch, read back after a kill."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch  # noqa: TID253 - only ever imported inside a training

from vlclip_dagster.encoder.provenance import EpochMetrics

Weights = dict[str, torch.Tensor]


@dataclass
class TrainingState:
    """Everything that the epochs after this one depend on.

    Args:
        key: the training it belongs to; a state of another training is ignored.
        epoch: epochs finished.
        best_epoch: the epoch (from 1) whose weights are kept; 0 before any.
        network: weights and running statistics being trained.
        average: their moving average.
        optimizer: AdamW's moments.
        best: averaged weights of the best epoch so far.
        metrics: one entry an epoch.
    """

    key: str
    epoch: int = 0
    best_epoch: int = 0
    network: Weights = field(default_factory=dict)
    average: Weights = field(default_factory=dict)
    optimizer: dict[str, Any] = field(default_factory=dict)
    best: Weights = field(default_factory=dict)
    metrics: list[EpochMetrics] = field(default_factory=list)


def save_state(state: TrainingState, path: Path) -> None:
    """Write ``state`` so that a reader sees all of it or the previous one."""
    content = {**vars(state), "metrics": [metrics.model_dump() for metrics in state.metrics]}
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def load_state(path: Path, key: str) -> TrainingState | None:
    """Read the state of training ``key``; None when there is none or it belongs to another."""
    if not path.is_file():
        return None
    content = torch.load(path, weights_only=True, map_location="cpu")
    if content["key"] != key:
        return None
    metrics = [EpochMetrics(**entry) for entry in content.pop("metrics")]
    return TrainingState(**content, metrics=metrics)
