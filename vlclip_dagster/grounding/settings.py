"""The settings of grounding, and the grounder they describe.

What belongs here: choosing. What does not: how any grounder works.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from vlclip_dagster.grounding.types import Grounder

DEFAULT_MODEL = "IDEA-Research/grounding-dino-tiny"


class GroundingSettings(BaseModel):
    """How the product is found and cut out.

    Attributes:
        kind: ``saliency``: no weights needed; ``transformers``: a zero-shot detection
            checkpoint; ``whole``: keep whole photographs.
        model: hub id or folder of the checkpoint, for ``transformers``.
        threshold: a box with a lower score is not used.
        margin: added on each side of the box, as a share of its width or height.
        min_area_share: a box that covers less of the photograph is not used.
        crop_px: longest side of the stored crop, in pixels.
        device: ``cpu``, ``cuda`` or ``auto``, for ``transformers``.
        batch: photographs per forward pass, for ``transformers``.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["saliency", "transformers", "whole"] = "saliency"
    model: str = DEFAULT_MODEL
    threshold: float = Field(default=0.35, ge=0, le=1)
    margin: float = Field(default=0.04, ge=0, le=0.5)
    min_area_share: float = Field(default=0.03, ge=0, le=1)
    crop_px: int = Field(default=512, ge=32, le=1024)
    device: str = "auto"
    batch: int = Field(default=8, ge=1)


def build_grounder(settings: GroundingSettings) -> Grounder:
    """The grounder that ``settings`` ask for; weights are loaded when it first detects.

    Raises:
        MissingRequirementError: its checkpoint is not on this machine.
    """
    if settings.kind == "whole":
        from vlclip_dagster.grounding.whole import WholeImage

        return WholeImage()
    if settings.kind == "saliency":
        from vlclip_dagster.grounding.saliency import SaliencyGrounder

        return SaliencyGrounder()
    from vlclip_dagster.grounding.grounding_dino import GroundingDino

    grounder = GroundingDino(settings.model, settings.device, settings.batch)
    grounder.check()
    return grounder
