"""Grounding DINO and its relatives: any zero-shot detection checkpoint of transformers.

What belongs here: loading one through the auto classes and asking it for one box per image.
What does not: where it is kept (``checkpoint``), how photographs are fitted (``canvas``), and
what becomes of the box (``crop``).

VL-CLIP, section 3.1, keeps the highest-scoring box of Grounding DINO for the product type as
the prompt. Its score is the sigmoid of the best token's logit, not a softmax over boxes.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from vlclip_dagster.devices import has_cuda, missing_device
from vlclip_dagster.errors import MissingRequirementError
from vlclip_dagster.grounding.canvas import Canvas
from vlclip_dagster.grounding.checkpoint import checkpoint_digest, find_checkpoint
from vlclip_dagster.grounding.memory import AcceleratorMemory, Batches, HostMemory
from vlclip_dagster.grounding.types import Detection

Asked = tuple[np.ndarray, str]


class GroundingDino:
    """Asks a zero-shot detection checkpoint for the best box of each image's own prompt.

    Every image is fitted to the checkpoint's own canvas, so its box is the same alone and in
    any batch. An accelerator that can computes in bfloat16, and there always in batches of one
    size: kernels differ by the size of a batch, and eight bits of mantissa would show it.

    Args:
        model: hub id (looked up in the local cache only) or folder of the checkpoint.
        device: ``cpu``, ``cuda``, or ``auto`` for cuda where there is one.
        batch: images per forward pass at most; fewer where memory does not hold them.

    Raises:
        MissingRequirementError: from any method, where the checkpoint is not on this machine.

    Example:
        >>> grounder = GroundingDino("IDEA-Research/grounding-dino-tiny")  # doctest: +SKIP
        >>> grounder.detect([photograph], ["coffee table."])  # doctest: +SKIP
        [Detection(box=Box(...), score=0.71)]
    """

    def __init__(self, model: str, device: str = "auto", batch: int = 8) -> None:
        self._name = model
        self._device_wish = device
        self._most = batch

    @cached_property
    def fingerprint(self) -> str:
        """Names the checkpoint by its content, and the precision."""
        return f"zero-shot-2:{checkpoint_digest(find_checkpoint(self._name))}:{self._precision}"

    def check(self) -> None:
        """Make sure that the checkpoint is here and usable, without loading it, and the device."""
        find_checkpoint(self._name)
        told = missing_device("VLCLIP_GROUNDING__DEVICE", self._device_wish)
        if told:
            raise MissingRequirementError(told)

    def detect(self, images: Sequence[np.ndarray], prompts: Sequence[str]) -> list[Detection]:
        """The highest-scoring box per (h, w, 3) uint8 RGB image, whatever its score."""
        return self._batches.map(self._forward, list(zip(images, prompts, strict=True)))

    @cached_property
    def _batches(self) -> Batches:
        """Batches that fit into memory, by what one black picture takes."""
        on_cpu = self._device == "cpu"
        batches = Batches(self._most, HostMemory() if on_cpu else AcceleratorMemory(self._device))
        blank = np.zeros((64, 64, 3), dtype=np.uint8)
        self._loaded  # noqa: B018  its weights are no part of what a photograph takes
        batches.measure(lambda: self._predict([(blank, "product.")]))
        return batches

    def _forward(self, asked: Sequence[Asked]) -> list[Detection]:
        padding = self._batches.size - len(asked) if self._precision == "bf16" else 0
        scores, boxes = self._predict([*asked, *[asked[-1]] * padding])
        return [
            Detection(self._canvas.box(box, image), float(score))
            for (image, _), box, score in zip(asked, boxes, scores, strict=False)
        ]

    def _predict(self, asked: Sequence[Asked]) -> tuple[np.ndarray, np.ndarray]:
        """Per image its best score, (n,), and that box as (cx, cy, w, h), (n, 4)."""
        import torch

        processor, model = self._loaded
        # One list per image: a flat list of undotted words would be merged into one prompt.
        words = [[prompt.removesuffix(".")] for _, prompt in asked]
        # OWL's processor already pads every prompt to one length, the others don't.
        padding = {} if model.config.model_type.startswith("owl") else {"padding": True}
        text = processor(text=words, return_tensors="pt", **padding).to(model.device)
        pixels = self._canvas.inputs([image for image, _ in asked], self._device, model.dtype)
        with torch.inference_mode():
            outputs = model(**text, **pixels)
        scores, best = outputs.logits.float().sigmoid().amax(dim=-1).max(dim=1)
        boxes = outputs.pred_boxes[torch.arange(len(asked), device=best.device), best]
        return scores.cpu().numpy(), boxes.float().cpu().numpy()

    @cached_property
    def _canvas(self) -> Canvas:
        processor, model = self._loaded
        masked = not model.config.model_type.startswith("owl")
        return Canvas(processor.image_processor, masked=masked)

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
        if self._device_wish != "auto":
            return self._device_wish
        return "cuda" if has_cuda() else "cpu"

    @cached_property
    def _precision(self) -> str:
        import torch

        # Emulated, as on a T4, bfloat16 would be slower than what it stands in for.
        native = self._device != "cpu" and torch.cuda.is_bf16_supported(including_emulation=False)
        return "bf16" if native else "fp32"
