"""A surface: colour, pattern and material together, and the pixels it is made of."""

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vlclip_dagster.catalog.generated.fields import SIZE
from vlclip_dagster.catalog.generated.materials import MATERIALS, Material, texture
from vlclip_dagster.catalog.generated.palette import Rgb, luminance
from vlclip_dagster.catalog.generated.patterns import pattern_tile

Pixels = npt.NDArray[Any]
"""An (h, w, 3) uint8 picture; OpenCV's stubs promise no more than some array."""


@dataclass(frozen=True)
class Surface:
    """What one part of a product is made of.

    Attributes:
        rgb: main colour.
        material: a name in ``MATERIALS``.
        pattern: a name in ``PATTERNS``.
        second: the pattern's other colour.
        seed: which arrangement of the pattern.
        bold: whether the pattern's figures are large.
        turn: degrees by which the pattern is rotated (90 makes stripes horizontal).
    """

    rgb: Rgb
    material: str = "cotton"
    pattern: str = "solid"
    second: Rgb = (240, 240, 238)
    seed: int = 0
    bold: bool = False
    turn: float = 0.0

    @property
    def look(self) -> Material:
        """The material's optical properties."""
        return MATERIALS[self.material]

    def plain(self, rgb: Rgb | None = None, material: str | None = None) -> "Surface":
        """The same surface without its pattern, perhaps in another colour or material."""
        return replace(
            self, rgb=rgb or self.rgb, material=material or self.material, pattern="solid"
        )


def surface_tile(surface: Surface, scale: float) -> Pixels:
    """The pixels of ``surface``: a periodic (n, n, 3) uint8 tile.

    Args:
        surface: what to render.
        scale: longest side of the product in pixels over 400; a tile is 256 pixels at 1.
    """
    size = max(48, round(SIZE * scale))
    tile = pattern_tile(
        surface.pattern, size, surface.rgb, surface.second, surface.seed, surface.bold
    )
    material = surface.look
    if material.depth:
        grain: npt.NDArray[Any] = texture(material.texture)
        if size != SIZE:
            shrink = cv2.INTER_AREA if size < SIZE else cv2.INTER_LINEAR
            grain = cv2.resize(grain, (size, size), interpolation=shrink)
        # Dark dyes swallow relative contrast: lift them by a constant so a black knit stays knit.
        if surface.material == "marble" and luminance(surface.rgb) < 0.5:
            grain = -grain
        gain = (1 + material.depth * grain)[..., None]
        lift = (14 * material.depth / 0.2 * (1 - luminance(surface.rgb))) * grain[..., None]
        tile = np.clip(tile * gain + lift, 0, 255).astype(np.uint8)
    return tile
