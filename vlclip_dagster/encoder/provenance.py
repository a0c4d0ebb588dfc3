"""What a checkpoint says about itself: figures per epoch and the data it came from."""

from importlib.metadata import PackageNotFoundError, version

from pydantic import BaseModel, ConfigDict, Field

from vlclip_dagster.encoder.settings import EncoderSettings, TrainingSettings

ENCODER_CODE_VERSION = 8
PACKAGES = ("torch", "open_clip_torch", "timm", "numpy", "onnxruntime", "tokenizers")


class EpochMetrics(BaseModel):
    """Figures of one epoch.

    Args:
        epoch: from 1.
        train_loss: mean loss of the epoch's steps.
        queries: validation queries behind the figures.
        val_loss: loss of the averaged weights on the validation pairs.
        recall_at_10: Recall@10 of validation queries among validation images.
        mrr: mean reciprocal rank of the same.
        temperature: the inverse temperature, at most 100.
        lr: learning rate of the last step.
        seconds: wall clock of the epoch with its validation.
    """

    model_config = ConfigDict(frozen=True)

    epoch: int
    train_loss: float
    queries: int
    val_loss: float
    recall_at_10: float
    mrr: float
    temperature: float
    lr: float
    seconds: float


class Provenance(BaseModel):
    """Where a checkpoint comes from; enough to decide whether it may be reused.

    Args:
        key: hash of data, settings and code; equal keys mean equal weights on one machine.
        data_version: hash of the pairs, their splits and their pixels.
        pairs: number of pairs in all splits.
        splits: item ids by split.
        best_epoch: the epoch whose weights were kept.
        encoder: the model's settings.
        training: the training's settings.
        code_version: version of the training code.
        packages: versions of what computed it.
        fingerprint: hash of the saved weights and configuration; set when saved.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    data_version: str
    pairs: int
    splits: dict[str, list[str]]
    best_epoch: int
    encoder: EncoderSettings
    training: TrainingSettings
    code_version: int = ENCODER_CODE_VERSION
    packages: dict[str, str] = Field(default_factory=dict)
    fingerprint: str = ""


def package_versions() -> dict[str, str]:
    """Installed versions of the packages that decide what a training computes."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
