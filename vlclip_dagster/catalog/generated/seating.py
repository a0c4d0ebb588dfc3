"""Soft furnishings: sofa and cushion. Units are centimetres; y grows downwards.

A sofa's origin is the floor under its middle, a cushion's its centre.
"""

import numpy as np

from vlclip_dagster.catalog.generated import tops
from vlclip_dagster.catalog.generated.brush import Brush
from vlclip_dagster.catalog.generated.figure import Pose
from vlclip_dagster.catalog.generated.geometry import (
    Points,
    box,
    curve,
    ellipse,
    stroke,
    tube,
)
from vlclip_dagster.catalog.generated.look import Look
from vlclip_dagster.catalog.generated.palette import Rgb, toned
from vlclip_dagster.catalog.generated.surface import Surface

OAK: Rgb = (186, 140, 92)
WALNUT: Rgb = (96, 64, 44)
STEEL: Rgb = (70, 72, 78)


def draw_sofa(brush: Brush, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """A sofa from the front: seats, arms, legs, back."""
    main = tops.cloth(look)
    seats = {"loveseat": 2, "three-seater": 3, "chaise": 3}[look.detail("size")]
    each = 62.0 + float(rng.uniform(-4, 4))
    half = seats * each / 2
    floor = {"no legs": 0.0}.get(look.detail("legs"), 14.0)
    height = 84.0 + float(rng.uniform(-5, 5))
    arm = {"rolled arms": 20.0, "track arms": 16.0, "armless": 0.0, "sloped arms": 15.0}[
        look.detail("arms")
    ]
    _sofa_legs(brush, look.detail("legs"), half + arm, floor)
    _sofa_back(brush, look, main, half + arm * 0.5, height, seats)
    base = box(-half - arm * 0.7, -floor - 20, half + arm * 0.7, -floor, 3)
    brush.fill(base, main, bulge=5, tone=0.84)
    _seat_cushions(brush, main, half, seats, floor)
    if look.detail("size") == "chaise":
        _chaise(brush, main, (half - each, half), floor)
    for side in (-1, 1):
        _sofa_arm(brush, look.detail("arms"), main, (side, half, arm, floor))


def _chaise(brush: Brush, main: Surface, at: tuple[float, float], floor: float) -> None:
    """The seat that comes towards the viewer; ``at`` is where it begins and ends."""
    x0, x1 = at
    brush.fill(box(x0, -floor - 22, x1 + 3, -floor + 11, 3), main, bulge=4, tone=0.84)
    seat = [(x0, -floor - 44), (x1, -floor - 44), (x1 + 4, -floor - 20), (x0 - 1, -floor - 20)]
    brush.fill(curve(np.repeat(np.array(seat), 2, axis=0), steps=2), main, bulge=7, tone=1.06)
    brush.fill(box(x0 - 1, -floor - 24, x1 + 4, -floor - 8, 4), main, bulge=5, drop=0.2)


def _sofa_legs(brush: Brush, legs: str, half: float, floor: float) -> None:
    if not floor:
        return
    wood = Surface(OAK if legs == "oak legs" else WALNUT, "wood")
    for x in (-half + 9, -half * 0.3, half * 0.3, half - 9):
        if legs == "metal legs":
            brush.fill(box(x - 1.4, -floor - 1, x + 1.4, 0), Surface(STEEL, "metal"), bulge=1.2)
        else:
            lean = 2.5 * np.sign(x)
            leg = np.array(
                [
                    (x - 3.4, -floor - 1),
                    (x + 3.4, -floor - 1),
                    (x + 1.6 + lean, 0),
                    (x - 1.6 + lean, 0),
                ],
                np.float32,
            )
            brush.fill(leg, wood, bulge=2)


def _sofa_back(
    brush: Brush, look: Look, main: Surface, half: float, height: float, seats: int
) -> None:
    back = look.detail("back")
    frame = box(-half, -height, half, -26, 9 if back != "plain back" else 4)
    if back == "channel back":
        brush.fill(frame, main, bulge=7, folds="channels", fold_gain=1.2)
        return
    brush.fill(frame, main, bulge=8)
    if back == "tufted back":
        _tufts(brush, main, half, height)
    elif back == "cushion back":
        width = 2 * half * 0.94 / seats
        for k in range(seats):
            x = -half * 0.94 + k * width
            middle, end, upper = x + width / 2, x + width, -height - 3
            pillow = [(x + 2, upper), (middle, upper - 2), (end - 2, upper), (end, -height * 0.72),
                      (end - 1, -42), (x + 1, -42), (x, -height * 0.72)]  # fmt: skip
            brush.fill(curve(pillow), main, bulge=13, drop=0.4)


def _tufts(brush: Brush, main: Surface, half: float, height: float) -> None:
    columns = max(4, int(half / 15))
    for row in range(2):
        y = -height + 14 + row * 15
        for k in range(columns + row):
            x = -half + (k + 0.5 + 0.5 * (1 - row)) * 2 * half / (columns + 1)
            dent = ellipse(x, y, 5.0, 4.4, 16)
            brush.fill(dent, main, bulge=4, puff=-0.8, drop=0)
            brush.fill(
                ellipse(x, y, 1.7, 1.7, 12), main.plain(toned(main.rgb, 0.8)), bulge=1.4, drop=0.4
            )


def _seat_cushions(brush: Brush, main: Surface, half: float, seats: int, floor: float) -> None:
    """Each seat shows its top, foreshortened, and its rounded front."""
    width = 2 * half / seats
    for k in range(seats):
        x0, x1 = -half + k * width + 0.4, -half + (k + 1) * width - 0.4
        lean = [2.5 * (1 - 2 * (k + end) / seats) for end in (0, 1)]
        top = [(x0 + lean[0], -floor - 45), (x1 + lean[1], -floor - 45), (x1, -floor - 30),
               (x0, -floor - 30)]  # fmt: skip
        outline = curve(np.repeat(np.array(top), 2, axis=0), steps=2)
        brush.fill(outline, main, bulge=6, tone=1.07, drop=0.35)
        brush.fill(box(x0, -floor - 34, x1, -floor - 17, 5), main, bulge=6, drop=0.15)
        piping = np.array([(x0 + 4, -floor - 20), (x1 - 4, -floor - 20)], np.float32)
        brush.line(piping, tops.seam_of(main.rgb), 0.6, 0.6)


def _sofa_arm(brush: Brush, arms: str, main: Surface, at: tuple[int, float, float, float]) -> None:
    side, half, width, floor = at
    if not width:
        return
    inner, outer = side * half, side * (half + width)
    low, high = min(inner, outer), max(inner, outer)
    if arms == "rolled arms":
        brush.fill(box(low + 2, -floor - 50, high - 1, -floor, 3), main, bulge=6)
        brush.fill(
            ellipse((low + high) / 2, -floor - 50, width * 0.62, 10.5), main, bulge=9, drop=0.4
        )
        brush.fill(
            ellipse((low + high) / 2, -floor - 50, width * 0.34, 6), main.plain(), bulge=5, drop=0.2
        )
    elif arms == "sloped arms":
        shape = np.array(
            [
                (inner, -floor - 58),
                (outer + side * 4, -floor - 46),
                (outer, -floor),
                (inner, -floor),
            ],
            np.float32,
        )
        brush.fill(curve(np.repeat(shape, 2, axis=0), steps=3), main, bulge=6)
    else:
        brush.fill(box(low, -floor - 54, high, -floor, 3.5), main, bulge=5)


def pillow_outline(shape: str, rng: np.random.Generator) -> Points:
    """The outline of a stuffed cushion: pointed corners and hollow sides, or a disc."""
    if shape == "round":
        return ellipse(0, 0, 22, 21)
    w, h = (30.0, 17.0) if shape == "lumbar" else (22.0, 22.0)
    hollow = float(rng.uniform(0.84, 0.9))
    c = 0.985
    corners = [(-w, -h), (w, -h), (w, h), (-w, h)]
    sides = [(0, -h * hollow), (w * hollow, 0), (0, h * hollow), (-w * hollow, 0)]
    points: list[tuple[float, float]] = []
    for corner, middle in zip(corners, sides, strict=True):
        points += [(corner[0] * c, corner[1]), (corner[0], corner[1] * c), middle]
    ordered = np.array(points, np.float32)
    return curve(_clockwise(ordered), steps=6)


def _clockwise(points: Points) -> Points:
    angle = np.arctan2(points[:, 1], points[:, 0])
    return points[np.argsort(angle)]


def draw_cushion(brush: Brush, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """A throw pillow from the front: shape, edge, tuft."""
    main, trim = tops.cloth(look), tops.trim_of(look)
    outline = pillow_outline(look.detail("shape"), rng)
    edge = look.detail("edge")
    closed = np.concatenate([outline, outline[:1]])
    if edge == "fringed edge":
        _fringe(brush, outline, trim.rgb)
    elif edge == "ruffled edge":
        brush.fill(
            outline * 1.17, main.plain(toned(main.rgb, 0.92)), folds="drape", bulge=2, drop=0.4
        )
    elif edge == "contrast piping":
        brush.line(closed, trim.rgb, 2.2)
    decal = tops.motif_on(look, 0, 0, 22.0 if look.detail("shape") != "lumbar" else 20.0)
    brush.fill(outline, main, bulge=17, puff=0.75, decal=decal)
    if edge == "contrast tassels":
        for x, y in _corners(outline):
            _tassel(brush, trim.rgb, x, y)
    if look.detail("centre") == "button tufted":
        brush.fill(ellipse(0, 0, 6, 5.4), main, bulge=5, puff=-0.8, drop=0)
        brush.fill(ellipse(0, 0, 1.8, 1.8, 16), trim, bulge=1.5, drop=0.5)


def _corners(outline: Points) -> list[tuple[float, float]]:
    picked = [
        outline[np.argmax(outline @ np.array(d))] for d in ((1, 1), (1, -1), (-1, 1), (-1, -1))
    ]
    return [(float(x), float(y)) for x, y in picked]


def _tassel(brush: Brush, rgb: Rgb, x: float, y: float) -> None:
    dx, dy = np.sign(x), np.sign(y)
    path = [(x * 0.97, y * 0.97), (x + dx * 2.5, y + dy * 2.5 + 0.6), (x + dx * 4, y + dy * 3 + 4)]
    brush.fill(tube(path, (1.6, 3.0, 4.0)), Surface(rgb, "wool"), bulge=1.2, drop=0.35)


def _fringe(brush: Brush, outline: Points, rgb: Rgb) -> None:
    closed = np.concatenate([outline, outline[:1]])
    step = np.linalg.norm(np.diff(closed, axis=0), axis=1)
    at = np.concatenate([[0], np.cumsum(step)])
    for t in np.linspace(0, at[-1], 90, endpoint=False):
        x, y = (float(np.interp(t, at, closed[:, k])) for k in (0, 1))
        reach = 1 + 3.4 / max(np.hypot(x, y), 1)
        brush.line(stroke([(x * 0.98, y * 0.98), (x * reach, y * reach + 0.7)]), rgb, 0.7)
