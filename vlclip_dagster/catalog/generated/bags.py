"""Handbags: shape, handles, closure, accents. Units are centimetres about the bag's centre."""

import numpy as np

from vlclip_dagster.catalog.generated import tops
from vlclip_dagster.catalog.generated.brush import Brush
from vlclip_dagster.catalog.generated.figure import Pose
from vlclip_dagster.catalog.generated.geometry import (
    Points,
    box,
    curve,
    ellipse,
    moved,
    stroke,
    symmetric,
    tube,
)
from vlclip_dagster.catalog.generated.look import Look
from vlclip_dagster.catalog.generated.palette import Rgb, toned
from vlclip_dagster.catalog.generated.surface import Surface

GOLD, SILVER = (216, 178, 92), (204, 206, 212)


def bag_outline(shape: str, stretch: float) -> Points:
    """The front of a bag, about 30 cm wide."""
    s = stretch
    if shape == "tote":
        return symmetric(
            [(0, -13), (17 * s, -13.4), (17 * s, -13.4), (15.4 * s, 13), (14 * s, 15), (0, 15.4)]
        )
    if shape == "bucket":
        return symmetric(
            [
                (0, -13),
                (11 * s, -13.4),
                (11 * s, -13.4),
                (13 * s, 2),
                (13.4 * s, 12),
                (11 * s, 15),
                (0, 15.6),
            ]
        )
    if shape == "baguette":
        return symmetric(
            [(0, -6), (15 * s, -6.6), (17 * s, -4), (17 * s, 5), (14 * s, 7.4), (0, 7.8)]
        )
    if shape == "half-moon":
        return symmetric(
            [(0, -7), (15 * s, -9), (17.4 * s, -8), (16 * s, 2), (9 * s, 10.4), (0, 12)]
        )
    return symmetric(
        [(0, -10), (11 * s, -10.6), (13 * s, -9), (16.4 * s, 10), (15 * s, 12), (0, 12.4)]
    )


def draw_handbag(brush: Brush, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """A handbag from the front."""
    main, shape = tops.cloth(look), look.detail("shape")
    stretch = float(rng.uniform(0.92, 1.1))
    metal = GOLD if look.seed % 2 else SILVER
    outline = bag_outline(shape, stretch)
    low, high = outline.min(axis=0), outline.max(axis=0)
    _straps(brush, look, main, (float(high[0]), float(low[1])), metal)
    decal = tops.motif_on(look, 0, float(high[1]) * 0.25, min(14.0, float(high[1] - low[1]) * 0.62))
    brush.fill(outline, main, bulge=3.6, puff=1.25, decal=decal)
    trim = tops.trim_of(look).plain(material="leather")
    if look.detail("accent") == "contrast base":
        level = float(high[1]) * 0.45
        base = outline[outline[:, 1] > level]
        brush.fill(base, trim, bulge=2.4, drop=0.2)
    elif look.detail("accent") == "contrast piping":
        brush.line(np.concatenate([outline, outline[:1]]), trim.rgb, 1.1)
    elif look.detail("accent") == "tassel":
        _tassel(brush, look, (float(high[0]) * 0.6, float(low[1]) + 1.5))
    seam = tops.seam_of(main.rgb)
    brush.stitches(moved(np.concatenate([outline, outline[:1]]), scale=0.93), seam, 0.3, 1.1)
    _bag_closure(brush, look, main, (low, high), metal)


def _straps(brush: Brush, look: Look, main: Surface, at: tuple[float, float], metal: Rgb) -> None:
    """Handles above the bag; ``at`` is its half width and the height of its upper edge."""
    half, top = at
    handle = look.detail("handle")
    leather = main.plain(toned(main.rgb, 0.85), "leather")
    if handle == "top handles":
        for dy, tone in ((-1.4, 0.75), (0.6, 1.0)):
            arch = _arch(half * 0.45, top + 3 + dy, 14.5)
            brush.fill(tube(arch, (1.6, 1.6)), leather, bulge=0.8, tone=tone)
    elif handle == "chain strap":
        for x, y in stroke(_arch(half * 0.85, top + 2, 24)):
            link = ellipse(float(x), float(y), 0.95, 0.75, 12)
            brush.fill(link, Surface(metal, "brass"), bulge=0.6, drop=0.3)
    elif handle == "long strap":
        brush.fill(tube(_arch(half * 0.9, top + 3, 30), (1.3, 1.3)), leather, bulge=0.6)
    elif handle == "ring handle":
        ring = ellipse(0, top - 4, 7, 7)
        closed = np.concatenate([ring, ring[:2]])
        wood = Surface((190, 140, 86), "wood")
        brush.fill(tube(closed, (1.7, 1.7), steps=1), wood, bulge=0.8)


def _arch(half: float, foot: float, height: float) -> list[tuple[float, float]]:
    """An arch from (-half, foot) over the middle to (half, foot)."""
    shoulder = foot - height * 0.69
    return [
        (-half, foot), (-half * 0.86, shoulder), (0, foot - height), (half * 0.86, shoulder),
        (half, foot),
    ]  # fmt: skip


def _bag_closure(
    brush: Brush, look: Look, main: Surface, bounds: tuple[Points, Points], metal: Rgb
) -> None:
    """How the bag shuts; ``bounds`` are the corners of its body."""
    low, high = bounds
    size = (float(high[0]), float(low[1]), float(high[1]))
    closure = look.detail("closure")
    if closure == "flap":
        _flap(brush, main, size, metal)
    elif closure == "zip":
        _zip(brush, main, size, metal)
    elif closure == "buckle":
        _buckles(brush, main, size, metal)
    elif closure == "drawstring":
        _cord(brush, main, size)


def _flap(brush: Brush, main: Surface, size: tuple[float, float, float], metal: Rgb) -> None:
    width, top, bottom = size
    reach = top + (bottom - top) * 0.52
    right = [(0, top - 0.3), (width * 0.97, top), (width * 0.97, top), (width * 0.9, reach - 3),
             (width * 0.5, reach), (0, reach + 1)]  # fmt: skip
    brush.fill(symmetric(right), main, bulge=1.6, drop=0.55)
    clasp = box(-1.7, reach - 2.2, 1.7, reach + 1.6, 0.7)
    brush.fill(clasp, Surface(metal, "brass"), bulge=0.9)


def _zip(brush: Brush, main: Surface, size: tuple[float, float, float], metal: Rgb) -> None:
    width, top, _ = size
    path = np.array([(-width * 0.86, top + 2.6), (width * 0.86, top + 2.6)], np.float32)
    brush.line(path, toned(main.rgb, 0.5), 1.4)
    brush.stitches(path, metal, 0.8, 0.6)
    pull = box(width * 0.7, top + 2, width * 0.7 + 1.2, top + 6.4, 0.5)
    brush.fill(pull, Surface(metal, "metal"), bulge=0.6)


def _buckles(brush: Brush, main: Surface, size: tuple[float, float, float], metal: Rgb) -> None:
    width, top, bottom = size
    strap = main.plain(toned(main.rgb, 0.72))
    y = top + (bottom - top) * 0.38
    for x in (-width * 0.45, width * 0.45):
        belt = box(x - 1.5, top - 0.4, x + 1.5, top + (bottom - top) * 0.6, 0.9)
        brush.fill(belt, strap, bulge=0.9, drop=0.45)
        frame = box(x - 2.2, y - 1.6, x + 2.2, y + 1.6, 0.5)
        brush.fill(frame, Surface(metal, "brass"), bulge=0.6)
        brush.fill(box(x - 1.1, y - 0.8, x + 1.1, y + 0.8, 0.2), strap, drop=0)


def _cord(brush: Brush, main: Surface, size: tuple[float, float, float]) -> None:
    width, top, _ = size
    dark = toned(main.rgb, 0.55)
    hem = [(-width * 0.95, top + 3.4), (0, top + 4.4), (width * 0.95, top + 3.4)]
    brush.line(stroke(hem), dark, 0.9)
    for side in (-1, 1):
        end = [(0, top + 4.3), (side * 2, top + 9), (side * 1.4, top + 14)]
        brush.line(stroke(end), dark, 0.9)


def _tassel(brush: Brush, look: Look, at: tuple[float, float]) -> None:
    x, y = at
    brush.fill(
        ellipse(x, y + 1.6, 1.2, 1.2, 16), Surface(look.second_rgb, "leather"), bulge=0.8, drop=0.4
    )
    fringe = curve(
        [
            (x - 0.9, y + 2.4),
            (x + 0.9, y + 2.4),
            (x + 2.0, y + 10),
            (x + 2.0, y + 10),
            (x - 2.0, y + 10),
            (x - 2.0, y + 10),
        ]
    )
    brush.fill(fringe, Surface(look.second_rgb, "suede"), folds="pleats", bulge=0.6, drop=0.45)
