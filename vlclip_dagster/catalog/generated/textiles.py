"""Flat home textiles: area rug and curtain. Units are centimetres; y grows downwards.

A rug is drawn flat about its centre (a scene may lay it on a floor); a curtain's origin is
the middle of its rod.
"""

import numpy as np

from vlclip_dagster.catalog.generated import tops
from vlclip_dagster.catalog.generated.brush import Brush
from vlclip_dagster.catalog.generated.figure import Pose
from vlclip_dagster.catalog.generated.geometry import Points, box, curve, ellipse, stroke
from vlclip_dagster.catalog.generated.look import Look
from vlclip_dagster.catalog.generated.palette import Rgb, toned
from vlclip_dagster.catalog.generated.surface import Surface


def rug_outline(shape: str, k: float = 1.0) -> Points:
    """A rug from above, shrunk by ``k``."""
    if shape == "round":
        return ellipse(0, 0, 90 * k, 90 * k, 72)
    if shape == "oval":
        return ellipse(0, 0, 115 * k, 78 * k, 72)
    w, h = {"runner": (125.0, 42.0), "square": (92.0, 92.0)}.get(shape, (118.0, 80.0))
    inset = (1 - k) * min(w, h)
    return box(-w + inset, -h + inset, w - inset, h - inset, 1.5)


def draw_rug(brush: Brush, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """An area rug from above: shape, edge."""
    main, trim = tops.cloth(look), tops.trim_of(look)
    shape, edge = look.detail("shape"), look.detail("edge")
    outline = rug_outline(shape)
    if edge == "fringed":
        _fringe(brush, outline, shape)
    brush.fill(outline, main, bulge=2.5, puff=0.9, drop=0.4, fold_gain=0.4)
    if edge == "contrast border":
        width = float(rng.uniform(0.11, 0.16))
        brush.fill(outline, trim, bulge=2.5, drop=0, fold_gain=0.4)
        brush.fill(
            rug_outline(shape, 1 - width), main, bulge=1.5, puff=0.6, drop=0.12, fold_gain=0.4
        )
    elif edge == "contrast inner frame":
        for k, wide in ((0.86, 3.4), (0.79, 1.5)):
            line = rug_outline(shape, k)
            brush.line(np.concatenate([line, line[:1]]), trim.rgb, wide)
    elif edge == "contrast medallion":
        for radius, own in ((44, trim), (31, main.plain()), (17, trim)):
            brush.fill(_medallion(radius), own, bulge=1.2, drop=0.1, fold_gain=0.4)


def _medallion(radius: float) -> Points:
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    r = radius * (1 + 0.16 * np.cos(8 * angle))
    return np.stack([r * np.cos(angle) * 1.25, r * np.sin(angle)], axis=1).astype(np.float32)


def _fringe(brush: Brush, outline: Points, shape: str) -> None:
    """Threads at both short ends, or all around a round rug."""
    thread: Rgb = (232, 220, 192)
    if shape in ("round", "oval"):
        for x, y in outline:
            brush.line(np.array([(x, y), (x * 1.07, y * 1.07)], np.float32), thread, 1.8)
        return
    right, bottom = float(outline[:, 0].max()), float(outline[:, 1].max())
    for y in np.arange(-bottom + 1.5, bottom, 4.2):
        for side in (-1, 1):
            end = (side * (right + 9), y + float(np.sin(y * 3)) * 1.3)
            brush.line(np.array([(side * (right - 1), y), end], np.float32), thread, 1.8)


def draw_curtain(brush: Brush, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """Curtains on a rod: heading, length, one panel or a pair, ties."""
    main = tops.cloth(look)
    long = {"floor-length": 225.0, "sill-length": 138.0}[look.detail("length")]
    panel = float(rng.uniform(58, 72))
    gap = float(rng.uniform(18, 34))
    single = look.detail("set") == "single panel"
    reach = panel * 0.75 if single else panel + gap / 2
    rod = Surface((60, 56, 54) if look.seed % 2 else (190, 158, 96), "metal")
    brush.fill(box(-reach - 9, -2, reach + 9, 2, 1.5), rod, bulge=1.8)
    for x in (-reach - 11, reach + 11):
        brush.fill(ellipse(x, 0, 3.8, 3.8, 20), rod, bulge=3)
    sides = (0,) if single else (-1, 1)
    for side in sides:
        centre = side * (panel + gap) / 2 if side else 0.0
        width = panel * 1.5 if single else panel
        _panel(brush, look, main, (centre, width, long, side or 1))
    if look.detail("top") == "valance":
        _valance(brush, main, reach)


def _panel(brush: Brush, look: Look, main: Surface, at: tuple[float, float, float, int]) -> None:
    centre, width, long, side = at
    heading = look.detail("heading")
    top = {"eyelet heading": -7.0, "tab top": 5.0, "rod pocket": -5.0, "pinch pleat": 3.0}[heading]
    half = width / 2
    tied = look.detail("tie") == "tied back"
    outline = _panel_outline(centre, half, top, long, side, tied)
    decal = tops.motif_on(look, centre, long * 0.42, width * 0.6)
    brush.fill(outline, main, bulge=4, folds="drape", fold_gain=1.25, drop=0.35, decal=decal)
    _heading(brush, heading, main, (centre, half, top))
    if tied:
        y, x = long * 0.58, centre + side * half * 0.45
        strap = [(x - half * 0.62, y - 3), (x, y + 2), (x + half * 0.62, y - 3)]
        rgb = toned(main.rgb, 0.75) if look.pattern == "solid" else look.second_rgb
        brush.fill(
            curve([*strap, (x + half * 0.6, y + 4), (x, y + 9), (x - half * 0.6, y + 4)]),
            Surface(rgb, "satin"),
            bulge=2,
            drop=0.4,
        )


def _panel_outline(
    centre: float, half: float, top: float, long: float, side: int, tied: bool
) -> Points:
    """A hanging panel; tied back it narrows towards the wall."""
    x = np.linspace(1, -1, 17)
    out = centre + side * half * 0.45 if tied else centre
    reach = half * (0.62 if tied else 1.02)
    wave = top + long + 1.5 * np.sin(x * 11 + 0.8)
    hem = [(out + reach * float(a), float(b)) for a, b in zip(x, wave, strict=True)]
    left, right = (centre - half, top), (centre + half, top)
    if not tied:
        return curve([left, left, right, right, hem[0], *hem, hem[-1]], steps=3)
    knot = top + long * 0.58
    near, far = (out + half * 0.42, knot), (out - half * 0.42, knot)
    return curve([left, left, right, right, near, hem[0], *hem, hem[-1], far], steps=4)


def _heading(brush: Brush, heading: str, main: Surface, at: tuple[float, float, float]) -> None:
    """How the panel meets the rod."""
    centre, half, top = at
    places = np.linspace(centre - half * 0.88, centre + half * 0.88, 6)
    if heading == "eyelet heading":
        for x in places:
            brush.fill(
                ellipse(float(x), 0, 3.6, 3.8, 20),
                Surface((198, 200, 206), "metal"),
                bulge=1.2,
                drop=0.2,
            )
            brush.fill(ellipse(float(x), 0, 2.0, 2.2, 16), Surface((46, 44, 46), "paint"), drop=0)
    elif heading == "tab top":
        for x in places:
            brush.fill(
                box(float(x) - 3.2, -4, float(x) + 3.2, 9, 1), main.plain(), bulge=1.4, drop=0.35
            )
    elif heading == "rod pocket":
        seam = stroke([(centre - half, 5), (centre, 5.6), (centre + half, 5)])
        brush.line(seam, tops.seam_of(main.rgb), 0.9)
        brush.line(seam - np.array([0, 9], np.float32), tops.seam_of(main.rgb), 0.6)
    else:
        for x in places:
            for dx in (-2.6, 0, 2.6):
                pleat = stroke([(float(x) + dx, top), (float(x) + dx * 0.3, top + 11)])
                brush.line(pleat, toned(main.rgb, 0.5), 1.0)
            brush.fill(
                ellipse(float(x), 0, 2.6, 4.2, 18),
                Surface((60, 58, 58), "metal"),
                bulge=0.8,
                drop=0,
            )


def _valance(brush: Brush, main: Surface, reach: float) -> None:
    x = np.linspace(1, -1, 9)
    scallops = [(reach * 1.05 * float(a), 33.0 if k % 2 else 24.0) for k, a in enumerate(x)]
    upper = [(-reach * 1.05, -6), (-reach * 1.05, -6), (reach * 1.05, -6), (reach * 1.05, -6)]
    brush.fill(curve([*upper, *scallops], steps=5), main, bulge=3, folds="drape", drop=0.45)
