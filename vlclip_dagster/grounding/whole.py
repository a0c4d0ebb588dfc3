"""The grounder that never cuts: the ablation without grounding (VL-CLIP, Table 2)."""

from collections.abc import Sequence

import numpy as np

from vlclip_dagster.grounding.types import Detection


class WholeImage:
    """Finds nothing, so every photograph is kept whole."""

    fingerprint = "whole-image"

    def detect(self, images: Sequence[np.ndarray], prompts: Sequence[str]) -> list[Detection]:
        """No box for any image."""
        return [Detection(None, 0.0, "grounding is switched off") for _ in images]
