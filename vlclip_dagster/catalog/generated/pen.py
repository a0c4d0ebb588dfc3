"""Painting: outlines in product units become shaded pixels on a stage.

``Stage`` is the picture being made; ``Pen`` is the brush that draws on it. What does not belong
here: what a product looks like.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from vlclip_dagster.catalog.generated.brush import Brush, Decal, Form
from vlclip_dagster.catalog.generated.fields import SIZE, relief
from vlclip_dagster.catalog.generated.geometry import Points
from vlclip_dagster.catalog.generated.motifs import Plate, plate
from vlclip_dagster.catalog.generated.palette import Rgb
from vlclip_dagster.catalog.generated.surface import Pixels, Surface, surface_tile

Mask = npt.NDArray[np.uint8]
"""An (h, w) coverage, 0 to 255."""
Heights = npt.NDArray[Any]
"""An (h, w) float32 height or slope in pixels."""
Window = tuple[int, int, int, int]
"""Left, top, right and bottom pixel of a part, the last two exclusive."""

_FOLD_DEPTH = 4.5
"""Height in reference pixels of folds that a drawing asks for, whatever the material."""


@dataclass
class Stage:
    """A picture in the making.

    Attributes:
        rgb: (h, w, 3) uint8.
        hero: (h, w) uint8, 255 where the named product is visible.
        on_hero: whether what is painted now belongs to the named product.
        light: where the light comes from, (x, y) of length about 1.
    """

    rgb: Pixels
    hero: Mask
    on_hero: bool = False
    light: tuple[float, float] = (-0.55, -0.8)

    @classmethod
    def blank(cls, width: int, height: int, colour: Rgb = (255, 255, 255)) -> "Stage":
        """A stage of one colour."""
        rgb = np.empty((height, width, 3), np.uint8)
        rgb[:] = colour
        return cls(rgb, np.zeros((height, width), np.uint8))


class Pen(Brush):
    """A brush on a stage: ``x_px = x * scale + left``, likewise for y.

    Args:
        stage: what to paint on.
        scale: pixels per unit.
        left: pixel of the unit origin.
        top: pixel of the unit origin.
        extent: longest side of the product in pixels; textures and folds scale with it.
        flip: mirror the drawing about its own vertical axis.
    """

    def __init__(
        self,
        stage: Stage,
        scale: float,
        left: float,
        top: float,
        extent: float,
        flip: bool = False,
    ) -> None:
        self.stage = stage
        self._scale = np.array([-scale if flip else scale, scale], np.float32)
        self._unit = scale
        self._offset = np.array([left, top], np.float32)
        self._grain = max(extent, 40) / 400
        self._tiles: dict[Surface, Pixels] = {}

    def paint(self, outline: Points, surface: Surface, form: Form) -> None:
        """Paint a closed outline, shaded as its form and material ask."""
        points = self._pixels(outline)
        window = self._window(points, margin=2)
        if window is None:
            return
        mask = _mask(points, window)
        if form.drop:
            self._shadow(points, form.drop)
        height = self._height(mask, surface, window, form)
        gx = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
        gy = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
        albedo = self._albedo(surface, window, form.turn, gx, gy)
        if form.decal is not None:
            self._print(albedo, form.decal, window)
        shaded = _lit(albedo, gx, gy, self.stage.light, surface.look.gloss, form.tone)
        self._lay(shaded, mask, window, surface.look.opacity)

    def line(self, path: Points, rgb: Rgb, width: float, opacity: float = 1.0) -> None:
        """Stroke an open path, ``width`` in units."""
        points = self._pixels(path)
        window = self._window(points, margin=2 + int(width * self._unit))
        if window is None:
            return
        x0, y0, x1, y1 = window
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        width_px = width * self._unit
        # Below one pixel a line cannot get thinner, only fainter.
        opacity = opacity * min(1.0, width_px / 0.9)
        local = _fixed(points, window)
        cv2.polylines(mask, [local], False, 255, max(1, round(width_px)), cv2.LINE_AA, 4)
        colour = np.empty((y1 - y0, x1 - x0, 3), np.uint8)
        colour[:] = rgb
        self._lay(colour, mask, window, opacity)

    def stitches(self, path: Points, rgb: Rgb, width: float = 0.35, dash: float = 1.4) -> None:
        """Stroke an open path with dashes of length ``dash`` units."""
        if width * self._unit < 0.5:
            return
        step = np.linalg.norm(np.diff(path, axis=0), axis=1)
        at = np.concatenate([[0], np.cumsum(step)])
        starts = np.arange(0, at[-1] - dash, dash * 1.6)[:80]
        ends = np.stack([starts, starts + dash], axis=1)
        dashes = np.stack([np.interp(ends, at, path[:, k]) for k in (0, 1)], axis=2)
        points = self._pixels(path)
        window = self._window(points, margin=3 + int(width * self._unit))
        if window is None or not len(dashes):
            return
        x0, y0, x1, y1 = window
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        local = _fixed(self._pixels(dashes.astype(np.float32)), window)
        thick = max(1, round(width * self._unit))
        cv2.polylines(mask, list(local), False, 255, thick, cv2.LINE_AA, 4)
        colour = np.empty((y1 - y0, x1 - x0, 3), np.uint8)
        colour[:] = rgb
        self._lay(colour, mask, window, 0.8)

    def _pixels(self, points: Points) -> Points:
        return (points * self._scale + self._offset).astype(np.float32)

    def _window(self, points: Points, margin: int) -> Window | None:
        """The pixels a shape can touch, clipped to the stage; None when it lies outside."""
        height, width = self.stage.hero.shape
        low = np.floor(points.min(axis=0)).astype(int) - margin
        high = np.ceil(points.max(axis=0)).astype(int) + margin
        x0, y0 = max(int(low[0]), 0), max(int(low[1]), 0)
        x1, y1 = min(int(high[0]), width), min(int(high[1]), height)
        return (x0, y0, x1, y1) if x1 - x0 > 1 and y1 - y0 > 1 else None

    def _shadow(self, points: Points, strength: float) -> None:
        """Darken what lies beside and below the shape."""
        reach = max(2.0, 7 * self._grain)
        cast = points + np.array(self.stage.light, np.float32) * -0.45 * reach
        window = self._window(cast, margin=int(reach * 1.5))
        if window is None:
            return
        x0, y0, x1, y1 = window
        size = (max(2, (x1 - x0) // 2), max(2, (y1 - y0) // 2))
        small = np.zeros(size[::-1], np.uint8)
        cv2.fillPoly(small, [_fixed(cast, window) // 2], 255, cv2.LINE_AA, 4)
        side = max(3, int(reach / 2) | 1)
        small = cv2.blur(cv2.blur(small, (side, side)), (side, side))
        soft = cv2.resize(small, (x1 - x0, y1 - y0))
        keep = cv2.convertScaleAbs(soft, alpha=-strength, beta=255)
        under = self.stage.rgb[y0:y1, x0:x1]
        cv2.multiply(under, cv2.merge([keep, keep, keep]), dst=under, scale=1 / 255)

    def _height(self, mask: Mask, surface: Surface, window: Window, form: Form) -> Heights:
        """The part's height in pixels: a rounded edge plus the folds of its material."""
        radius = max(1.5, form.bulge * self._unit)
        inside = cv2.distanceTransform(cv2.threshold(mask, 127, 1, 0)[1], cv2.DIST_L2, 5)
        share = np.minimum(inside * (1 / radius), 1)
        height = share * (2 - share) * (radius * 0.55 * form.puff)
        kind = form.folds or surface.look.folds
        depth = surface.look.fold_depth if form.folds is None else _FOLD_DEPTH
        if kind != "none" and depth * form.fold_gain:
            field = self._sample(relief(kind), window, form.turn + surface.seed % 7, None)
            height += field * (depth * form.fold_gain * self._grain)
        # The distance field has creases along the part's spine: smooth them with its width.
        side = max(3, int(max(3 * self._grain, radius * 0.3)) | 1)
        return cv2.blur(height, (side, side))

    def _albedo(
        self, surface: Surface, window: Window, turn: float, gx: Heights, gy: Heights
    ) -> Pixels:
        """The unlit colours of a part, dragged along by its folds."""
        tile = self._tiles.get(surface)
        if tile is None:
            tile = self._tiles[surface] = surface_tile(surface, self._grain)
        drag = None if surface.pattern == "solid" else (gx, gy)
        return self._sample(tile, window, turn + surface.turn, drag)

    def _sample(
        self, tile: npt.NDArray, window: Window, turn: float, drag: tuple[Heights, Heights] | None
    ) -> npt.NDArray:
        """Read a periodic tile over the window, rotated by ``turn`` degrees."""
        x0, y0, x1, y1 = window
        size = len(tile)
        zoom = size / (SIZE * self._grain)
        angle = np.radians(turn)
        cos, sin = np.cos(angle) * zoom, np.sin(angle) * zoom
        x = np.arange(x0, x1, dtype=np.float32) - self._offset[0]
        y = np.arange(y0, y1, dtype=np.float32)[:, None] - self._offset[1]
        u = (x * cos + y * sin).astype(np.float32)
        v = (y * cos - x * sin).astype(np.float32)
        if drag is not None:
            u += drag[0] * (5 * self._grain)
            v += drag[1] * (5 * self._grain)
        return cv2.remap(tile, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)

    def _print(self, albedo: Pixels, decal: Decal, window: Window) -> None:
        """Lay a motif over a part's unlit colours."""
        side = max(12, round(decal.width * self._unit))
        picture = plate(decal.motif, side, decal.first, decal.second, decal.seed)
        centre = self._pixels(np.array([decal.x, decal.y], np.float32))
        left = round(float(centre[0])) - side // 2 - window[0]
        top = round(float(centre[1])) - side // 2 - window[1]
        _paste(albedo, picture, left, top)

    def _lay(self, colours: Pixels, mask: Mask, window: Window, opacity: float) -> None:
        """Blend a part's colours into the stage and note whether they are the product's."""
        x0, y0, x1, y1 = window
        under = self.stage.rgb[y0:y1, x0:x1]
        cover = cv2.merge([mask, mask, mask])
        if opacity < 1:
            cover = cv2.convertScaleAbs(cover, alpha=opacity)
        top = cv2.multiply(colours, cover, scale=1 / 255)
        under[:] = cv2.add(cv2.multiply(under, cv2.bitwise_not(cover), scale=1 / 255), top)
        hero = self.stage.hero[y0:y1, x0:x1]
        hero[mask > 127] = 255 if self.stage.on_hero else 0


def _fixed(points: Points, window: Window) -> npt.NDArray[np.int32]:
    """Points relative to the window in OpenCV's fixed-point format with four binary digits."""
    return np.round((points - np.array(window[:2], np.float32)) * 16).astype(np.int32)


def _mask(points: Points, window: Window) -> Mask:
    """The antialiased coverage of a closed outline over the window."""
    x0, y0, x1, y1 = window
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    cv2.fillPoly(mask, [_fixed(points, window)], 255, cv2.LINE_AA, 4)
    return mask


def _lit(
    albedo: Pixels,
    gx: Heights,
    gy: Heights,
    light: tuple[float, float],
    gloss: float,
    tone: float,
) -> Pixels:
    """Shade colours by the slope of their surface (a linearised Lambert term and a highlight)."""
    # The normal of a height field is (-gx, -gy, 1): what rises away from the light is bright.
    slope = cv2.addWeighted(gx, -light[0], gy, -light[1], 0)
    gain = np.clip(slope * (0.72 * tone) + tone, 0.38 * tone, 1.36 * tone)
    # A dark dye hardly answers to a factor: some of the light is reflected as it is.
    lift = np.clip(slope, -0.6, 0.6) * (16 * tone)
    if gloss:
        lift += np.clip(slope - 0.18, 0, 0.5) * (150 * gloss)
    shaded = cv2.multiply(albedo, cv2.merge([gain, gain, gain]), dtype=cv2.CV_32F)
    return cv2.add(shaded, cv2.merge([lift, lift, lift]), dtype=cv2.CV_8U)


def _paste(canvas: Pixels, picture: Plate, left: int, top: int) -> None:
    """Blend a picture with alpha into ``canvas`` at a corner that may lie outside it."""
    height, width = canvas.shape[:2]
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + picture.shape[1], width), min(top + picture.shape[0], height)
    if x1 <= x0 or y1 <= y0:
        return
    piece = picture[y0 - top : y1 - top, x0 - left : x1 - left].astype(np.float32)
    cover = piece[..., 3:] / 255
    target = canvas[y0:y1, x0:x1]
    target[:] = np.round(target * (1 - cover) + piece[..., :3] * cover)
