"""Lifestyle scenes of home goods: on a table, a seat, a floor, at a window."""

import cv2
import numpy as np

from vlclip_dagster.catalog.generated import clutter, vases
from vlclip_dagster.catalog.generated.drawing import draw_product, measure
from vlclip_dagster.catalog.generated.geometry import box
from vlclip_dagster.catalog.generated.look import Look
from vlclip_dagster.catalog.generated.palette import Rgb
from vlclip_dagster.catalog.generated.pen import Pen, Stage
from vlclip_dagster.catalog.generated.placement import (
    Frame,
    Placement,
    centre_of,
    ground_shadow,
    placed,
)
from vlclip_dagster.catalog.generated.scenery import room
from vlclip_dagster.catalog.generated.scenes_fashion import show
from vlclip_dagster.catalog.generated.surface import Surface

_BOARDS: tuple[Rgb, ...] = ((188, 146, 104), (112, 78, 56), (232, 230, 224), (86, 92, 96))


def on_table(look: Look, frame: Frame, rng: np.random.Generator) -> Stage:
    """A lamp, vase or bag on a sideboard, with other things beside it."""
    width, height = frame
    extent = measure(look)
    at = (0.5 + float(rng.uniform(-0.15, 0.15)), float(rng.uniform(0.44, 0.54)))
    where = placed(extent, frame, float(rng.uniform(0.16, 0.34)), at)
    bottom = where.top + extent.y1 * where.scale
    place = room(width, height, int(height * 0.9), rng)
    stage = clutter.begin(place, rng, look.slug, int(rng.integers(1, 3)))
    _sideboard(stage, rng, bottom - 0.012 * height)
    _neighbours(stage, rng, look.slug, bottom, where)
    ground_shadow(stage, (where.left, bottom), extent.width * where.scale, 0.4)
    if look.slug == "vase" and rng.random() < 0.5:
        vases.draw_stems(where.pen(stage), rng, extent.y0 + 2)
    show(stage, where, look)
    clutter.foreground(stage, rng)
    return stage


def _sideboard(stage: Stage, rng: np.random.Generator, top: float) -> None:
    """A piece of furniture that fills the lower part of the frame."""
    height, width = stage.hero.shape
    pen = Pen(stage, 1.0, 0, 0, 400)
    rgb = _BOARDS[int(rng.integers(len(_BOARDS)))]
    wood = Surface(rgb, "wood" if max(rgb) < 220 else "paint")
    deep = height * 0.07
    pen.fill(box(-20, top, width + 20, top + deep), wood, bulge=2, drop=0.4, tone=1.06)
    pen.fill(box(-20, top + deep, width + 20, height + 40), wood, bulge=2, drop=0, tone=0.8)
    for x in np.arange(width * 0.1, width, width * 0.42):
        door = box(float(x), top + deep + 14, float(x) + width * 0.36, height + 30, 3)
        pen.fill(door, wood, bulge=3, tone=0.84)


def _neighbours(
    stage: Stage, rng: np.random.Generator, hero: str, bottom: float, where: Placement
) -> None:
    """Smaller things on the same surface: books, or a product of another type."""
    width = stage.hero.shape[1]
    for side in (-1, 1):
        x = where.left + side * float(rng.uniform(0.3, 0.4)) * width
        if rng.random() < 0.5:
            clutter.books(stage, rng, (x, bottom))
        else:
            slug = clutter.other(("vase", "handbag", "table-lamp"), hero, rng)
            clutter.product(stage, rng, slug, (x, bottom), width * float(rng.uniform(0.2, 0.27)))


def standing(look: Look, frame: Frame, rng: np.random.Generator) -> Stage:
    """A sofa or table in a room."""
    extent = measure(look)
    at = (0.5 + float(rng.uniform(-0.14, 0.14)), float(rng.uniform(0.58, 0.68)))
    flip = bool(rng.random() < 0.5)
    where = placed(extent, frame, float(rng.uniform(0.19, 0.42)), at, flip)
    bottom = where.top + extent.y1 * where.scale
    floor = int(bottom - frame[1] * float(rng.uniform(0.1, 0.2)))
    stage = clutter.begin(room(*frame, floor, rng), rng, look.slug, int(rng.integers(1, 4)))
    middle = centre_of(extent, where)
    ground_shadow(stage, (middle, bottom), extent.width * where.scale, 0.45)
    show(stage, where, look)
    clutter.foreground(stage, rng)
    return stage


def on_seat(look: Look, frame: Frame, rng: np.random.Generator) -> Stage:
    """A cushion on a sofa of another colour."""
    width, height = frame
    extent = measure(look)
    at = (0.5 + float(rng.uniform(-0.13, 0.13)), float(rng.uniform(0.5, 0.58)))
    where = placed(extent, frame, float(rng.uniform(0.18, 0.36)), at)
    bottom = where.top + extent.y1 * where.scale
    stage = clutter.begin(room(width, height, int(height * 0.85), rng), rng, look.slug, 1)
    seat = (width / 2 + float(rng.uniform(-60, 60)), bottom + 34 * where.scale)
    clutter.product(stage, rng, "sofa", seat, 215 * where.scale)
    stage.rgb = cv2.GaussianBlur(stage.rgb, (5, 5), 0)
    show(stage, where, look)
    clutter.foreground(stage, rng)
    return stage


def at_window(look: Look, frame: Frame, rng: np.random.Generator) -> Stage:
    """Curtains in front of a window."""
    width, height = frame
    extent = measure(look)
    at = (0.5 + float(rng.uniform(-0.12, 0.12)), float(rng.uniform(0.42, 0.48)))
    where = placed(extent, frame, float(rng.uniform(0.28, 0.5)), at)
    bottom = where.top + extent.y1 * where.scale
    floor = int(min(bottom + height * 0.02, height * 0.94))
    stage = clutter.begin(room(width, height, floor, rng), rng, look.slug, int(rng.integers(1, 3)))
    _window_behind(where.pen(stage), extent.x1 * 0.62)
    show(stage, where, look)
    if rng.random() < 0.5:
        x = width * float(rng.choice((0.08, 0.92)))
        clutter.plant(stage, rng, (x, height * 0.98), height * 0.4)
    return stage


def _window_behind(pen: Pen, reach: float) -> None:
    pen.fill(box(-reach, 9, reach, 135), Surface((246, 246, 242), "paint"), bulge=1)
    for x in (-reach * 0.5, reach * 0.5):
        pane = box(x - reach * 0.44, 15, x + reach * 0.44, 129)
        pen.fill(pane, Surface((208, 226, 240), "paint"), bulge=1, drop=0)


def on_floor(look: Look, frame: Frame, rng: np.random.Generator) -> Stage:
    """A rug in perspective on the floor of a furnished room."""
    width, height = frame
    floor = int(height * float(rng.uniform(0.28, 0.4)))
    place = room(width, height, floor, rng)
    stage = clutter.begin(place, rng, look.slug, int(rng.integers(2, 4)))
    depth = float(rng.uniform(0.46, 0.62)) * height
    wide = float(rng.uniform(0.74, 0.94)) * width
    centre = width * (0.5 + float(rng.uniform(-0.08, 0.08)))
    near = min(floor + depth + height * 0.04, height * 0.985)
    far, narrow = near - depth, wide * 0.34
    target = [(centre - narrow, far), (centre + narrow, far), (centre + wide / 2, near),
              (centre - wide / 2, near)]  # fmt: skip
    _unroll(stage, look, np.array(target, np.float32))
    if rng.random() < 0.6:
        at = (centre + wide * float(rng.uniform(-0.2, 0.2)), far + depth * 0.5)
        clutter.product(stage, rng, "coffee-table", at, wide * 0.36)
    return stage


def _unroll(stage: Stage, look: Look, corners: np.ndarray) -> None:
    """Draw a rug flat and lay it into the quadrilateral ``corners`` (far left first, clockwise)."""
    size = 460
    flat = Stage.blank(size, size, (0, 0, 0))
    flat.on_hero = True
    extent = measure(look)
    scale = 0.96 * size / max(extent.width, extent.height)
    draw_product(Pen(flat, scale, size / 2, size / 2, 0.96 * size), look)
    square = np.array([(0, 0), (size, 0), (size, size), (0, size)], np.float32)
    warp = cv2.getPerspectiveTransform(square, corners)
    frame = stage.hero.shape[::-1]
    lain = cv2.warpPerspective(flat.rgb, warp, frame, flags=cv2.INTER_LINEAR)
    cover = cv2.warpPerspective(flat.hero, warp, frame, flags=cv2.INTER_LINEAR)
    cv2.copyTo(lain, cover, stage.rgb)
    stage.hero[cover > 127] = 255
