"""Painting: outlines in product units become shaded pixels on a stage.

``Stage`` is the picture being made; ``Pen`` draws on it in a product's own units; ``Ruler``
takes the same calls and only measures. What does not belong here: what a product looks like.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from vlclip_dagster.catalog.generated.fields import SIZE, relief
from vlclip_dagster.catalog.generated.geometry import Points, curve
from vlclip_dagster.catalog.generated.motifs import Plate, plate
from vlclip_dagster.catalog.generated.palette import Rgb
from vlclip_dagster.catalog.generated.surface import Pixels, Surface, surface_tile

Mask = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Decal:
    """A motif printed once on a part: where its centre lies and how wide it is, in units."""

    motif: str
    x: float
    y: float
    width: float
    first: Rgb
    second: Rgb
    seed: int


class Brush(Protocol):
    """What a product's drawing needs: filled shapes and lines, in its own units."""

    def fill(
        self,
        outline: Points,
        surface: Surface,
        *,
        turn: float = 0.0,
        bulge: float = 3.0,
        puff: float = 1.0,
        drop: float = 0.3,
        tone: float = 1.0,
        folds: str | None = None,
        fold_gain: float = 1.0,
        decal: Decal | None = None,
    ) -> None:
        """Paint a closed outline.

        Args:
            outline: (n, 2) points.
            surface: what it is made of.
            turn: degrees by which the surface is rotated with the part (a sleeve's angle).
            bulge: width of the rounded edge in units; half the part's width makes a cylinder.
            puff: how high that edge rises.
            drop: strength of the shadow it throws on what is already painted.
            tone: brightness factor (an inside in the shade is below 1).
            folds: a relief other than the material's own.
            fold_gain: factor on the height of the folds.
            decal: a motif printed on the part.
        """

    def line(self, path: Points, rgb: Rgb, width: float, opacity: float = 1.0) -> None:
        """Stroke an open path, ``width`` in units."""

    def stitches(self, path: Points, rgb: Rgb, width: float = 0.35, dash: float = 1.4) -> None:
        """Stroke an open path with dashes of length ``dash`` units."""


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


class Ruler:
    """A brush that paints nothing and remembers how far the drawing reached."""

    def __init__(self) -> None:
        self.low = np.full(2, np.inf)
        self.high = np.full(2, -np.inf)

    def fill(self, outline: Points, surface: Surface, **_: object) -> None:
        """Take note of an outline."""
        self.low = np.minimum(self.low, outline.min(axis=0))
        self.high = np.maximum(self.high, outline.max(axis=0))

    def line(self, path: Points, rgb: Rgb, width: float, opacity: float = 1.0) -> None:
        """Take note of a path."""
        self.low = np.minimum(self.low, path.min(axis=0) - width / 2)
        self.high = np.maximum(self.high, path.max(axis=0) + width / 2)

    def stitches(self, path: Points, rgb: Rgb, width: float = 0.35, dash: float = 1.4) -> None:
        """Dashes lie on parts that were measured already."""


class Pen:
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
        self._grain = extent / 400
        self._tiles: dict[Surface, Pixels] = {}

    def fill(
        self,
        outline: Points,
        surface: Surface,
        *,
        turn: float = 0.0,
        bulge: float = 3.0,
        puff: float = 1.0,
        drop: float = 0.3,
        tone: float = 1.0,
        folds: str | None = None,
        fold_gain: float = 1.0,
        decal: Decal | None = None,
    ) -> None:
        """Paint a closed outline; see :class:`Brush`."""
        points = outline * self._scale + self._offset
        window = self._window(points, margin=2)
        if window is None:
            return
        mask = _mask(points, window)
        if drop:
            self._shadow(points, drop)
        height = self._height(mask, surface, window, turn, bulge, puff, folds, fold_gain)
        gx = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
        gy = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
        albedo = self._albedo(surface, window, turn, gx, gy)
        if decal is not None:
            self._print(albedo, decal, window)
        shaded = _lit(albedo, gx, gy, self.stage.light, surface.look.gloss, tone)
        self._lay(shaded, mask, window, surface.look.opacity)

    def line(self, path: Points, rgb: Rgb, width: float, opacity: float = 1.0) -> None:
        """Stroke an open path, ``width`` in units."""
        points = path * self._scale + self._offset
        window = self._window(points, margin=2 + int(width * self._unit))
        if window is None:
            return
        x0, y0, x1, y1 = window
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        width_px = width * self._unit
        opacity = opacity * min(1.0, width_px / 0.9)
        local = np.round((points - (x0, y0)) * 16).astype(np.int32)
        cv2.polylines(mask, [local], False, 255, max(1, round(width_px)), cv2.LINE_AA, 4)
        colour = np.empty((y1 - y0, x1 - x0, 3), np.uint8)
        colour[:] = rgb
        self._lay(colour, mask, window, opacity)

    def stitches(self, path: Points, rgb: Rgb, width: float = 0.35, dash: float = 1.4) -> None:
        """Stroke an open path with dashes of length ``dash`` units."""
        step = np.linalg.norm(np.diff(path, axis=0), axis=1)
        at = np.concatenate([[0], np.cumsum(step)])
        count = int(at[-1] / (dash * 1.6))
        for k in range(min(count, 60)):
            ends = np.array([k * dash * 1.6, k * dash * 1.6 + dash])
            piece = np.stack([np.interp(ends, at, path[:, i]) for i in (0, 1)], axis=1)
            self.line(piece.astype(np.float32), rgb, width, 0.8)

    def _window(self, points: Points, margin: int) -> tuple[int, int, int, int] | None:
        """The pixels a shape can touch, clipped to the stage; None when it lies outside."""
        height, width = self.stage.hero.shape
        x0, y0 = np.floor(points.min(axis=0)).astype(int) - margin
        x1, y1 = np.ceil(points.max(axis=0)).astype(int) + margin
        x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
        return (int(x0), int(y0), int(x1), int(y1)) if x1 - x0 > 1 and y1 - y0 > 1 else None

    def _shadow(self, points: Points, strength: float) -> None:
        """Darken what lies beside and below the shape."""
        reach = max(2.0, 7 * self._grain)
        moved = points + np.array(self.stage.light, np.float32) * -0.45 * reach
        window = self._window(moved, margin=int(reach * 1.5))
        if window is None:
            return
        x0, y0, x1, y1 = window
        mask = _mask(moved, window)
        shrink = 0.5
        small = cv2.resize(mask, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        side = max(3, int(reach * shrink) | 1)
        soft = cv2.resize(cv2.blur(cv2.blur(small, (side, side)), (side, side)), mask.shape[::-1])
        keep = 255 - (soft.astype(np.float32) * strength)
        under = self.stage.rgb[y0:y1, x0:x1]
        factor = cv2.merge([keep, keep, keep])
        cv2.multiply(under, factor, dst=under, scale=1 / 255, dtype=cv2.CV_8U)

    def _height(
        self,
        mask: Mask,
        surface: Surface,
        window: tuple[int, int, int, int],
        turn: float,
        bulge: float,
        puff: float,
        folds: str | None,
        fold_gain: float,
    ) -> npt.NDArray[np.float32]:
        """The part's height in pixels: a rounded edge plus the folds of its material."""
        radius = max(1.5, bulge * self._unit)
        inside = cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 3)
        share = np.minimum(inside * (1 / radius), 1)
        height = np.sqrt(share * (2 - share)) * (radius * 0.55 * puff)
        kind = folds or surface.look.folds
        depth = (surface.look.fold_depth if folds is None else 4.5) * fold_gain * self._grain
        if kind != "none" and depth:
            field = self._sample(relief(kind), window, turn + surface.seed % 7, None)
            height += field * depth
        side = max(3, int(3 * self._grain) | 1)
        return cv2.blur(height, (side, side))

    def _albedo(
        self,
        surface: Surface,
        window: tuple[int, int, int, int],
        turn: float,
        gx: npt.NDArray[np.float32],
        gy: npt.NDArray[np.float32],
    ) -> Pixels:
        """The unlit colours of a part, dragged along by its folds."""
        tile = self._tiles.get(surface)
        if tile is None:
            tile = self._tiles[surface] = surface_tile(surface, self._grain)
        drag = None if surface.pattern == "solid" else (gx, gy)
        return self._sample(tile, window, turn + surface.turn, drag)

    def _sample(
        self,
        tile: npt.NDArray,
        window: tuple[int, int, int, int],
        turn: float,
        drag: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]] | None,
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
            reach = 5 * self._grain
            u += drag[0] * reach
            v += drag[1] * reach
        return cv2.remap(tile, u % size, v % size, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)

    def _print(self, albedo: Pixels, decal: Decal, window: tuple[int, int, int, int]) -> None:
        """Lay a motif over a part's unlit colours."""
        side = max(12, round(decal.width * self._unit))
        picture = plate(decal.motif, side, decal.first, decal.second, decal.seed)
        centre = np.array([decal.x, decal.y], np.float32) * self._scale + self._offset
        left = round(float(centre[0])) - side // 2 - window[0]
        top = round(float(centre[1])) - side // 2 - window[1]
        _paste(albedo, picture, left, top)

    def _lay(
        self, colours: Pixels, mask: Mask, window: tuple[int, int, int, int], opacity: float
    ) -> None:
        """Blend a part's colours into the stage and note whether they are the product's."""
        x0, y0, x1, y1 = window
        under = self.stage.rgb[y0:y1, x0:x1]
        cover = cv2.merge([mask, mask, mask])
        if opacity < 1:
            cover = cv2.convertScaleAbs(cover, alpha=opacity)
        top = cv2.multiply(colours, cover, scale=1 / 255)
        under[:] = cv2.add(cv2.multiply(under, 255 - cover, scale=1 / 255), top)
        hero = self.stage.hero[y0:y1, x0:x1]
        hero[mask > 127] = 255 if self.stage.on_hero else 0


def _mask(points: Points, window: tuple[int, int, int, int]) -> Mask:
    """The antialiased coverage of a closed outline over the window."""
    x0, y0, x1, y1 = window
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    local = np.round((points - (x0, y0)) * 16).astype(np.int32)
    cv2.fillPoly(mask, [local], 255, cv2.LINE_AA, 4)
    return mask


def _lit(
    albedo: Pixels,
    gx: npt.NDArray[np.float32],
    gy: npt.NDArray[np.float32],
    light: tuple[float, float],
    gloss: float,
    tone: float,
) -> Pixels:
    """Shade colours by the slope of their surface (a linearised Lambert term and a highlight)."""
    slope = gx * light[0] + gy * light[1]
    diffuse = np.clip(1 + 0.75 * slope, 0.35, 1.4) * tone
    lift = np.clip(slope, -0.6, 0.6) * (16 * tone)
    if gloss:
        lift += np.clip(slope - 0.16, 0, 0.55) * (150 * gloss)
    gain = cv2.merge([diffuse, diffuse, diffuse])
    shaded = cv2.multiply(albedo, gain, dtype=cv2.CV_32F)
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


def stroke(points: Sequence[tuple[float, float]]) -> Points:
    """A smooth open path through ``points``."""
    return curve(points, closed=False)
