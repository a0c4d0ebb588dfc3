"""The serving form: two ONNX graphs and a tokenizer, so that a query needs no torch.

What belongs here: writing that form and proving that it computes what the model does.
"""

import copy
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch  # noqa: TID253 - only ever imported inside a training
from torch import nn  # noqa: TID253

from vlclip_dagster.encoder.checkpoint import IMAGE_ONNX, TEXT_ONNX, TOKENIZER
from vlclip_dagster.encoder.model import ClipModel, can_trim, encode_tokens
from vlclip_dagster.encoder.tokenizer import ClipTokenizer
from vlclip_dagster.errors import VlclipError

OPSET = 17
MIN_COSINE = 0.9999
PROBES = ("a", "black polka dot dress with long sleeves", "red sofa " * 20)


def export_serving_form(model: ClipModel, folder: Path) -> bool:
    """Write ``text.onnx``, ``image.onnx`` and ``tokenizer.json`` into ``folder``.

    Returns:
        False, with nothing written, where the model's tokenizer is not CLIP's or its image tower
        (CLIP's ResNets) cannot be traced for any batch: such a checkpoint is served through torch.

    Raises:
        VlclipError: the graphs do not reproduce the model.
    """
    traceable = can_trim(model.network) and not hasattr(model.network.visual, "attnpool")
    if not (isinstance(model.tokenize, ClipTokenizer) and traceable):
        return False
    size = model.preprocess.size
    noise = np.random.default_rng(0).integers(0, 256, (3, size, size, 3), dtype=np.uint8)
    inputs = {
        TEXT_ONNX: (_TextTower(model.network), torch.from_numpy(model.tokenize(PROBES))),
        IMAGE_ONNX: (
            _ImageTower(model.network),
            torch.from_numpy(model.preprocess.normalise(noise)),
        ),
    }
    for name, (tower, example) in inputs.items():
        _export(tower.eval(), example, folder / name, sequence=name == TEXT_ONNX)
        _verify(tower, example, folder / name)
    model.tokenize.save(folder / TOKENIZER)
    return True


class _TextTower(nn.Module):
    """Tokens to unit rows."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = _traceable(network)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return nn.functional.normalize(encode_tokens(self.network, tokens), dim=-1)


class _ImageTower(nn.Module):
    """Normalised pixels to unit rows."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = _traceable(network)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return nn.functional.normalize(self.network.encode_image(pixels), dim=-1)


class _Attention(nn.Module):
    """A self-attention with the weights of torch's, whose trace holds for any batch and length.

    The tracer freezes the sizes that ``nn.MultiheadAttention`` reads from its input.
    """

    def __init__(self, source: nn.MultiheadAttention) -> None:
        super().__init__()
        self.heads, self.weight, self.bias = (
            source.num_heads,
            source.in_proj_weight,
            source.in_proj_bias,
        )
        self.out = source.out_proj

    def forward(
        self, x: torch.Tensor, *_: torch.Tensor, attn_mask: torch.Tensor | None = None, **__: Any
    ) -> tuple[torch.Tensor, None]:
        width = self.out.in_features
        parts = nn.functional.linear(x, self.weight, self.bias)
        parts = parts.unflatten(-1, (3, self.heads, width // self.heads))
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        scores = query @ key.transpose(-1, -2) / (width // self.heads) ** 0.5
        if attn_mask is not None:
            scores = scores + attn_mask
        return self.out((scores.softmax(dim=-1) @ value).transpose(1, 2).flatten(2)), None


def _traceable(network: Any) -> Any:
    """A copy of ``network`` with every self-attention replaced by :class:`_Attention`."""
    duplicate = copy.deepcopy(network)
    for parent in list(duplicate.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.MultiheadAttention) and child.batch_first:
                setattr(parent, name, _Attention(child))
    return duplicate


def _export(tower: nn.Module, example: torch.Tensor, path: Path, *, sequence: bool) -> None:
    axes = {0: "batch", 1: "length"} if sequence else {0: "batch"}
    with warnings.catch_warnings(), torch.no_grad():
        # Tracing warns about every shape it meets; _verify below checks what matters.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            tower,
            (example,),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=["input"],
            output_names=["features"],
            dynamic_axes={"input": axes, "features": {0: "batch"}},
        )


def _verify(tower: nn.Module, example: torch.Tensor, path: Path) -> None:
    """Compare the graph with the model on batches of other sizes and lengths."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    lengths = (slice(None), slice(None, 3)) if example.ndim == 2 else (slice(None),)
    for batch, length in [(slice(None), lengths[0]), (slice(1), lengths[-1])]:
        part = example[batch, length].contiguous()
        with torch.no_grad():
            expected = tower(part).numpy()
        (served,) = session.run(None, {"input": part.numpy()})
        cosine = float((expected * served).sum(axis=1).min())
        if not cosine >= MIN_COSINE:
            raise VlclipError(
                f"the serving form {path.name} differs from the model (cosine {cosine:.5f});"
                " report this model's name with the versions of torch and onnxruntime"
            )
