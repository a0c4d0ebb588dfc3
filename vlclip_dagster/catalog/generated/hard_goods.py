"""Hard home goods: coffee table, table lamp, vase.

Units are centimetres; the origin is the ground under the middle, y grows downwards.
"""

import cv2
import numpy as np

from vlclip_dagster.catalog.generated import tops
from vlclip_dagster.catalog.generated.figure import Pose
from vlclip_dagster.catalog.generated.geometry import (
    Points,
    box,
    curve,
    ellipse,
    moved,
    symmetric,
    tube,
)
from vlclip_dagster.catalog.generated.look import Look
from vlclip_dagster.catalog.generated.palette import Rgb, toned
from vlclip_dagster.catalog.generated.pen import Brush, stroke
from vlclip_dagster.catalog.generated.surface import Surface

FINISHES: dict[str, Surface] = {
    "black metal": Surface((44, 45, 50), "metal"),
    "brass": Surface((206, 166, 84), "brass"),
    "oak": Surface((196, 150, 100), "wood"),
    "walnut": Surface((100, 66, 46), "wood"),
    "white": Surface((240, 239, 235), "paint"),
    "chrome": Surface((196, 200, 206), "metal"),
    "black ceramic": Surface((40, 40, 44), "ceramic"),
    "white ceramic": Surface((244, 243, 238), "ceramic"),
    "blue ceramic": Surface((58, 96, 168), "ceramic"),
    "green ceramic": Surface((54, 122, 92), "ceramic"),
    "terracotta": Surface((190, 100, 66), "terracotta"),
    "clear glass": Surface((196, 216, 220), "glass"),
}


def draw_coffee_table(brush: Brush, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """A coffee table seen a little from above: top, legs, shelf or drawer."""
    main = tops.cloth(look)
    metal = FINISHES[look.detail("legs finish")]
    shape = look.detail("top")
    w = {"round": 42.0, "square": 44.0}.get(shape, 60.0) + float(rng.uniform(-3, 4))
    d = (14.0 if shape in ("round", "oval") else 13.0) + float(rng.uniform(-1, 2))
    h = 42.0 + float(rng.uniform(-5, 6))
    thick = float(rng.uniform(3, 6))
    _table_legs(brush, look.detail("legs"), metal, (w, d, h))
    if look.detail("storage") == "lower shelf":
        brush.fill(
            moved(_table_top(shape, w * 0.86, d * 0.86), 0, -h * 0.34),
            main.plain(),
            bulge=1,
            tone=0.8,
        )
    top = _table_top(shape, w, d)
    rim = np.concatenate([moved(top, 0, -h), moved(top, 0, -h + thick)])
    brush.fill(_hull(rim), main.plain(toned(main.rgb, 0.74)), bulge=1.5)
    if look.detail("storage") == "drawer":
        _drawer(brush, main, w, h - thick, d)
    brush.fill(moved(top, 0, -h), main, bulge=0.8, puff=0.5, drop=0)
    _shine(brush, main, (w, d, h))


def _shine(brush: Brush, main: Surface, size: tuple[float, float, float]) -> None:
    """The window mirrored in a polished top."""
    w, d, h = size
    if main.look.gloss < 0.4:
        return
    for x, width in ((-w * 0.35, 5.0), (-w * 0.2, 2.0)):
        streak = np.array([(x, -h + d * 0.5), (x + 16, -h - d * 0.55)], np.float32)
        brush.line(streak, (255, 255, 255), width, 0.28)


def _hull(points: Points) -> Points:
    return cv2.convexHull(points).reshape(-1, 2)


def _table_top(shape: str, w: float, d: float) -> Points:
    if shape in ("round", "oval"):
        return ellipse(0, 0, w, d, 60)
    if shape == "hexagonal":
        return np.array(
            [
                (-w * 0.8, 0),
                (-w * 0.42, -d),
                (w * 0.42, -d),
                (w * 0.8, 0),
                (w * 0.42, d),
                (-w * 0.42, d),
            ],
            np.float32,
        )
    lean = 0.80
    return np.array([(-w * lean, -d), (w * lean, -d), (w, d), (-w, d)], np.float32)


def _table_legs(brush: Brush, legs: str, finish: Surface, size: tuple[float, float, float]) -> None:
    w, d, h = size
    if legs == "pedestal base":
        brush.fill(ellipse(0, 0, w * 0.46, d * 0.5), finish, bulge=2)
        column = symmetric([(0, -h), (7, -h), (7, -h), (4, -h * 0.5), (9, -3), (12, 0), (0, 2)])
        brush.fill(column, finish, bulge=6)
        return
    if legs == "drum base":
        drum = np.concatenate(
            [ellipse(0, -h, w * 0.62, d * 0.62), ellipse(0, -1, w * 0.62, d * 0.62)]
        )
        brush.fill(_hull(drum), finish, bulge=22, puff=0.6)
        return
    corners = [
        (-w * 0.66, -d * 0.55),
        (w * 0.66, -d * 0.55),
        (-w * 0.82, d * 0.55),
        (w * 0.82, d * 0.55),
    ]
    if legs == "crossed legs":
        for (ax, ay), (bx, by) in ((corners[0], corners[1]), (corners[2], corners[3])):
            for x0, x1 in ((ax, bx), (bx, ax)):
                brush.fill(tube([(x0, -h + ay), (x1, by)], (4, 4)), finish, bulge=2)
        return
    for x, y in corners:
        _leg(brush, legs, finish, (x, y, h))


def _leg(brush: Brush, legs: str, finish: Surface, at: tuple[float, float, float]) -> None:
    x, y, h = at
    lean = 4.0 * float(np.sign(x))
    if legs == "hairpin legs":
        for dx in (-4.5, 4.5):
            brush.fill(
                tube([(x + dx - lean, y - h), (x + lean * 0.6, y)], (1.5, 1.5)), finish, bulge=0.7
            )
    elif legs == "tapered legs":
        brush.fill(tube([(x - lean, y - h), (x + lean, y)], (6.5, 3.2)), finish, bulge=2.5)
    else:
        brush.fill(box(x - 4.2, y - h, x + 4.2, y), finish, bulge=1.2)


def _drawer(brush: Brush, main: Surface, w: float, top: float, d: float) -> None:
    front = box(-w * 0.62, -top + d * 0.4, w * 0.62, -top + d * 0.4 + 11, 0.5)
    brush.fill(front, main.plain(toned(main.rgb, 0.84)), bulge=1)
    inner = box(-w * 0.58, -top + d * 0.4 + 3, w * 0.58, -top + d * 0.4 + 9.6, 0.5)
    brush.fill(inner, main.plain(toned(main.rgb, 0.9)), bulge=1)
    brush.fill(ellipse(0, -top + d * 0.4 + 6, 1.5, 1.5, 16), FINISHES["brass"], bulge=1)


def draw_lamp(brush: Brush, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """A table lamp: shade and base."""
    base = FINISHES[look.detail("base finish")]
    height = 30.0 + float(rng.uniform(-3, 5))
    _lamp_base(brush, look.detail("base"), base, height)
    brush.fill(box(-0.9, -height - 5, 0.9, -height + 1), FINISHES["brass"], bulge=0.8)
    main = tops.cloth(look)
    width = 17.0 + float(rng.uniform(-1.5, 2.5))
    outline, folds = _shade(look.detail("shade"), width, -height - 2)
    decal = tops.motif_on(look, 0, -height - 12, 13)
    glow = float(rng.uniform(1.0, 1.12))
    brush.fill(
        outline,
        main,
        bulge=width * 0.8,
        puff=0.45,
        tone=glow,
        folds=folds,
        fold_gain=0.5,
        decal=decal,
    )
    trim = (
        tops.trim_of(look)
        if look.detail("accent") == "contrast trim"
        else main.plain(toned(main.rgb, 0.8))
    )
    wide = 1.9 if look.detail("accent") == "contrast trim" else 0.6
    for part in (
        outline[outline[:, 1] > outline[:, 1].max() - 1.2],
        outline[outline[:, 1] < outline[:, 1].min() + 1.2],
    ):
        if len(part) > 1:
            brush.line(part[np.argsort(part[:, 0])], trim.rgb, wide)


def _shade(shade: str, width: float, bottom: float) -> tuple[Points, str | None]:
    """The outline of a lamp shade whose lower rim lies at ``bottom``, and its relief."""
    top = bottom - 21
    if shade == "drum shade":
        ends = (width * 0.93, width)
    elif shade == "cone shade":
        ends = (width * 0.36, width * 1.08)
    elif shade == "dome shade":
        dome = [
            (0, top),
            (width * 0.55, top + 2),
            (width * 0.95, top + 9),
            (width * 1.06, bottom),
            (width * 1.06, bottom),
            (0, bottom + 1.4),
        ]
        return symmetric(dome), None
    else:
        ends = (width * 0.6, width * 1.06)
    rim = [
        (0, top - 0.6),
        (ends[0], top),
        (ends[0], top),
        (ends[1], bottom),
        (ends[1], bottom),
        (0, bottom + 1.5),
    ]
    return symmetric(rim), "pleats" if shade == "pleated shade" else None


def _lamp_base(brush: Brush, kind: str, finish: Surface, height: float) -> None:
    h = height
    if kind == "tripod base":
        for x in (-13.0, 13.0, 2.0):
            brush.fill(tube([(0, -h), (x, 0)], (3, 2)), finish, bulge=1.2)
        return
    profiles: dict[str, list[tuple[float, float]]] = {
        "gourd base": [
            (0, -h),
            (3, -h),
            (6.5, -h * 0.8),
            (4, -h * 0.62),
            (11, -h * 0.32),
            (10, -4),
            (7, 0),
            (7, 0),
            (0, 1),
        ],
        "sphere base": [
            (0, -h * 0.8),
            (3, -h * 0.8),
            (11, -h * 0.62),
            (13, -h * 0.36),
            (9, -3),
            (6, 0),
            (6, 0),
            (0, 1),
        ],
        "cylinder base": [(0, -h), (7, -h), (7, -h), (7.4, -h * 0.5), (7.4, 0), (7.4, 0), (0, 1.2)],
        "stick base": [
            (0, -h),
            (1.1, -h),
            (1.1, -h),
            (1.1, -3),
            (8, -1.6),
            (8.6, 0),
            (8.6, 0),
            (0, 1.2),
        ],
        "urn base": [
            (0, -h),
            (3, -h),
            (10, -h * 0.82),
            (10.5, -h * 0.6),
            (4, -h * 0.2),
            (3.6, -4),
            (8, -1),
            (8, 0.4),
            (0, 1),
        ],
    }
    outline = symmetric(profiles[kind])
    if kind != "stick base":
        brush.fill(box(-2, -h - 1, 2, -h * 0.7), finish, bulge=1.5)
    brush.fill(outline, finish, bulge=9, puff=0.8)


def draw_vase(brush: Brush, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """A vase: form, handles, dipped base, ribs."""
    main = tops.cloth(look)
    profile = _vase_profile(look.detail("shape"), rng)
    outline = symmetric(profile)
    half, top = profile[1][0], profile[0][1]
    if look.detail("handles") == "two handles":
        for side in (-1, 1):
            ear = [
                (side * half * 1.0, top + 4),
                (side * (half + 7), top + 5),
                (side * (half + 7.5), top + 12),
                (side * half * 1.25, top + 17),
            ]
            brush.fill(tube(ear, (2.2, 2.0, 2.2)), main.plain(), bulge=1.1)
    brush.fill(ellipse(0, top, half, 1.6), main.plain(), tone=0.4, bulge=0.5, drop=0)
    folds = "channels" if look.detail("finish") == "ribbed" else None
    decal = tops.motif_on(look, 0, top * 0.42, 14)
    brush.fill(outline, main, bulge=9, puff=0.9, folds=folds, decal=decal)
    rim = ellipse(0, top, half, 1.6)
    brush.fill(rim, main.plain(), tone=0.5, bulge=0.5, drop=0)
    brush.line(np.concatenate([rim, rim[:1]]), toned(main.rgb, 1.15), 0.6)
    level = top * 0.36
    if look.detail("finish") == "contrast dipped base":
        brush.fill(outline[outline[:, 1] > level], tops.trim_of(look), bulge=9, puff=0.9, drop=0)
    elif look.detail("finish") == "contrast rim":
        brush.line(np.concatenate([rim, rim[:1]]), look.second_rgb, 2.0)
    _gleam(brush, main, outline)


def _gleam(brush: Brush, main: Surface, outline: Points) -> None:
    """The long highlight of a glazed or glass body."""
    if main.look.gloss < 0.8:
        return
    left, low, high = outline[:, 0].min(), outline[:, 1].min(), outline[:, 1].max()
    path = [
        (left * 0.55, low + (high - low) * 0.45),
        (left * 0.62, low + (high - low) * 0.62),
        (left * 0.52, low + (high - low) * 0.8),
    ]
    brush.line(stroke(path), (255, 255, 255), 1.4, 0.55)


def _vase_profile(shape: str, rng: np.random.Generator) -> list[tuple[float, float]]:
    """The right half of a vase from its rim to its foot."""
    k = float(rng.uniform(0.92, 1.1))
    profiles: dict[str, list[tuple[float, float]]] = {
        "bottle": [
            (0, -38),
            (2.6, -38),
            (2.6, -38),
            (2.8, -26),
            (9.5 * k, -16),
            (10 * k, -5),
            (7, 0),
            (7, 0),
            (0, 1),
        ],
        "amphora": [
            (0, -38),
            (5, -38),
            (5, -38),
            (3.8, -32),
            (12 * k, -23),
            (11 * k, -12),
            (5, -1),
            (5.4, 0),
            (0, 1),
        ],
        "cylinder": [
            (0, -34),
            (8 * k, -34),
            (8 * k, -34),
            (8.2 * k, -18),
            (8 * k, 0),
            (8 * k, 0),
            (0, 1.2),
        ],
        "sphere": [
            (0, -25),
            (4.6, -25),
            (4.6, -25),
            (12 * k, -18),
            (13.4 * k, -10),
            (9, -1),
            (7, 0),
            (0, 1),
        ],
        "hourglass": [
            (0, -33),
            (9 * k, -33),
            (9 * k, -33),
            (5, -18),
            (6, -13),
            (10 * k, 0),
            (10 * k, 0),
            (0, 1.2),
        ],
        "trumpet": [
            (0, -37),
            (11 * k, -37),
            (11 * k, -37),
            (6, -26),
            (3.8, -12),
            (7 * k, -1),
            (7.4 * k, 0),
            (0, 1.2),
        ],
    }
    return profiles[shape]


def draw_stems(brush: Brush, rng: np.random.Generator, top: float) -> None:
    """Dried grass or twigs standing in a vase whose rim is at ``top``; never part of the product."""
    for _ in range(int(rng.integers(4, 8))):
        lean, reach = float(rng.uniform(-13, 13)), float(rng.uniform(16, 32))
        path = stroke([(lean * 0.1, top + 2), (lean * 0.5, top - reach * 0.6), (lean, top - reach)])
        brush.line(path, (140, 118, 84), 0.6)
        head = curve(
            [(lean - 1.2, top - reach + 5), (lean, top - reach - 5), (lean + 1.2, top - reach + 5)]
        )
        brush.fill(head, Surface((204, 182, 140), "faux fur"), bulge=1, drop=0.1)
