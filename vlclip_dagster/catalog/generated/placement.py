"""Where a drawing goes in a frame: its scale, its origin and the shadow under it."""

from dataclasses import dataclass

import cv2
import numpy as np

from vlclip_dagster.catalog.generated.drawing import Extent
from vlclip_dagster.catalog.generated.pen import Pen, Stage

Frame = tuple[int, int]
"""Width and height of a photograph in pixels."""

_PORTRAIT: tuple[Frame, ...] = ((480, 600), (500, 620), (512, 640), (520, 580), (540, 540))
_LANDSCAPE: tuple[Frame, ...] = ((600, 480), (640, 480), (620, 520), (540, 540), (620, 500))
_WIDE_KINDS = ("sofa", "coffee-table", "area-rug", "sneaker", "boot")


@dataclass(frozen=True)
class Placement:
    """Pixels per unit, the pixel of a drawing's origin, its longest side; whether it is flipped."""

    scale: float
    left: float
    top: float
    extent: float
    flip: bool = False

    def pen(self, stage: Stage) -> Pen:
        """A pen that draws there."""
        return Pen(stage, self.scale, self.left, self.top, self.extent, self.flip)


def frame_size(slug: str, rng: np.random.Generator) -> Frame:
    """The size of a photograph of this kind of product."""
    sizes = _LANDSCAPE if slug in _WIDE_KINDS else _PORTRAIT
    return sizes[int(rng.integers(len(sizes)))]


def placed(
    extent: Extent, frame: Frame, share: float, at: tuple[float, float], flip: bool = False
) -> Placement:
    """Fit a drawing so that its box covers ``share`` of the frame and is centred near ``at``.

    Args:
        extent: what the drawing covers in its own units.
        frame: the photograph's size.
        share: share of the frame's area, less where the drawing would not fit.
        at: where its centre should lie, as shares of width and height.
        flip: mirror the drawing.
    """
    width, height = frame
    scale = float(np.sqrt(share * width * height / (extent.width * extent.height)))
    scale = min(scale, 0.93 * width / extent.width, 0.93 * height / extent.height)
    half_w, half_h = extent.width * scale / 2, extent.height * scale / 2
    x = min(max(at[0] * width, half_w + 4), width - half_w - 4)
    y = min(max(at[1] * height, half_h + 4), height - half_h - 4)
    middle = (extent.x0 + extent.x1) / 2
    left = x + scale * middle if flip else x - scale * middle
    top = y - scale * (extent.y0 + extent.y1) / 2
    return Placement(scale, left, top, scale * max(extent.width, extent.height), flip)


def centre_of(extent: Extent, where: Placement) -> float:
    """The column of the middle of a placed drawing."""
    middle = (extent.x0 + extent.x1) / 2 * where.scale
    return where.left - middle if where.flip else where.left + middle


def ground_shadow(stage: Stage, at: tuple[float, float], width: float, strength: float) -> None:
    """A soft ellipse on the ground under something that stands at ``at``."""
    height, full = stage.hero.shape
    reach = int(max(12, width * 0.2))
    y0, y1 = max(0, int(at[1]) - reach), min(height, int(at[1]) + reach)
    if y1 - y0 < 8:
        return
    small = np.zeros(((y1 - y0) // 4, full // 4), np.uint8)
    centre = (round(at[0] / 4), round((at[1] - y0) / 4))
    axes = (max(2, int(width / 7.5)), max(2, int(width / 44)))
    cv2.ellipse(small, centre, axes, 0, 0, 360, 255, -1)
    soft = cv2.resize(cv2.GaussianBlur(small, (0, 0), max(1.2, width / 90)), (full, y1 - y0))
    keep = cv2.convertScaleAbs(soft, alpha=-strength, beta=255)
    under = stage.rgb[y0:y1]
    cv2.multiply(under, cv2.merge([keep, keep, keep]), dst=under, scale=1 / 255)
