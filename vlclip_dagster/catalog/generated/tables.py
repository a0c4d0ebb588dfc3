"""Coffee tables. Units are centimetres; the origin is the ground under the middle."""

import cv2
import numpy as np

from vlclip_dagster.catalog.generated import tops
from vlclip_dagster.catalog.generated.brush import Brush
from vlclip_dagster.catalog.generated.figure import Pose
from vlclip_dagster.catalog.generated.finishes import FINISHES
from vlclip_dagster.catalog.generated.geometry import (
    Points,
    box,
    ellipse,
    moved,
    symmetric,
    tube,
)
from vlclip_dagster.catalog.generated.look import Look
from vlclip_dagster.catalog.generated.palette import toned
from vlclip_dagster.catalog.generated.surface import Surface


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
    return cv2.convexHull(points).reshape(-1, 2).astype(np.float32)


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
