"""Places: the rooms, streets, parks and studios in which lifestyle photographs are taken.

What belongs here: what is far away and out of focus, painted straight onto a picture. What
does not: products, people, and where they stand (``staging``).
"""

from dataclasses import dataclass

import cv2
import numpy as np

from vlclip_dagster.catalog.generated.fields import SIZE, cloud
from vlclip_dagster.catalog.generated.materials import texture
from vlclip_dagster.catalog.generated.palette import Rgb, blended, toned
from vlclip_dagster.catalog.generated.surface import Pixels

WALLS: tuple[Rgb, ...] = (
    (226, 221, 212), (206, 212, 210), (192, 200, 186), (214, 196, 180), (178, 190, 204),
    (236, 230, 218), (170, 172, 172), (204, 176, 160), (128, 146, 140), (94, 108, 128),
    (222, 206, 208), (150, 122, 104),
)  # fmt: skip
FLOORS: tuple[Rgb, ...] = (
    (176, 138, 100), (138, 100, 70), (206, 180, 148), (112, 84, 64), (168, 160, 150),
    (196, 192, 186),
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A painted background.

    Attributes:
        rgb: (h, w, 3) uint8.
        floor: the row where wall or horizon meets the ground.
        indoors: whether furniture belongs here.
    """

    rgb: Pixels
    floor: int
    indoors: bool


def room(width: int, height: int, floor: int, rng: np.random.Generator) -> Place:
    """A room: wall, floor, perhaps a window and pictures."""
    wall = WALLS[int(rng.integers(len(WALLS)))]
    canvas = _painted(width, height, wall, rng)
    kind = int(rng.integers(5))
    if kind == 0:
        _bricks(canvas, floor, toned(wall, 0.93), rng)
    elif kind == 1:
        _panels(canvas, floor, wall, rng)
    elif kind == 2:
        _wallpaper(canvas, floor, wall, rng)
    if rng.random() < 0.55:
        _window(canvas, floor, rng)
    for _ in range(int(rng.integers(0, 3))):
        _picture(canvas, floor, rng)
    _planks(canvas, floor, FLOORS[int(rng.integers(len(FLOORS)))], rng)
    cv2.rectangle(canvas, (0, floor - 9), (width, floor), toned(wall, 1.12), -1)
    cv2.line(canvas, (0, floor), (width, floor), toned(wall, 0.55), 2)
    return Place(canvas, floor, True)


def street(width: int, height: int, floor: int, rng: np.random.Generator) -> Place:
    """House fronts with windows above a pavement."""
    canvas = _gradient(width, height, (176, 204, 232), (232, 236, 238))
    x = -int(rng.integers(0, 60))
    while x < width:
        wide = int(rng.integers(width // 4, width // 2))
        tone = WALLS[int(rng.integers(len(WALLS)))]
        _house(canvas, (x, int(rng.integers(0, height // 4)), x + wide, floor), tone, rng)
        x += wide
    ground = (150, 150, 152) if rng.random() < 0.6 else (178, 166, 150)
    _pavement(canvas, floor, ground, rng)
    return Place(canvas, floor, False)


def park(width: int, height: int, floor: int, rng: np.random.Generator) -> Place:
    """Trees under a sky, and grass."""
    canvas = _gradient(width, height, (150, 192, 232), (226, 234, 236))
    for _ in range(int(rng.integers(5, 10))):
        x, size = int(rng.integers(-40, width + 40)), int(rng.integers(width // 9, width // 4))
        green = blended((52, 92, 48), (126, 150, 70), float(rng.random()))
        cv2.rectangle(
            canvas, (x - size // 9, floor - size), (x + size // 9, floor), (96, 76, 58), -1
        )
        for _ in range(6):
            dx, dy = rng.normal(0, size * 0.42, 2)
            leaf = toned(green, float(rng.uniform(0.8, 1.2)))
            cv2.circle(
                canvas, (int(x + dx), int(floor - size * 1.3 + dy)), int(size * 0.5), leaf, -1
            )
    ground = (112, 140, 72) if rng.random() < 0.7 else (196, 178, 140)
    canvas[floor:] = ground
    _roughen(canvas[floor:], "felt", 0.35, rng)
    return Place(canvas, floor, False)


def studio(width: int, height: int, floor: int, rng: np.random.Generator) -> Place:
    """A seamless coloured backdrop with a soft spot of light."""
    base = WALLS[int(rng.integers(len(WALLS)))]
    if rng.random() < 0.5:
        red, green, blue = (int(value) for value in rng.integers(60, 230, 3))
        base = blended(base, (red, green, blue), 0.45)
    canvas = _painted(width, height, base, rng)
    shade = np.linspace(1.06, 0.86, height - floor, dtype=np.float32)[:, None, None]
    canvas[floor:] = np.clip(canvas[floor:] * shade, 0, 255).astype(np.uint8)
    return Place(canvas, floor, True)


def ground(width: int, height: int, base: Rgb, name: str, rng: np.random.Generator) -> Pixels:
    """A floor, table or bed sheet seen from straight above."""
    canvas = _painted(width, height, base, rng)
    _roughen(canvas, name, 0.09, rng)
    return canvas


def _gradient(width: int, height: int, top: Rgb, bottom: Rgb) -> Pixels:
    share = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    column = np.array(top, np.float32) * (1 - share) + np.array(bottom, np.float32) * share
    return np.ascontiguousarray(np.broadcast_to(column[:, None], (height, width, 3))).astype(
        np.uint8
    )


def _painted(width: int, height: int, base: Rgb, rng: np.random.Generator) -> Pixels:
    """A wall with uneven light on it."""
    light = cloud(width // 4, height // 4, int(rng.integers(1 << 30)), 3) * 0.05
    slope = np.linspace(0.09, -0.09, width // 4, dtype=np.float32) * float(rng.choice((-1, 1)))
    gain = cv2.resize(1 + light + slope, (width, height))
    return np.clip(gain[..., None] * np.array(base, np.float32), 0, 255).astype(np.uint8)


def _bricks(canvas: Pixels, floor: int, mortar: Rgb, rng: np.random.Generator) -> None:
    height = int(rng.integers(12, 20))
    width = height * 3
    tone = toned(mortar, 0.8)
    for row, y in enumerate(range(0, floor, height)):
        cv2.line(canvas, (0, y), (canvas.shape[1], y), tone, 1)
        for x in range(-width + (row % 2) * width // 2, canvas.shape[1], width):
            cv2.line(canvas, (x, y), (x, y + height), tone, 1)


def _panels(canvas: Pixels, floor: int, wall: Rgb, rng: np.random.Generator) -> None:
    step = int(rng.integers(90, 150))
    for x in range(int(rng.integers(-step, 0)), canvas.shape[1], step):
        for y0, y1 in (
            (int(floor * 0.08), int(floor * 0.62)),
            (int(floor * 0.7), int(floor * 0.93)),
        ):
            cv2.rectangle(canvas, (x + 12, y0), (x + step - 12, y1), toned(wall, 0.84), 2)
            cv2.rectangle(canvas, (x + 14, y0 + 2), (x + step - 10, y1 + 2), toned(wall, 1.07), 1)


def _wallpaper(canvas: Pixels, floor: int, wall: Rgb, rng: np.random.Generator) -> None:
    step = int(rng.integers(16, 40))
    tone = toned(wall, 0.93)
    for x in range(0, canvas.shape[1], step * 2):
        cv2.rectangle(canvas, (x, 0), (x + step, floor), tone, -1)


def _window(canvas: Pixels, floor: int, rng: np.random.Generator) -> None:
    width = canvas.shape[1]
    w, h = int(width * rng.uniform(0.2, 0.34)), int(floor * rng.uniform(0.5, 0.72))
    x, y = int(rng.uniform(-0.1, 0.85) * width), int(floor * rng.uniform(0.04, 0.16))
    sky = _gradient(w, h, (214, 230, 246), (244, 244, 236))
    green = (150, 176, 130)
    for _ in range(5):
        cv2.circle(sky, (int(rng.integers(0, w)), h), int(rng.integers(h // 8, h // 4)), green, -1)
    x0, x1 = max(x, 0), min(x + w, width)
    if x1 > x0:
        canvas[y : y + h, x0:x1] = sky[:, x0 - x : x1 - x]
    for frame in ((x, y, x + w, y + h), (x, y, x + w // 2, y + h), (x, y, x + w, y + h // 2)):
        cv2.rectangle(canvas, frame[:2], frame[2:], (246, 245, 242), 5)


def _picture(canvas: Pixels, floor: int, rng: np.random.Generator) -> None:
    width = canvas.shape[1]
    w, h = (int(v) for v in rng.integers(40, 90, 2))
    x, y = int(rng.integers(0, max(1, width - w))), int(rng.integers(6, max(7, floor // 3)))
    art = tuple(int(v) for v in rng.integers(60, 230, 3))
    cv2.rectangle(canvas, (x, y), (x + w, y + h), (244, 242, 236), -1)
    cv2.rectangle(canvas, (x + 7, y + 7), (x + w - 7, y + h - 7), art, -1)
    cv2.circle(canvas, (x + w // 2, y + h // 2), min(w, h) // 5, tuple(255 - v for v in art), -1)
    cv2.rectangle(canvas, (x, y), (x + w, y + h), (70, 58, 48), 3)


def _planks(canvas: Pixels, floor: int, base: Rgb, rng: np.random.Generator) -> None:
    """Floor boards that run towards a vanishing point."""
    height, width = canvas.shape[:2]
    ground = canvas[floor:]
    if not len(ground):
        return
    ground[:] = base
    _roughen(ground, "wood", 0.12, rng)
    shade = np.linspace(0.82, 1.08, len(ground), dtype=np.float32)[:, None, None]
    ground[:] = np.clip(ground * shade, 0, 255).astype(np.uint8)
    vanish = width / 2 + float(rng.uniform(-0.2, 0.2)) * width
    for x in np.linspace(-1.6 * width, 2.6 * width, 36):
        near = (int(x), height)
        far = (int(vanish + (x - vanish) * 0.42), floor)
        cv2.line(canvas, far, near, toned(base, 0.72), 1, cv2.LINE_AA)


def _pavement(canvas: Pixels, floor: int, base: Rgb, rng: np.random.Generator) -> None:
    height, width = canvas.shape[:2]
    canvas[floor:] = base
    _roughen(canvas[floor:], "felt", 0.1, rng)
    depth = max(height - floor, 1)
    for share in (0.0, 0.16, 0.42, 0.85):
        y = floor + int(depth * share)
        cv2.line(canvas, (0, y), (width, y), toned(base, 0.78), 2)
    for x in np.linspace(-width, 2 * width, 15):
        far = (int(width / 2 + (x - width / 2) * 0.45), floor)
        cv2.line(canvas, far, (int(x), height), toned(base, 0.8), 1, cv2.LINE_AA)


def _house(
    canvas: Pixels, box: tuple[int, int, int, int], tone: Rgb, rng: np.random.Generator
) -> None:
    x0, y0, x1, y1 = box
    cv2.rectangle(canvas, (x0, y0), (x1, y1), tone, -1)
    columns, rows = int(rng.integers(2, 4)), int(rng.integers(3, 5))
    w, h = (x1 - x0) / columns, (y1 - y0) / rows
    glass = blended((70, 86, 104), (170, 190, 206), float(rng.random()))
    for row in range(rows):
        for column in range(columns):
            left, top = int(x0 + (column + 0.24) * w), int(y0 + (row + 0.2) * h)
            right, bottom = int(x0 + (column + 0.76) * w), int(y0 + (row + 0.8) * h)
            if row == rows - 1:
                bottom = y1
            cv2.rectangle(canvas, (left, top), (right, bottom), glass, -1)
            cv2.rectangle(canvas, (left, top), (right, bottom), toned(tone, 1.15), 3)
    cv2.line(canvas, (x1, y0), (x1, y1), toned(tone, 0.6), 2)


def _roughen(patch: Pixels, name: str, depth: float, rng: np.random.Generator) -> None:
    """Multiply a texture into part of a picture, stretched sideways like a receding ground."""
    height, width = patch.shape[:2]
    if not height:
        return
    grain = np.roll(texture(name), int(rng.integers(SIZE)), axis=1)
    gain = 1 + depth * cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR)
    patch[:] = np.clip(patch * gain[..., None], 0, 255).astype(np.uint8)
