"""Photographs made small enough for a page, with or without their box.

What belongs here: encoded bytes in, encoded bytes out. What does not: where photographs come from,
and how they are laid out.
"""

import cv2
import numpy as np

from vlclip_dagster.evaluation.inputs import Picture

EDGE = 240
_QUALITY = 82
# BGR of the page's accent; the white line under it keeps it visible on dark photographs.
_ACCENT = (99, 110, 11)


def thumbnail(image: bytes, edge: int = EDGE) -> bytes | None:
    """Shrink an encoded picture to at most ``edge`` pixels a side, as JPEG; None if unreadable."""
    pixels = _decode(image)
    return None if pixels is None else _encode(_shrink(pixels, edge)[0])


def boxed(image: bytes, box: tuple[float, float, float, float], edge: int = EDGE) -> bytes | None:
    """A thumbnail with ``box`` drawn on it; None if the picture is unreadable.

    Args:
        image: encoded picture.
        box: x0, y0, x1, y1 in pixels of ``image``.
        edge: longest side of the result in pixels.
    """
    pixels = _decode(image)
    if pixels is None:
        return None
    small, scale = _shrink(pixels, edge)
    x0, y0, x1, y1 = (round(value * scale) for value in box)
    for colour, width in (((255, 255, 255), 4), (_ACCENT, 2)):
        cv2.rectangle(small, (x0, y0), (x1 - 1, y1 - 1), colour, width)
    return _encode(small)


def contact_sheet(rows: list[list[Picture]], edge: int = 120) -> bytes | None:
    """Set pictures in rows on white, as one JPEG for a dashboard; the right ones are framed.

    Returns:
        None when there is no row.
    """
    if not any(rows):
        return None
    width = max(len(row) for row in rows)
    sheet = np.full((len(rows) * edge, width * edge, 3), 255, np.uint8)
    for y, row in enumerate(rows):
        for x, shown in enumerate(row):
            _place(sheet[y * edge : (y + 1) * edge, x * edge : (x + 1) * edge], shown)
    return _encode(sheet)


def _place(cell: np.ndarray, shown: Picture, margin: int = 5) -> None:
    """Draw one picture in the middle of its square cell."""
    edge = len(cell)
    pixels = None if shown.image is None else _decode(shown.image)
    if pixels is not None:
        small, _ = _shrink(pixels, edge - 2 * margin)
        height, width = small.shape[:2]
        top, left = (edge - height) // 2, (edge - width) // 2
        cell[top : top + height, left : left + width] = small
    if shown.right:
        cv2.rectangle(cell, (1, 1), (edge - 2, edge - 2), _ACCENT, 3)


def _decode(image: bytes) -> np.ndarray | None:
    if not image:
        return None
    return cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)


def _shrink(pixels: np.ndarray, edge: int) -> tuple[np.ndarray, float]:
    """``pixels`` at most ``edge`` a side, never enlarged, and the factor applied."""
    height, width = pixels.shape[:2]
    scale = min(1.0, edge / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), scale


def _encode(pixels: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
