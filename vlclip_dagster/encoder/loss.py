"""The contrastive loss and its temperature.

What belongs here: pure functions of features. What does not: models, optimisers, data.
"""

import math

import torch  # noqa: TID253 - only ever imported inside a training
import torch.nn.functional as F  # noqa: N812, TID253
from torch import nn  # noqa: TID253

MAX_LOGIT_SCALE = math.log(100.0)


def false_negatives(labels: torch.Tensor) -> torch.Tensor:
    """Tell which pairs must not be each other's negatives.

    Args:
        labels: (n, k) integers; two pairs that agree in any column (query, canonical image, item
            group) show the same product. A negative label agrees with nothing.

    Returns:
        (n, n) booleans, True where a pair is not a true negative; the diagonal is False.
    """
    same = (labels[:, None, :] == labels[None, :, :]) & (labels[:, None, :] >= 0)
    shared = same.any(dim=-1)
    return shared & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)


class ContrastiveLoss(nn.Module):
    """Symmetric InfoNCE (VL-CLIP, section 3.3; CLIP, figure 3) without false negatives.

    Example:
        >>> loss = ContrastiveLoss()(image, text, model.logit_scale, labels)
    """

    def forward(
        self,
        image_features: torch.Tensor,
        text_features: torch.Tensor,
        logit_scale: torch.Tensor,
        labels: torch.Tensor,
    ) -> torch.Tensor:
        """Average the image-to-text and text-to-image cross entropies.

        Args:
            image_features: (n, d), any length; normalised here.
            text_features: (n, d), row i belongs to image i.
            logit_scale: scalar, the logarithm of the inverse temperature.
            labels: (n, k), see :func:`false_negatives`.

        Returns:
            The scalar loss in fp32, whatever precision the features have.
        """
        image = F.normalize(image_features.float(), dim=-1)
        text = F.normalize(text_features.float(), dim=-1)
        with torch.autocast(image.device.type, enabled=False):
            logits = logit_scale.float().exp() * image @ text.T
        logits = logits.masked_fill(false_negatives(labels), float("-inf"))
        target = torch.arange(len(logits), device=logits.device)
        return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


class KindLoss(nn.Module):
    """Cross entropy of each image over the names of the product types in its batch.

    InfoNCE over queries lets colour and pattern outweigh what the thing is, since few negatives
    differ in nothing else; a name has all images of its type as positives and no other cue.

    Example:
        >>> loss = KindLoss()(image, names, model.logit_scale, kind)
    """

    def forward(
        self,
        image_features: torch.Tensor,
        name_features: torch.Tensor,
        logit_scale: torch.Tensor,
        kind: torch.Tensor,
    ) -> torch.Tensor:
        """Classify images by the nearest name.

        Args:
            image_features: (n, d), any length; normalised here.
            name_features: (t, d), one per product type.
            logit_scale: scalar, the logarithm of the inverse temperature.
            kind: (n,) row of each image's own name.

        Returns:
            The scalar loss in fp32.
        """
        image = F.normalize(image_features.float(), dim=-1)
        names = F.normalize(name_features.float(), dim=-1)
        with torch.autocast(image.device.type, enabled=False):
            logits = logit_scale.float().exp() * image @ names.T
        return F.cross_entropy(logits, kind)


@torch.no_grad()
def clamp_temperature(logit_scale: torch.Tensor) -> None:
    """Keep the inverse temperature at 100 or less, in place; call after every optimiser step."""
    logit_scale.clamp_(max=MAX_LOGIT_SCALE)
