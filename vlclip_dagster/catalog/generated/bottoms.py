"""Garments from the waist down, and dresses: skirt, trousers, dress.

Units and joints are those of ``figure``; tops supply bodices, necklines and sleeves.
"""

import numpy as np

from vlclip_dagster.catalog.generated import tops
from vlclip_dagster.catalog.generated.brush import Brush
from vlclip_dagster.catalog.generated.figure import Pose, sleeve_path
from vlclip_dagster.catalog.generated.geometry import (
    Points,
    box,
    curve,
    ellipse,
    heading,
    part_of,
    stroke,
    symmetric,
    tube,
)
from vlclip_dagster.catalog.generated.look import Look
from vlclip_dagster.catalog.generated.palette import luminance, toned
from vlclip_dagster.catalog.generated.surface import Surface

HEMS = {"mini": 84.0, "knee-length": 104.0, "midi": 120.0, "maxi": 144.0}


def flared(top: float, waist: float, hem: float, bottom: float, hips: float = 0.0) -> Points:
    """A skirt's outline: half widths at the waist (at ``top``) and the hem (at ``bottom``)."""
    drop = bottom - top
    middle = max(hips, waist + (hem - waist) * 0.34)
    right = [
        (0, top - 0.4),
        (waist, top),
        (waist, top),
        (middle, top + drop * 0.28),
        (waist + (hem - waist) * 0.68, top + drop * 0.62),
        (hem, bottom - 0.6),
        (hem, bottom - 0.6),
        (hem * 0.55, bottom + 1.4),
        (0, bottom + 1.8),
    ]
    return symmetric(right)


def draw_skirt(brush: Brush, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """A skirt: length, cut, waist, slit."""
    bottom = HEMS[look.detail("length")] + float(rng.uniform(-2, 2))
    waist = 13.4 + float(rng.uniform(-0.4, 0.6))
    _skirt_body(brush, look, (40.0, waist, bottom), rng)
    main = tops.cloth(look)
    _waist(brush, look.detail("waist"), main, look, (39.0, waist))
    if look.detail("waist") == "button front":
        rows = np.arange(47, bottom - 3, 8.0)
        brush.line(np.array([(0, 43), (0, bottom)], np.float32), tops.seam_of(main.rgb), 0.6)
        tops.buttons(brush, [(0, float(y)) for y in rows], 1.2, _button_rgb(main))


def _button_rgb(main: Surface) -> tuple[int, int, int]:
    return (236, 232, 222) if luminance(main.rgb) < 0.5 else toned(main.rgb, 0.5)


def _skirt_body(
    brush: Brush, look: Look, size: tuple[float, float, float], rng: np.random.Generator
) -> None:
    """The cloth below the waistband; ``size`` is its top, half waist and bottom."""
    top, waist, bottom = size
    main, cut = tops.cloth(look), look.detail("cut")
    length = bottom - top
    decal = tops.motif_on(look, 0, top + length * 0.55, float(rng.uniform(20, 26)))
    if cut in ("pencil", "bodycon"):
        hem = 15.0 + float(rng.uniform(-1, 0.6))
        brush.fill(flared(top, waist, hem, bottom, 18.0), main, bulge=6, decal=decal)
    elif cut == "tiered":
        tiers = 3 if length > 55 else 2
        for k in reversed(range(tiers)):
            y0, y1 = top + length * k / tiers - 2, top + length * (k + 1) / tiers
            start, end = waist + 11.0 * k / tiers, waist + 5 + 13.0 * (k + 1) / tiers
            own = decal if k == 1 else None
            brush.fill(flared(y0, start, end, y1), main, folds="drape", drop=0.5, decal=own)
    else:
        hem = waist + 6 + length * float(rng.uniform(0.13, 0.19))
        folds = "pleats" if cut == "pleated" else "drape"
        gain = 0.9 if cut == "pleated" else 0.75
        shape = flared(top, waist, hem, bottom)
        brush.fill(shape, main, bulge=5, folds=folds, fold_gain=gain, decal=decal)
    if look.detail("slit"):
        gap = [(5.2, bottom + 1.7), (5.2, bottom + 1.7), (6.4, bottom - length * 0.42),
               (6.4, bottom - length * 0.42), (8.4, bottom + 1.6), (8.4, bottom + 1.6)]  # fmt: skip
        brush.fill(curve(gap, steps=4), main.plain(), tone=0.34, bulge=1, drop=0)
    if cut == "wrap":
        edge = stroke([(-9, top), (2, top + length * 0.5), (9, bottom + 1)])
        brush.line(edge, tops.seam_of(main.rgb), 0.9)


def _waist(brush: Brush, kind: str, main: Surface, look: Look, at: tuple[float, float]) -> None:
    """What goes around the waist; ``at`` is its height and half width."""
    y, half = at
    if kind == "elastic waist":
        ribs = main.plain(toned(main.rgb, 0.92), "ribbed jersey")
        brush.fill(box(-half - 0.4, y - 3, half + 0.4, y + 3, 1.5), ribs, bulge=1.8)
    elif kind == "belted":
        leather = Surface((96, 62, 40) if luminance(main.rgb) > 0.3 else (196, 150, 100), "leather")
        brush.fill(box(-half - 0.6, y - 2, half + 0.6, y + 2, 0.8), leather, bulge=1.2, drop=0.5)
        brush.fill(
            box(-2.6, y - 2.6, 2.6, y + 2.6, 0.8), Surface((214, 178, 96), "brass"), bulge=0.8
        )
        brush.fill(box(-1.5, y - 1.5, 1.5, y + 1.5, 0.4), leather, drop=0)
    elif kind == "tie waist":
        sash = tops.trim_of(look) if look.pattern == "solid" else main.plain(toned(main.rgb, 0.8))
        brush.fill(box(-half - 0.5, y - 1.8, half + 0.5, y + 1.8, 0.8), sash, bulge=1.2, drop=0.4)
        for side in (-1, 1):
            tail = [(1, y), (2 + side * 2.5, y + 9), (2 + side * 4, y + 22)]
            brush.fill(tube(tail, (2, 3, 3.4)), sash, bulge=1, drop=0.5)
        brush.fill(ellipse(1, y, 2.4, 2.2), sash, bulge=1.6, drop=0.5)
    elif kind:
        brush.fill(
            box(-half - 0.2, y - 2, half + 0.2, y + 2, 0.8), main.plain(), bulge=1.2, drop=0.2
        )


def draw_trousers(brush: Brush, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """Trousers: cut, length, waist, extras."""
    main = tops.cloth(look)
    ease = float(rng.uniform(-0.6, 0.8))
    widths = {
        "skinny": (18.5, 15, 11.5, 10.5, 8.5),
        "straight": (19, 17, 15, 14.5, 14),
        "wide-leg": (20, 21, 22.5, 24.5, 27),
        "flared": (18.5, 15.5, 12.5, 15.5, 22),
        "tapered": (20, 19, 16, 13, 10.5),
    }[look.detail("cut")]
    share = {"full-length": 0.985, "cropped": 0.78}[look.detail("length")]
    thread = (206, 152, 82) if main.material == "denim" else tops.seam_of(main.rgb)
    for side in (-1, 1):
        path = part_of(stand.leg(side), 0, share)
        shape = tube(path, [w + ease for w in widths])
        brush.fill(shape, main, turn=heading(path), bulge=5.5, fold_gain=1.2)
        _leg_extras(brush, look, path, widths, side)
    seat = [(0, 39), (13.6, 39), (13.6, 39), (17, 54), (17.6, 63), (15, 70), (5, 73), (0, 76)]
    brush.fill(symmetric(seat), main, bulge=4, puff=0.45, drop=0.0)
    _trouser_front(brush, main, thread)
    waist = look.detail("waist")
    if waist == "drawstring waist":
        ribs = main.plain(toned(main.rgb, 0.9), "ribbed jersey")
        brush.fill(box(-14, 37.5, 14, 42.5, 1.5), ribs, bulge=1.6)
        for side in (-1, 1):
            string = stroke([(0, 41), (side * 2.6, 49), (side * 2, 56)])
            brush.line(string, (236, 234, 228), 0.9)
    else:
        _waist(brush, waist or "plain", main, look, (40.0, 13.8))
    _placed_print(brush, look, stand)


def _placed_print(brush: Brush, look: Look, stand: Pose) -> None:
    """A graphic print on one thigh, as a patch of the same cloth."""
    if not look.motif:
        return
    x, y = stand.leg(1)[9]
    decal = tops.motif_on(look, float(x), float(y), 12.5)
    patch = ellipse(float(x), float(y), 6.5, 8)
    brush.fill(patch, tops.cloth(look), decal=decal, drop=0, puff=0, fold_gain=0)


def _trouser_front(brush: Brush, main: Surface, thread: tuple[int, int, int]) -> None:
    seam = tops.seam_of(main.rgb)
    brush.line(stroke([(0, 42), (0.4, 58), (0, 75)]), seam, 0.7)
    brush.stitches(stroke([(4.5, 42), (4.2, 52), (0.6, 58)]), thread)
    for side in (-1, 1):
        pocket = stroke([(side * 6.5, 42), (side * 8.5, 47.5), (side * 15.4, 49.5)])
        brush.line(pocket, seam, 0.7)
        brush.stitches(pocket + np.array([0, 1.0], np.float32), thread)


def _leg_extras(
    brush: Brush, look: Look, path: Points, widths: tuple[float, ...], side: int
) -> None:
    """Rips, cargo pockets, turn-ups or a stripe on one leg."""
    main, extra = tops.cloth(look), look.detail("extra")
    middle, end = path[len(path) // 2], path[-1]
    if extra == "ripped knees":
        for dy in (-4.0, 2.5):
            x, y = float(middle[0]), float(middle[1]) + dy
            rip = curve([(x - 4.6, y), (x, y - 1.6), (x + 4.6, y), (x, y + 1.7)])
            brush.fill(rip, Surface((232, 220, 210), "linen"), bulge=0.6, drop=0)
            brush.line(
                stroke([(x - 4.6, y), (x, y - 1.6), (x + 4.6, y)]), toned(main.rgb, 0.6), 0.6
            )
    elif extra == "cargo pockets":
        x, y = float(path[9][0]) + side * 4.5, float(path[9][1])
        tops.patch_pocket(brush, main, x, y, 9, 14)
        brush.fill(box(x - 5, y - 1, x + 5, y + 4, 1), main, bulge=1, drop=0.5)
    elif extra == "turn-up cuffs":
        w = widths[-1] if look.detail("length") == "full-length" else widths[-2]
        cuff = tube(path[-4:], (w + 2, w + 2))
        brush.fill(cuff, main.plain(toned(main.rgb, 1.25)), bulge=1.2, drop=0.4)
    elif extra == "contrast side stripe":
        along = np.linspace(0, 1, len(path))
        half = np.interp(along, np.linspace(0, 1, len(widths)), widths)[:, None] / 2
        edge = path + np.array([side, 0], np.float32) * (half * 0.74)
        brush.fill(
            tube(edge[2:].astype(np.float32), (2.6, 2.6), steps=1),
            tops.trim_of(look),
            bulge=0.8,
            drop=0,
        )
    else:
        brush.line(path[6:] * 1.0, tops.seam_of(main.rgb), 0.3, 0.35)
        brush.line(np.array([(end[0] - 4, end[1] - 2), (end[0] + 4, end[1] - 2)], np.float32),
                   tops.seam_of(main.rgb), 0.35, 0.5)  # fmt: skip


def draw_dress(brush: Brush, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """A dress: neckline, sleeves, length, cut, belt."""
    main = tops.cloth(look)
    bottom = HEMS[look.detail("length")] + float(rng.uniform(-2, 2))
    neck, waist = look.detail("neckline"), 13.2 + float(rng.uniform(-0.4, 0.8))
    if neck not in ("halter neck", "off-shoulder"):
        tops.inside_back(brush, main, neck, stand)
        _dress_sleeves(brush, look, main, stand)
    _skirt_body(brush, look, (41.0, waist, bottom), rng)
    brush.fill(_bodice(neck, waist, look.detail("sleeve")), main, bulge=5, drop=0.15)
    if neck == "off-shoulder":
        _off_shoulder(brush, look, main, stand)
    elif neck != "halter neck":
        brush.line(tops.collar_path(neck), tops.seam_of(main.rgb), 0.7)
    if look.detail("cut") == "wrap":
        start = (7.0, 13.5) if neck in ("off-shoulder", "halter neck") else (8.0, 0.0)
        edge = stroke([start, (2, 24), (-11, 40)])
        brush.line(edge, tops.seam_of(main.rgb), 0.9)
    _waist(brush, look.detail("waist"), main, look, (41.0, waist))


def _dress_sleeves(brush: Brush, look: Look, main: Surface, stand: Pose) -> None:
    sleeve = look.detail("sleeve")
    share = tops.SLEEVES.get(sleeve, 0.0)
    if not share:
        return
    if sleeve == "puff sleeve":
        for side in (-1, 1):
            path = sleeve_path(stand, side, share)
            shape = tube(path, (13, 19, 20, 17, 10))
            brush.fill(shape, main, turn=heading(path), bulge=7, folds="drape", fold_gain=0.6)
        return
    tops.sleeves(brush, main, stand, share, (12.5, 12.0) if share < 0.5 else (12.5, 7.5))


def _bodice(neck: str, waist: float, sleeve: str) -> Points:
    """The part above the waist seam, which lies at y = 42."""
    low: list[tuple[float, float]] = [(waist, 42), (waist, 42), (0, 43)]
    if neck == "off-shoulder":
        top: list[tuple[float, float]] = [(0, 14), (10, 13), (16.5, 11), (16.5, 11), (17, 22)]
        return symmetric([*top, *low])
    if neck == "halter neck":
        top = [
            (0, 6),
            (0, 6),
            (4, 0),
            (5, -5),
            (5, -5),
            (8.5, -2),
            (12, 10),
            (17.4, 22),
            (17.4, 22),
        ]
        return symmetric([*top, *low])
    shoulder = 14.0 if sleeve == "sleeveless" else 17.5
    arm = [(shoulder, 2.6), (shoulder, 2.6), (shoulder - 0.8, 13), (17.6, 22.5), (17.6, 22.5)]
    return symmetric([*tops.neckline(neck), *arm, *low])


def _off_shoulder(brush: Brush, look: Look, main: Surface, stand: Pose) -> None:
    """The ruffle that runs around chest and upper arms."""
    if look.detail("sleeve") == "long sleeve":
        for side in (-1, 1):
            path = part_of(stand.arm(side), 0.2, 0.98)
            brush.fill(tube(path, (12.5, 11, 9, 7.5)), main, turn=heading(path), bulge=4)
    ruffle = [
        (0, 13),
        (10, 12),
        (18, 9.5),
        (22.5, 12),
        (22.5, 12),
        (23, 20),
        (23, 20),
        (12, 24),
        (0, 25),
    ]
    brush.fill(symmetric(ruffle), main, folds="drape", fold_gain=0.6, bulge=2.5, drop=0.45)
