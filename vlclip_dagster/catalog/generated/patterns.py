"""Patterns as periodic colour tiles: what is printed or woven into a surface.

What belongs here: the tile of a pattern in its colours. What does not: the material's
texture, and placed pictures (``motifs``).
"""

import cv2
import numpy as np
import numpy.typing as npt

from vlclip_dagster.catalog.generated.palette import Rgb, blended, distance, toned

Tile = npt.NDArray[np.uint8]

PATTERNS = ("solid", "striped", "floral", "checked", "polka dot", "graphic print")


def pattern_tile(
    pattern: str, size: int, ground: Rgb, figure: Rgb, seed: int, bold: bool = False
) -> Tile:
    """One period of ``pattern``: ``figure`` on ``ground``.

    Args:
        pattern: one of ``PATTERNS``; ``graphic print`` is an all-over print of large shapes
            (a placed motif is not a tile).
        size: side of the tile in pixels; 256 for a product 400 pixels long.
        ground: the product's main colour.
        figure: its second colour.
        seed: which arrangement of flowers or shapes.
        bold: fewer, larger figures.

    Returns:
        (size, size, 3) uint8 that continues across its edges.
    """
    tile = np.empty((size, size, 3), np.uint8)
    tile[:] = ground
    if pattern == "striped":
        _stripes(tile, figure, seed, bold)
    elif pattern == "checked":
        _checks(tile, ground, figure, seed, bold)
    elif pattern == "polka dot":
        _dots(tile, figure, bold)
    elif pattern == "floral":
        _flowers(tile, ground, figure, seed, bold)
    elif pattern == "graphic print":
        _shapes(tile, ground, figure, seed)
    return tile


def _stripes(tile: Tile, figure: Rgb, seed: int, bold: bool) -> None:
    size = len(tile)
    repeats = (6 if bold else 11) + seed % 3
    share = (0.5, 0.36, 0.5)[seed % 3]
    phase = (np.arange(size * 4) / (size * 4) * repeats) % 1
    cover = (phase < share).reshape(size, 4).mean(axis=1)[:, None, None]
    tile[:] = np.round(tile * (1 - cover) + np.array(figure) * cover)


def _checks(tile: Tile, ground: Rgb, figure: Rgb, seed: int, bold: bool) -> None:
    size = len(tile)
    repeats = 5 if bold else 9
    phase = (np.arange(size * 4) / (size * 4) * repeats) % 1
    band = (phase < 0.5).reshape(size, 4).mean(axis=1)
    cover = 0.5 * (band[:, None] + band[None, :])[..., None]
    woven = np.array(ground) * (1 - cover) + np.array(figure) * cover
    if seed % 2:
        line = (np.abs(phase - 0.25) < 0.045).reshape(size, 4).mean(axis=1)
        thread = np.maximum(line[:, None], line[None, :])[..., None] * 0.7
        third = toned(figure, 0.5) if distance(toned(figure, 0.5), figure) > 60 else (235, 232, 224)
        woven = woven * (1 - thread) + np.array(third) * thread
    tile[:] = np.round(woven)


def _wrapped(x: float, y: float, reach: float, size: int) -> list[tuple[float, float]]:
    """Where to draw a figure so that it continues over the tile's edges."""
    xs = [x] + [x + d * size for d in (-1, 1) if -reach < x + d * size < size + reach]
    ys = [y] + [y + d * size for d in (-1, 1) if -reach < y + d * size < size + reach]
    return [(a, b) for a in xs for b in ys]


def _disc(tile: Tile, x: float, y: float, r: float, colour: Rgb) -> None:
    cv2.circle(tile, (round(x * 16), round(y * 16)), round(r * 16), colour, -1, cv2.LINE_AA, 4)


def _dots(tile: Tile, figure: Rgb, bold: bool) -> None:
    size = len(tile)
    n = 6 if bold else 10
    step = size / n
    for row in range(n):
        for column in range(n):
            x = (column + 0.5 * (row % 2) + 0.25) * step
            y = (row + 0.5) * step
            for a, b in _wrapped(x, y, step, size):
                _disc(tile, a, b, step * 0.29, figure)


def _flowers(tile: Tile, ground: Rgb, figure: Rgb, seed: int, bold: bool) -> None:
    size = len(tile)
    rng = np.random.default_rng(seed)
    leaf = blended((64, 118, 66), ground, 0.15)
    heart: Rgb = (244, 200, 70) if distance(figure, (244, 200, 70)) > 90 else (250, 246, 238)
    n = 4 if bold else 6
    step = size / n
    for row in range(n):
        for column in range(n):
            x = (column + 0.5 * (row % 2) + rng.uniform(0.1, 0.5)) * step
            y = (row + rng.uniform(0.2, 0.8)) * step
            r = step * rng.uniform(0.24, 0.36)
            turn = rng.uniform(0, 6.28)
            for a, b in _wrapped(x, y, step, size):
                _flower(tile, a, b, r, turn, (figure, leaf, heart))


def _flower(
    tile: Tile, x: float, y: float, r: float, turn: float, colours: tuple[Rgb, Rgb, Rgb]
) -> None:
    petal, leaf, heart = colours
    for side in (0.6, 3.4):
        tip = (x + 1.55 * r * np.cos(turn + side), y + 1.55 * r * np.sin(turn + side))
        angle = np.degrees(turn + side)
        centre = (round((x + tip[0]) * 8), round((y + tip[1]) * 8))
        axes = (round(r * 0.78 * 16), round(r * 0.26 * 16))
        cv2.ellipse(tile, centre, axes, angle, 0, 360, leaf, -1, cv2.LINE_AA, 4)
    for k in range(5):
        angle = turn + k * 2 * np.pi / 5
        _disc(tile, x + 0.55 * r * np.cos(angle), y + 0.55 * r * np.sin(angle), r * 0.42, petal)
    _disc(tile, x, y, r * 0.26, heart)


def _shapes(tile: Tile, ground: Rgb, figure: Rgb, seed: int) -> None:
    """An all-over print of overlapping arcs, discs and triangles."""
    size = len(tile)
    rng = np.random.default_rng(seed)
    third = blended(ground, figure, 0.5)
    for k in range(9):
        x, y = rng.uniform(0, size, 2)
        r = size * rng.uniform(0.09, 0.17)
        colour = figure if k % 3 else third
        kind = int(rng.integers(3))
        turn = rng.uniform(0, 6.28)
        for a, b in _wrapped(x, y, r * 1.2, size):
            _shape(tile, kind, (a, b, r, turn), colour, ground)


def _shape(
    tile: Tile, kind: int, at: tuple[float, float, float, float], colour: Rgb, ground: Rgb
) -> None:
    x, y, r, turn = at
    if kind == 0:
        _disc(tile, x, y, r, colour)
        _disc(tile, x, y, r * 0.55, ground)
    elif kind == 1:
        angles = turn + np.arange(3) * 2 * np.pi / 3
        points = np.stack([x + r * np.cos(angles), y + r * np.sin(angles)], 1)
        cv2.fillPoly(tile, [np.round(points * 16).astype(np.int32)], colour, cv2.LINE_AA, 4)
    else:
        centre = (round(x * 16), round(y * 16))
        axes = (round(r * 16), round(r * 16))
        cv2.ellipse(tile, centre, axes, np.degrees(turn), 0, 180, colour, -1, cv2.LINE_AA, 4)
