"""The CLIP model: built by name through open_clip, with its tokenizer and preprocessing.

What belongs here: construction and the two forward passes. What does not: training (``train.py``)
and serving (``embed.py``).
"""

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import open_clip  # noqa: TID253 - only ever imported inside a training or on a GPU
import torch  # noqa: TID253
from safetensors import SafetensorError
from torch import nn  # noqa: TID253

from vlclip_dagster.encoder.checkpoint import CONFIG
from vlclip_dagster.encoder.preprocess import Preprocess, ResizeMode
from vlclip_dagster.encoder.settings import SMALL_MODEL, Device, EncoderSettings
from vlclip_dagster.encoder.tokenizer import CONTEXT_LENGTH, VOCABULARY_SIZE, ClipTokenizer
from vlclip_dagster.encoder.weights import pretrained_config, weight_file
from vlclip_dagster.errors import VlclipError

CONFIGS = Path(__file__).parent / "model_configs"
# Letterboxed, not stretched: how long or wide a product is tells it from others. Measured on
# 510 held-out generated products: HITS@5 .73 against .60 stretched.
SMALL_RESIZE_MODE: ResizeMode = "longest"


class OpenClipTokenizer:
    """A tokenizer of another family than CLIP's, or for a text tower that sees its padding.

    Args:
        source: what ``open_clip.get_tokenizer`` takes: a model's name, or ``local-dir:`` and a
            folder that :meth:`save` wrote to.
    """

    def __init__(self, source: str) -> None:
        self._tokenizer = open_clip.get_tokenizer(source)

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Encode ``texts`` as (n, context length) int64 tokens."""
        return self._tokenizer(list(texts)).numpy()

    def save(self, folder: Path) -> None:
        """Write the files that came from the hub into ``folder``, so that loading needs no hub."""
        if isinstance(self._tokenizer, open_clip.tokenizer.HFTokenizer):
            self._tokenizer.tokenizer.save_pretrained(folder)


@dataclass(frozen=True)
class ClipModel:
    """A CLIP model with all that is needed to use it.

    Args:
        network: open_clip's module, with ``encode_image`` and ``logit_scale``.
        config: open_clip's ``model_cfg``.
        preprocess: how images become its input.
        tokenize: texts to (n, length) int64 tokens.
        clip_tokens: whether ``tokenize`` is CLIP's, which serves without torch and whose
            sequences may be trimmed.
        scratch: no weights were loaded.
    """

    network: Any
    config: dict[str, Any]
    preprocess: Preprocess
    tokenize: ClipTokenizer | OpenClipTokenizer
    clip_tokens: bool
    scratch: bool


def build_model(settings: EncoderSettings) -> ClipModel:
    """Build the chosen model on the CPU, with its pretrained weights if it has any.

    Random weights come from torch's global generator: seed it first.

    Raises:
        MissingRequirementError: the weights are neither here nor to be had.
        VlclipError: the weight file holds no weights of that model.
    """
    weights = weight_file(settings)
    if SMALL_MODEL not in open_clip.list_models():
        open_clip.add_model_config(CONFIGS)
    config = open_clip.get_model_config(settings.model)
    # A tag knows the activation its weights were trained with; the model's name may not say it.
    quick_gelu = bool(config.get("quick_gelu") or pretrained_config(settings).get("quick_gelu"))
    with _quiet():
        network = _create(settings, weights, quick_gelu=quick_gelu)
    if quick_gelu:
        config["quick_gelu"] = True
    overlay = {**open_clip.get_model_preprocess_cfg(network), **_tag_pixels(settings)}
    tokenize, clip_tokens = _tokenizer(settings.model, config, network)
    return ClipModel(
        network=network,
        config=config,
        preprocess=_preprocess(settings.model, overlay),
        tokenize=tokenize,
        clip_tokens=clip_tokens,
        scratch=weights is None,
    )


def load_model(folder: Path) -> ClipModel:
    """Build the model of a saved checkpoint on the CPU."""
    stored = json.loads((folder / CONFIG).read_text("utf-8"))
    with _quiet():
        network = open_clip.create_model(f"local-dir:{folder}")
    saved = (folder / "tokenizer_config.json").is_file()
    source = f"local-dir:{folder}" if saved else stored["vlclip"]["model"]
    tokenize, clip_tokens = _tokenizer(source, stored["model_cfg"], network)
    return ClipModel(
        network=network,
        config=stored["model_cfg"],
        preprocess=Preprocess.from_config(stored["preprocess_cfg"]),
        tokenize=tokenize,
        clip_tokens=clip_tokens,
        scratch=False,
    )


def choose_device(wish: Device) -> torch.device:
    """The device that ``auto`` stands for, or the one wished for."""
    if wish == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(wish)


def text_tower(network: Any) -> Any:
    """The module that owns ``token_embedding``: the CLIP model itself or its text tower."""
    return getattr(network, "text", network)


def encode_tokens(network: Any, tokens: torch.Tensor) -> torch.Tensor:
    """Encode (n, length) CLIP tokens as (n, d) features, whatever the length up to 77.

    open_clip insists on the full context. Under a causal mask the end token never sees the
    padding behind it, so trimming a batch to its longest text changes nothing but the time.
    """
    tower = text_tower(network)
    length = tokens.shape[1]
    x = tower.token_embedding(tokens) + tower.positional_embedding[:length]
    x = tower.transformer(x, attn_mask=tower.attn_mask[:length, :length])
    ends = torch.arange(tokens.shape[0], device=tokens.device), tokens.argmax(dim=-1)
    pooled = tower.ln_final(x)[ends]
    projection = tower.text_projection
    return projection(pooled) if isinstance(projection, nn.Linear) else pooled @ projection


def takes_any_size(network: Any) -> bool:
    """Whether the image tower has no positions, so that it takes images of any size."""
    return not any("pos" in name for name, _ in network.visual.named_parameters())


def can_trim(network: Any) -> bool:
    """Whether :func:`encode_tokens` computes what the network's own text tower does."""
    tower = text_tower(network)
    pooling = getattr(tower, "text_pool_type", getattr(tower, "pool_type", None))
    return (
        hasattr(tower, "token_embedding")
        and getattr(tower, "attn_mask", None) is not None
        and getattr(tower, "cls_emb", None) is None
        and getattr(tower, "text_projection", None) is not None
        and pooling == "argmax"
    )


def _create(settings: EncoderSettings, weights: Path | None, *, quick_gelu: bool) -> Any:
    try:
        return open_clip.create_model(
            settings.model,
            pretrained=str(weights) if weights else None,
            force_quick_gelu=quick_gelu,
        )
    except (RuntimeError, UnpicklingError, SafetensorError, AttributeError) as error:
        if weights is None:
            raise
        raise VlclipError(
            f"VLCLIP_ENCODER__PRETRAINED={settings.pretrained} holds no weights of"
            f" {settings.model}; name a safetensors file or a state dict of that very model"
        ) from error


def _tokenizer(
    source: str, config: dict[str, Any], network: Any
) -> tuple[ClipTokenizer | OpenClipTokenizer, bool]:
    text = config["text_cfg"]
    plain = {"hf_tokenizer_name", "hf_model_name", "tokenizer_kwargs"}.isdisjoint(text)
    sizes = text.get("context_length", CONTEXT_LENGTH), text.get("vocab_size", VOCABULARY_SIZE)
    if plain and sizes == (CONTEXT_LENGTH, VOCABULARY_SIZE) and can_trim(network):
        return ClipTokenizer(), True
    return OpenClipTokenizer(source), False


def _preprocess(name: str, config: dict[str, Any]) -> Preprocess:
    if name == SMALL_MODEL:
        config = {**config, "resize_mode": SMALL_RESIZE_MODE, "fill_color": 255}
    return Preprocess.from_config(config)


def _tag_pixels(settings: EncoderSettings) -> dict[str, Any]:
    """The pixel statistics that go with a pretrained tag."""
    keys = ("mean", "std", "resize_mode")
    return {key: value for key, value in pretrained_config(settings).items() if key in keys}


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence open_clip's warning that a model without weights starts at random."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)
