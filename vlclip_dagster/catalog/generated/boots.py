"""Boots from the side, toe to the right. Units as in ``sneakers``."""

import numpy as np

from vlclip_dagster.catalog.generated import tops
from vlclip_dagster.catalog.generated.brush import Brush, Decal, Shifted
from vlclip_dagster.catalog.generated.figure import Pose
from vlclip_dagster.catalog.generated.geometry import (
    Points,
    box,
    curve,
    ellipse,
    part_of,
    stroke,
    tube,
)
from vlclip_dagster.catalog.generated.look import Look
from vlclip_dagster.catalog.generated.palette import luminance, toned
from vlclip_dagster.catalog.generated.surface import Surface


def draw_boot(brush: Brush, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """A pair of boots: shaft, heel, closure, toe."""
    jitter = float(rng.uniform(-0.5, 0.7))
    _boot(Shifted(brush, 7.5, -4.2, 0.86), look, jitter)
    _boot(brush, look, jitter)


def _boot(brush: Brush, look: Look, jitter: float) -> None:
    main = tops.cloth(look)
    shaft = {"ankle": 19.0, "mid-calf": 31.0, "knee-high": 45.0}[look.detail("shaft")]
    lift = {"flat heel": 1.6, "block heel": 6.0, "stiletto heel": 8.5}[look.detail("heel")]
    top = -shaft - lift
    wide = 1.2 if shaft > 24 else 0.0
    opening = ellipse(6.2, top + 0.2, 6.0 + wide, 1.5)
    brush.fill(opening, main.plain(), tone=0.4, bulge=0.8)
    outline = _boot_outline(top, lift, wide + jitter * 0.4, look.detail("toe") == "pointed toe")
    decal = None
    if look.motif:
        decal = Decal(
            look.motif,
            6.0,
            top + shaft * 0.36,
            7.4,
            look.second_rgb,
            tops.seam_of(look.second_rgb),
            look.seed,
        )
    brush.fill(outline, main, bulge=4, puff=1.25, decal=decal)
    _boot_base(brush, look, lift)
    _boot_closure(brush, look, main, top, lift)


def _boot_outline(top: float, lift: float, wide: float, pointed: bool) -> Points:
    toe = (
        [(28.5, -2.4), (30.5, -0.9), (30.5, -0.9)]
        if pointed
        else [(25.6, -5.0), (27.6, -2.6), (27.2, -0.8)]
    )
    heel = -lift
    points = [
        (0.2 - wide, top), (0.2 - wide, top), (6, top + 1.2), (12.2 + wide, top),
        (12.2 + wide, top), (11.6, top * 0.5 + heel * 0.5 - 3), (12.0, heel - 11),
        (15.6, -8.2 - lift * 0.45), (21, -6.2), *toe, (18, -0.8), (11, -0.8 - lift * 0.55),
        (0.8, heel - 0.2), (0.8, heel - 0.2), (-0.4, heel - 4), (0.9, heel - 10),
    ]  # fmt: skip
    return curve(points, steps=6)


def _boot_base(brush: Brush, look: Look, lift: float) -> None:
    """Sole and heel."""
    dark = Surface((52, 44, 40) if luminance(look.rgb) > 0.2 else (84, 78, 74), "rubber")
    heel = look.detail("heel")
    reach = 30.6 if look.detail("toe") == "pointed toe" else 28.0
    sole = stroke([(0.4, -lift), (9, -lift * 0.72), (17, -0.7), (reach - 2, -0.5), (reach, -1.2)])
    brush.fill(tube(sole, (1.3, 1.2, 1.3, 1.5, 0.9), steps=1), dark, bulge=0.5, drop=0.2)
    if heel == "flat heel":
        brush.fill(box(0, -1.9, 10, 0.1, 0.3), dark, bulge=0.5)
    elif heel == "block heel":
        block = np.array([(0.2, -lift), (8.6, -lift * 0.74), (7.4, 0), (0.8, 0)], np.float32)
        brush.fill(block, dark, bulge=0.8)
    else:
        spike = np.array(
            [(0.4, -lift), (5.4, -lift * 0.84), (2.4, -3), (2.0, 0), (0.9, 0), (0.7, -3)],
            np.float32,
        )
        brush.fill(spike, dark, bulge=0.6)


def _boot_closure(brush: Brush, look: Look, main: Surface, top: float, lift: float) -> None:
    closure = look.detail("closure")
    if closure == "lace-up":
        lace = (238, 226, 196) if luminance(main.rgb) < 0.6 else (58, 48, 42)
        front = part_of(
            stroke([(16, -9.5 - lift * 0.4), (12.2, -13 - lift), (11.9, top + 2)]), 0, 1, 9
        )
        for x, y in front:
            brush.line(stroke([(x - 4.2, y + 1.4), (x, y - 0.4)]), lace, 0.8)
            brush.line(stroke([(x - 4.2, y - 0.8), (x, y + 1.0)]), lace, 0.7)
    elif closure == "side zip":
        path = stroke([(6, top + 1.5), (6.4, (top - lift) / 2), (6.8, -lift - 4)])
        brush.line(path, toned(main.rgb, 0.5), 1.5)
        brush.stitches(path, (214, 200, 160), 0.9, 0.6)
    elif closure == "elastic side panels":
        y = max(top + 1, -17 - lift)
        gore = curve([(3.6, y), (3.6, y), (9, y), (9, y), (7.4, y + 9), (5.2, y + 9)])
        brush.fill(gore, main.plain(toned(main.rgb, 0.5), "ribbed jersey"), bulge=0.6, drop=0.15)
    else:
        belt = main.plain(toned(main.rgb, 0.7))
        for y in (-9.5 - lift, *((top + 4,) if top < -24 - lift else ())):
            strap = stroke([(-0.2, y), (6, y + 1.0), (12.6, y)])
            brush.fill(tube(strap, (2, 2), steps=1), belt, bulge=0.7, drop=0.45)
            brush.fill(
                box(4.4, y - 0.8, 7.8, y + 2.6, 0.5), Surface((216, 190, 120), "brass"), bulge=0.5
            )
            brush.fill(box(5.2, y, 7.0, y + 1.8, 0.3), belt, drop=0)
