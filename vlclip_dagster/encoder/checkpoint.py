"""A checkpoint in memory and on disk.

What belongs here: the folder's files, written whole or not at all. Which checkpoint is the
current one is decided elsewhere.
"""

import hashlib
import json
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from vlclip_dagster.encoder.preprocess import PREPROCESS_VERSION
from vlclip_dagster.encoder.provenance import EpochMetrics, Provenance
from vlclip_dagster.errors import VlclipError

if TYPE_CHECKING:
    from vlclip_dagster.encoder.model import ClipModel

WEIGHTS, CONFIG = "model.safetensors", "open_clip_config.json"
METRICS, PROVENANCE = "metrics.json", "provenance.json"
TEXT_ONNX, IMAGE_ONNX, TOKENIZER = "text.onnx", "image.onnx", "tokenizer.json"


@dataclass(frozen=True)
class TrainedCheckpoint:
    """What a training returns.

    Args:
        model: the model with the best epoch's weights, on the CPU.
        metrics: one entry an epoch.
        provenance: where it comes from; without a fingerprint until it is saved.
    """

    model: "ClipModel"
    metrics: list[EpochMetrics]
    provenance: Provenance


def save_checkpoint(trained: TrainedCheckpoint, folder: Path) -> Provenance:
    """Write ``trained`` and its serving form as ``folder``; it appears whole or not at all.

    Args:
        trained: what :func:`vlclip_dagster.encoder.train.train` returned.
        folder: must not exist yet; its parent is made.

    Returns:
        The provenance with its fingerprint.

    Raises:
        VlclipError: the folder exists, or the serving form differs from the model.
    """
    from vlclip_dagster.encoder.export import export_serving_form

    if folder.exists():
        raise VlclipError(f"the checkpoint folder {folder} exists already; choose another")
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    partial.mkdir()
    try:
        _write_model(trained, partial)
        export_serving_form(trained.model, partial)
        provenance = trained.provenance.model_copy(update={"fingerprint": fingerprint(partial)})
        _write_json(partial / PROVENANCE, provenance.model_dump(mode="json"))
        partial.chmod(0o755)
        partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return provenance


def load_provenance(folder: Path) -> Provenance:
    """Read what a saved checkpoint says about itself.

    Raises:
        VlclipError: the folder holds no checkpoint, or one that this version can't read.
    """
    path = folder / PROVENANCE
    if not path.is_file():
        raise VlclipError(f"{folder} holds no checkpoint ({PROVENANCE} is missing); train one")
    try:
        return Provenance.model_validate_json(path.read_text("utf-8"))
    except ValidationError:
        raise VlclipError(
            f"the checkpoint in {folder} was written by another version of this program; "
            "train it anew: vlclip run --retrain"
        ) from None


def load_metrics(folder: Path) -> list[EpochMetrics]:
    """Read the figures per epoch of a saved checkpoint."""
    entries = json.loads((folder / METRICS).read_text("utf-8"))
    return [EpochMetrics(**entry) for entry in entries]


def fingerprint(folder: Path) -> str:
    """Hash the weights and the configuration: 32 hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=16)
    for name in (CONFIG, WEIGHTS):
        with (folder / name).open("rb") as file:
            digest.update(hashlib.file_digest(file, "blake2b").digest())
    return digest.hexdigest()


def _write_model(trained: TrainedCheckpoint, folder: Path) -> None:
    from safetensors.torch import save_file

    model = trained.model
    weights = {name: tensor.contiguous() for name, tensor in model.network.state_dict().items()}
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
    # safetensors writes for the owner alone; a service under another account reads it too.
    (folder / WEIGHTS).chmod(0o644)
    config = {
        "model_cfg": model.config,
        "preprocess_cfg": model.preprocess.to_config(),
        "vlclip": {
            "model": trained.provenance.encoder.model,
            "preprocess_version": PREPROCESS_VERSION,
            "dim": model.config["embed_dim"],
        },
    }
    _write_json(folder / CONFIG, config)
    if not model.clip_tokens:
        model.tokenize.save(folder)
    _write_json(folder / METRICS, [entry.model_dump() for entry in trained.metrics])


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
