"""Grounding DINO and its relatives: any zero-shot detection checkpoint of transformers.

What belongs here: loading one through the auto classes and asking it for one box per image.
What does not: where it is kept (``checkpoint``) and what becomes of the box (``crop``).

VL-CLIP, section 3.1, keeps the highest-scoring box of Grounding DINO for the product type as
the prompt. Its score is the sigmoid of the best token's logit, not a softmax over boxes.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import cv2
import numpy as np

from vlclip_dagster.grounding.checkpoint import checkpoint_digest, find_checkpoint
from vlclip_dagster.grounding.types import Box, Detection

CANVAS_PX = 800

# About the mean colour these models subtract, so that padding is near zero to them.
PADDING = (124, 116, 104)


class TransformersGrounder:
    """Asks a zero-shot detection checkpoint for the best box of each image's own prompt.

    Every image is letterboxed to one square canvas: padding moves the boxes of these models, so
    with canvases of differing size a result would depend on the other images of its batch.

    Args:
        model: hub id (looked up in the local cache only) or folder of the checkpoint.
        device: ``cpu``, ``cuda``, or ``auto`` for cuda where there is one.
        batch: images per forward pass.
        canvas_px: side of the canvas in pixels.

    Raises:
        MissingRequirementError: from any method, where the checkpoint is not on this machine.
    """

    def __init__(
        self, model: str, device: str = "auto", batch: int = 8, canvas_px: int = CANVAS_PX
    ) -> None:
        self._name = model
        self._device_wish = device
        self._batch = batch
        self._canvas_px = canvas_px

    @cached_property
    def fingerprint(self) -> str:
        """Names the checkpoint by its content, and the canvas."""
        digest = checkpoint_digest(find_checkpoint(self._name))
        return f"transformers-1:{digest}:{self._canvas_px}:{self._precision}"

    def check(self) -> None:
        """Make sure that the checkpoint is here, without loading it."""
        find_checkpoint(self._name)

    def detect(self, images: Sequence[np.ndarray], prompts: Sequence[str]) -> list[Detection]:
        """The highest-scoring box per (h, w, 3) uint8 RGB image, whatever its score."""
        found: list[Detection] = []
        for start in range(0, len(images), self._batch):
            part = slice(start, start + self._batch)
            found += self._forward(images[part], prompts[part])
        return found

    def _forward(self, images: Sequence[np.ndarray], prompts: Sequence[str]) -> list[Detection]:
        import torch

        processor, model = self._loaded
        fitted = [letterbox(image, self._canvas_px) for image in images]
        # One list per image: a flat list of undotted words would be merged into one prompt.
        labels = [[prompt.removesuffix(".")] for prompt in prompts]
        # OWLv2's processor already pads every prompt to one length, the others don't.
        padding = {} if model.config.model_type.startswith("owl") else {"padding": True}
        canvases = [canvas for canvas, _ in fitted]
        inputs = processor(images=canvases, text=labels, return_tensors="pt", **padding)
        inputs = inputs.to(model.device)
        inputs["pixel_values"] = inputs["pixel_values"].to(model.dtype)
        with torch.inference_mode():
            outputs = model(**inputs)
        scores = outputs.logits.float().sigmoid().amax(dim=-1)
        best = scores.argmax(dim=1)
        rows = torch.arange(len(images), device=best.device)
        boxes = outputs.pred_boxes[rows, best].float().cpu().numpy() * self._canvas_px
        tops = scores[rows, best].cpu().tolist()
        return [
            Detection(_box(box, scale, image), float(score))
            for box, (_, scale), image, score in zip(boxes, fitted, images, tops, strict=True)
        ]

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        """The processor and the model in evaluation mode on its device."""
        import torch
        from transformers import AutoModelForZeroShotObjectDetection, AutoProcessor

        folder = str(find_checkpoint(self._name))
        processor = AutoProcessor.from_pretrained(folder, local_files_only=True)
        model = AutoModelForZeroShotObjectDetection.from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            dtype=torch.bfloat16 if self._precision == "bf16" else torch.float32,
        )
        return processor, model.to(self._device).eval()

    @cached_property
    def _device(self) -> str:
        import torch

        if self._device_wish != "auto":
            return self._device_wish
        return "cuda" if torch.cuda.is_available() else "cpu"

    @property
    def _precision(self) -> str:
        return "bf16" if self._device.startswith("cuda") else "fp32"


def letterbox(image: np.ndarray, side: int) -> tuple[np.ndarray, float]:
    """Fit an (h, w, 3) image into the top left of a (side, side, 3) canvas.

    Returns:
        The canvas, and the scale from image pixels to canvas pixels.
    """
    height, width = image.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    shrinks = scale < 1
    fitted = cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    canvas = np.full((side, side, 3), PADDING, dtype=np.uint8)
    canvas[: size[1], : size[0]] = fitted
    return canvas, scale


def _box(centred: np.ndarray, scale: float, image: np.ndarray) -> Box:
    """A (cx, cy, w, h) box in canvas pixels as a box in the image."""
    x, y, width, height = (float(value) / scale for value in centred)
    whole = Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    return whole.clipped(image.shape[1], image.shape[0])
