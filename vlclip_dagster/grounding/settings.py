"""The settings of grounding, and the grounder they describe.

What belongs here: choosing. What does not: how any grounder works.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from vlclip_dagster.grounding.prompt import prompts_for
from vlclip_dagster.grounding.types import Grounder

DEFAULT_MODEL = "IDEA-Research/grounding-dino-tiny"


def _read_names(given: Any) -> Any:
    """The names in a TOML file, where its path is given: ``"Dining Furniture Sets" = "table"``."""
    if not isinstance(given, str):
        return given
    try:
        names = tomllib.loads(Path(given).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"'{given}' is not a TOML file that can be read: {error}") from error
    return {name: [asked] if isinstance(asked, str) else asked for name, asked in names.items()}


class GroundingSettings(BaseModel):
    """How the product is found and cut out.

    Attributes:
        kind: ``saliency``: no weights needed; ``transformers``: a zero-shot detection
            checkpoint; ``whole``: keep whole photographs.
        prompts: what to ask for, by product type, where its name does not say it: the path of a
            TOML file of names, each a text or a list of synonyms that are tried in turn.
        packshots: whether a product alone on a plain backdrop is cut by its border, without
            asking the detector, for ``transformers``.
        model: hub id or folder of the checkpoint, for ``transformers``.
        threshold: a box with a lower score is not used.
        margin: added on each side of the box, as a share of its width or height.
        min_area_share: a box that covers less of the photograph is not used.
        crop_px: longest side of the stored crop, in pixels.
        device: ``cpu``, ``cuda`` or ``auto``, for ``transformers``.
        batch: photographs per forward pass at most, as memory allows, for ``transformers``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["saliency", "transformers", "whole"] = "saliency"
    model: str = DEFAULT_MODEL
    prompts: Annotated[dict[str, tuple[str, ...]], BeforeValidator(_read_names)] = {}
    packshots: bool = True
    threshold: float = Field(default=0.35, ge=0, le=1)
    margin: float = Field(default=0.04, ge=0, le=0.5)
    min_area_share: float = Field(default=0.03, ge=0, le=1)
    crop_px: int = Field(default=512, ge=32, le=1024)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    batch: int = Field(default=8, ge=1)

    def asked(self, product_type: str) -> tuple[str, ...]:
        """The prompts for a product type, by its display name, in the order they are tried.

        The embedded grounder hears only what kind of thing it looks for, so once is enough.
        """
        prompts = prompts_for(product_type, self.prompts)
        return prompts if self.kind == "transformers" else prompts[:1]


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
    from vlclip_dagster.grounding.packshot import PackshotFirst

    grounder = GroundingDino(settings.model, settings.device, settings.batch)
    grounder.check()
    return PackshotFirst(grounder) if settings.packshots else grounder
