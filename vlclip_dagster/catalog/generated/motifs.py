"""Graphic prints: small pictures that a shop would name in a title.

Each motif is drawn on a transparent square in two colours of the product.
"""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from vlclip_dagster.catalog.generated.palette import Rgb

Plate = npt.NDArray[np.uint8]
"""A square picture with alpha, (n, n, 4) uint8."""

_WORDS = ("WILD", "OCEAN", "1984", "HELLO", "NORTH", "LUCKY")


def _poly(plate: Plate, points: list[tuple[float, float]], colour: Rgb) -> None:
    n = plate.shape[0]
    scaled = np.round(np.array(points) * n * 16).astype(np.int32)
    cv2.fillPoly(plate, [scaled], (*colour, 255), cv2.LINE_AA, 4)


def _disc(plate: Plate, x: float, y: float, r: float, colour: Rgb) -> None:
    n = plate.shape[0]
    centre = (round(x * n * 16), round(y * n * 16))
    cv2.circle(plate, centre, round(r * n * 16), (*colour, 255), -1, cv2.LINE_AA, 4)


def _stroke(plate: Plate, points: list[tuple[float, float]], width: float, colour: Rgb) -> None:
    n = plate.shape[0]
    scaled = np.round(np.array(points) * n * 16).astype(np.int32)
    width_px = max(1, round(width * n))
    cv2.polylines(plate, [scaled], False, (*colour, 255), width_px, cv2.LINE_AA, 4)


def _sun(plate: Plate, first: Rgb, second: Rgb) -> None:
    for k in range(12):
        angle = k * np.pi / 6
        near, far = 0.33, 0.47
        tip = [
            (0.5 + near * np.cos(angle), 0.5 + near * np.sin(angle)),
            (0.5 + far * np.cos(angle), 0.5 + far * np.sin(angle)),
        ]
        _stroke(plate, tip, 0.05, first)
    _disc(plate, 0.5, 0.5, 0.27, first)


def _mountain(plate: Plate, first: Rgb, second: Rgb) -> None:
    _disc(plate, 0.68, 0.28, 0.13, second)
    _poly(plate, [(0.02, 0.85), (0.38, 0.2), (0.72, 0.85)], first)
    _poly(plate, [(0.45, 0.85), (0.72, 0.42), (0.98, 0.85)], first)
    _poly(plate, [(0.38, 0.2), (0.27, 0.4), (0.38, 0.36), (0.5, 0.43)], second)


def _star(plate: Plate, first: Rgb, second: Rgb) -> None:
    for radius, colour in ((0.46, first), (0.26, second)):
        angles = np.arange(10) * np.pi / 5 - np.pi / 2
        reach = np.where(np.arange(10) % 2 == 0, radius, radius * 0.42)
        points = np.stack([0.5 + reach * np.cos(angles), 0.5 + reach * np.sin(angles)], 1)
        _poly(plate, [(float(x), float(y)) for x, y in points], colour)


def _heart(plate: Plate, first: Rgb, second: Rgb) -> None:
    t = np.linspace(0, 2 * np.pi, 60)
    x = 16 * np.sin(t) ** 3
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    outline = [(0.5 + float(a) * 0.028, 0.46 - float(b) * 0.028) for a, b in zip(x, y, strict=True)]
    _poly(plate, outline, first)


def _moon(plate: Plate, first: Rgb, second: Rgb) -> None:
    _disc(plate, 0.46, 0.5, 0.38, first)
    cv2.circle(
        plate,
        (round(0.62 * plate.shape[0]), round(0.42 * plate.shape[0])),
        round(0.31 * plate.shape[0]),
        (0, 0, 0, 0),
        -1,
    )
    for x, y in ((0.68, 0.32), (0.8, 0.55), (0.6, 0.55)):
        _disc(plate, x, y, 0.035, second)


def _wave(plate: Plate, first: Rgb, second: Rgb) -> None:
    x = np.linspace(0.04, 0.96, 40)
    for k, colour in enumerate((first, second, first, second)):
        y = 0.24 + 0.18 * k + 0.06 * np.sin(x * 4 * np.pi + k)
        _stroke(plate, [(float(a), float(b)) for a, b in zip(x, y, strict=True)], 0.075, colour)


def _leaf(plate: Plate, first: Rgb, second: Rgb) -> None:
    _stroke(plate, [(0.5, 0.96), (0.5, 0.08)], 0.04, first)
    for k in range(5):
        y = 0.2 + 0.15 * k
        for side in (-1, 1):
            tip = (0.5 + side * (0.22 + 0.035 * k), y - 0.1)
            middle = (0.5 + side * 0.16, y + 0.04)
            _poly(plate, [(0.5, y + 0.06), middle, tip, (0.5 + side * 0.1, y - 0.08)], first)


def _cat(plate: Plate, first: Rgb, second: Rgb) -> None:
    for side in (-1, 1):
        ear = [(0.5 + side * 0.36, 0.08), (0.5 + side * 0.06, 0.28), (0.5 + side * 0.34, 0.48)]
        _poly(plate, ear, first)
    _disc(plate, 0.5, 0.55, 0.34, first)
    for side in (-1, 1):
        _disc(plate, 0.5 + side * 0.13, 0.5, 0.06, second)
        _stroke(
            plate, [(0.5 + side * 0.1, 0.66), (0.5 + side * 0.4, 0.6 + 0.02 * side)], 0.02, second
        )
    _poly(plate, [(0.45, 0.6), (0.55, 0.6), (0.5, 0.66)], second)


def _slogan(plate: Plate, first: Rgb, second: Rgb, word: str) -> None:
    n = plate.shape[0]
    sheet = Image.new("L", (n * 2, n), 0)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=n * 0.5)
    draw.text((n, n // 2), word, fill=255, font=font, anchor="mm", stroke_width=max(1, n // 40))
    bounds = sheet.getbbox() or (0, 0, n, n)
    height = max(4, round(n * 0.9 * (bounds[3] - bounds[1]) / (bounds[2] - bounds[0])))
    letters = np.asarray(sheet.crop(bounds).resize((round(n * 0.9), min(height, n))))
    top, left = (n - letters.shape[0]) // 2, (n - letters.shape[1]) // 2
    window = plate[top : top + letters.shape[0], left : left + letters.shape[1]]
    window[..., :3] = first
    window[..., 3] = letters


_DRAWN: dict[str, Callable[[Plate, Rgb, Rgb], None]] = {
    "sun": _sun,
    "mountain": _mountain,
    "star": _star,
    "heart": _heart,
    "moon": _moon,
    "wave": _wave,
    "leaf": _leaf,
    "cat": _cat,
}

MOTIFS: tuple[str, ...] = (*_DRAWN, "slogan")
"""The motifs by the word a title uses for them."""


def plate(motif: str, size: int, first: Rgb, second: Rgb, seed: int) -> Plate:
    """Draw ``motif`` in two colours on a transparent square of ``size`` pixels."""
    side = max(12, size)
    sheet = np.zeros((side, side, 4), np.uint8)
    sheet[..., :3] = first
    if motif == "slogan":
        _slogan(sheet, first, second, _WORDS[seed % len(_WORDS)])
    else:
        _DRAWN[motif](sheet, first, second)
    return sheet
