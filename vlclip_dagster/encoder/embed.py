"""Encoding photographs and texts with a saved checkpoint.

On a CPU the serving form runs in onnxruntime and torch is never imported: a query answers in a
fraction of a second. On a GPU, or where a checkpoint has no serving form, open_clip runs it.
"""

import importlib.util
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from vlclip_dagster.devices import has_cuda
from vlclip_dagster.encoder.checkpoint import (
    CONFIG,
    IMAGE_ONNX,
    TEXT_ONNX,
    TOKENIZER,
    load_provenance,
)
from vlclip_dagster.encoder.preprocess import PREPROCESS_VERSION, Image, Preprocess
from vlclip_dagster.encoder.settings import Device
from vlclip_dagster.encoder.tokenizer import ClipTokenizer
from vlclip_dagster.errors import VlclipError

BATCH = 64


class Encoder(Protocol):
    """Photographs and texts to unit vectors in one space.

    ``fingerprint`` changes with the weights; ``dim`` is the vectors' length.
    """

    fingerprint: str
    dim: int

    def encode_images(self, images: Sequence[Image]) -> np.ndarray:
        """(n, dim) float32 unit rows of encoded photographs or (h, w, 3) uint8 RGB arrays."""

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dim) float32 unit rows."""


def load_encoder(folder: Path, device: Device = "auto") -> Encoder:
    """Load the checkpoint saved in ``folder``.

    Args:
        folder: what ``save_checkpoint`` wrote.
        device: ``auto`` takes a GPU when torch sees one, without importing torch where there is
            no NVIDIA driver.

    Raises:
        VlclipError: the folder holds no checkpoint, or one of another preprocessing version.
    """
    fingerprint = load_provenance(folder).fingerprint
    config = json.loads((folder / CONFIG).read_text("utf-8"))
    if config["vlclip"]["preprocess_version"] != PREPROCESS_VERSION:
        raise VlclipError(
            f"the checkpoint {folder} was trained with another version of the image"
            " preprocessing; train again"
        )
    served = (folder / TEXT_ONNX).is_file()
    if served and not _on_gpu(device):
        return OnnxEncoder(folder, config, fingerprint)
    return OpenClipEncoder(folder, config, fingerprint, device)


class OnnxEncoder:
    """The serving form on a CPU.

    Args:
        folder: the checkpoint.
        config: its ``open_clip_config.json``.
        fingerprint: its fingerprint.
    """

    def __init__(self, folder: Path, config: dict[str, Any], fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self.dim = int(config["vlclip"]["dim"])
        self._folder = folder
        self._preprocess = Preprocess.from_config(config["preprocess_cfg"])
        self._sessions: dict[str, Callable[[np.ndarray], np.ndarray]] = {}
        self._tokenize: ClipTokenizer | None = None

    def encode_images(self, images: Sequence[Image]) -> np.ndarray:
        """(n, dim) float32 unit rows."""
        run = self._session(IMAGE_ONNX)
        return _batched(
            images,
            lambda part: run(self._preprocess.normalise(self._preprocess.pixels(part))),
            self.dim,
        )

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dim) float32 unit rows."""
        run = self._session(TEXT_ONNX)
        if self._tokenize is None:
            self._tokenize = ClipTokenizer(self._folder / TOKENIZER)
        tokenize = self._tokenize
        return _batched(texts, lambda part: run(tokenize(part)), self.dim)

    def _session(self, name: str) -> Callable[[np.ndarray], np.ndarray]:
        """The graph ``name``, loaded on first use: a text query never loads the image tower."""
        if name not in self._sessions:
            import onnxruntime

            session = onnxruntime.InferenceSession(
                str(self._folder / name), providers=["CPUExecutionProvider"]
            )
            self._sessions[name] = lambda batch: session.run(None, {"input": batch})[0]
        return self._sessions[name]


class OpenClipEncoder:
    """The model itself in torch, for a GPU and for models without a serving form.

    Args:
        folder: the checkpoint.
        config: its ``open_clip_config.json``.
        fingerprint: its fingerprint.
        device: where it runs.
    """

    def __init__(
        self, folder: Path, config: dict[str, Any], fingerprint: str, device: Device
    ) -> None:
        from vlclip_dagster.encoder.model import choose_device, load_model

        self.fingerprint = fingerprint
        self.dim = int(config["vlclip"]["dim"])
        self._device = choose_device(device)
        self._model = load_model(folder)
        self._network = self._model.network.to(self._device).eval()

    def encode_images(self, images: Sequence[Image]) -> np.ndarray:
        """(n, dim) float32 unit rows."""
        preprocess = self._model.preprocess
        return _batched(
            images,
            lambda part: self._run("encode_image", preprocess.normalise(preprocess.pixels(part))),
            self.dim,
        )

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dim) float32 unit rows."""
        return _batched(texts, lambda part: self._run("encode_text", self._tokens(part)), self.dim)

    def _tokens(self, texts: Sequence[str]) -> np.ndarray:
        """Tokens at the full context length, which open_clip's own text tower wants."""
        tokens = self._model.tokenize(texts)
        length = self._model.config["text_cfg"].get("context_length", tokens.shape[1])
        return np.pad(tokens, ((0, 0), (0, max(0, length - tokens.shape[1]))))

    def _run(self, method: str, batch: np.ndarray) -> np.ndarray:
        import torch

        with torch.inference_mode():
            features = getattr(self._network, method)(torch.from_numpy(batch).to(self._device))
            return torch.nn.functional.normalize(features.float(), dim=-1).cpu().numpy()


def _batched(
    inputs: Sequence[Any], encode: Callable[[Sequence[Any]], np.ndarray], dim: int
) -> np.ndarray:
    parts = [encode(inputs[start : start + BATCH]) for start in range(0, len(inputs), BATCH)]
    return np.concatenate(parts) if parts else np.zeros((0, dim), dtype=np.float32)


def _on_gpu(device: Device) -> bool:
    """Whether torch should run on a GPU; torch is asked only where a driver is installed."""
    if device != "auto":
        return device == "cuda"
    if not Path("/proc/driver/nvidia").exists() or importlib.util.find_spec("torch") is None:
        return False
    return has_cuda()
