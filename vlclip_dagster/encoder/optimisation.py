"""How weights move: AdamW groups, the learning rate's course, averaged weights, precision."""

import math

import torch  # noqa: TID253 - only ever imported inside a training
from torch import nn  # noqa: TID253

from vlclip_dagster.encoder.settings import FULL_SIZE_AT, Precision, TrainingSettings

# Measured on catalogs of 460 to 2,550 products, trained from scratch; see ``epochs_for``.
FEWEST_STEPS, FEWEST_EPOCHS, MOST_EPOCHS = 280, 18, 30


def make_optimizer(network: nn.Module, settings: TrainingSettings) -> torch.optim.AdamW:
    """AdamW with CLIP's betas; vectors, norms and the temperature are not decayed."""
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.lr, betas=(0.9, 0.98), eps=1e-6)


def learning_rate(step: int, total: int, settings: TrainingSettings) -> float:
    """Learning rate of ``step`` (from 0) of ``total``: linear warm-up, then half a cosine."""
    warm = max(1, round(settings.warmup * total))
    if step < warm:
        return settings.lr * (step + 1) / warm
    progress = (step - warm) / max(1, total - warm)
    return settings.lr * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))


def image_side(epoch: int, side: int, settings: TrainingSettings) -> int:
    """Side in pixels of the training images of ``epoch`` (from 0): small first, cheap and coarse.

    Sides are multiples of 16, so that few different shapes occur.
    """
    grown = min(1.0, epoch / max(1.0, FULL_SIZE_AT * settings.epochs))
    share = settings.start_size + (1 - settings.start_size) * grown
    return side if share >= 1 else min(side, max(16, round(side * share / 16) * 16))


class Average:
    """Exponential moving average of a network's weights and running statistics.

    Args:
        network: the trained network.
        average: a copy of it that holds the average.
        decay: share of the old average kept per step; early steps keep less, so that the
            random start is forgotten.
    """

    def __init__(self, network: nn.Module, average: nn.Module, decay: float) -> None:
        self._decay = decay
        self._pairs = [
            (kept, live) for kept, live in zip(_floats(average), _floats(network), strict=True)
        ]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move the average towards the network after optimiser step ``step`` (from 0)."""
        weight = 1 - min(self._decay, (1 + step) / (10 + step)) if self._decay else 1.0
        kept, live = zip(*self._pairs, strict=True)
        torch._foreach_lerp_(list(kept), list(live), weight)


def _floats(network: nn.Module) -> list[torch.Tensor]:
    # Only what is saved: the causal mask is a buffer too, and averages of -inf are not numbers.
    tensors = network.state_dict().values()
    return [tensor for tensor in tensors if tensor.is_floating_point()]


def uses_bf16(wish: Precision, device: torch.device) -> bool:
    """Whether the forward pass runs in bf16: as wished, or where the chip computes it natively.

    Without native support, as on any CPU or GPU of some age, bf16 is emulated, slower than fp32.
    """
    if wish != "auto":
        return wish == "bf16"
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def epochs_for(steps_per_epoch: int) -> int:
    """How many epochs a training takes when its settings leave that open.

    A from-scratch model needs some ``FEWEST_STEPS`` optimiser steps to get off the ground,
    however small the catalog; a large one is seen ``FEWEST_EPOCHS`` times.
    """
    for_steps = math.ceil(FEWEST_STEPS / max(1, steps_per_epoch))
    return min(MOST_EPOCHS, max(FEWEST_EPOCHS, for_steps))
