"""A second look: whether two small pictures show the same photograph, pixel by pixel.

What belongs here: aligning two pictures and judging what still differs. What does not: which
pictures are worth the look (``duplicates``).
"""

import cv2
import numpy as np

from vlclip_dagster.images.colour import (
    colour_signature,
    distance,
    lab_miniature,
    perceived_differences,
)

SIDE = 96
CELLS = 16
STRONGEST = 4
# Measured on generated and real catalogs: of re-encoded, resized, padded and cropped copies, the
# cells that differ most stay below 29 grey levels; a moved or other product differs by 25 to 180
# and its colours by more than five units.
PIXEL_LIMIT = 32.0
# The colour difference that may be exceeded, and in how much of the picture. A copy at JPEG quality
# 40 stays below 1.9, a watermark covers less; of copies cropped or scaled, one in 200 has more. A
# product in another shade of one colour, all else equal, covers more and differs by 2.2.
SHADE_LIMIT = 2.0
CHANGED_PART = 0.08
# Copies framed within a window's steps of one another differ less than this before alignment.
HOPELESS = 30.0
# Windows are at most a few parts in a hundred apart; alignment that needs more made it up.
MOST_WARP = 0.1
SEARCH = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)


def same_picture(one: np.ndarray, other: np.ndarray, colour_threshold: float) -> bool:
    """Whether two (h, w, 3) uint8 sRGB pictures are copies of one, up to a slight reframing.

    Args:
        one: a picture.
        other: what may be the same, framed alike to a few parts in a hundred.
        colour_threshold: largest distance of their colour signatures, in Lab units.
    """
    left, right = _square(one), _square(other)
    if _same(left, right, colour_threshold):
        return True
    if _colour_distance(lab_miniature(left), lab_miniature(right)) > HOPELESS:
        return False
    aligned = _aligned(left, right)
    if aligned is None:
        return False
    # What the warp had to invent at the edges is not judged.
    edge = SIDE // CELLS
    inner = slice(edge, -edge)
    return _same(left[inner, inner], aligned[inner, inner], colour_threshold)


def _square(pixels: np.ndarray) -> np.ndarray:
    return cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def _same(left: np.ndarray, right: np.ndarray, colour_threshold: float) -> bool:
    """Whether two aligned pictures differ by no more than a copy does."""
    one, other = lab_miniature(left), lab_miniature(right)
    return (
        _colour_distance(one, other) <= colour_threshold
        and _change(one, other) <= SHADE_LIMIT
        and _difference(left, right) <= PIXEL_LIMIT
    )


def _colour_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Distance of two miniatures' colour signatures, in Lab units."""
    return distance(colour_signature(one), colour_signature(other))


def _change(one: np.ndarray, other: np.ndarray) -> float:
    """The colour difference that all but ``CHANGED_PART`` of the small cells stay below."""
    apart = perceived_differences(_cells(one), _cells(other))
    return float(np.quantile(apart, 1 - CHANGED_PART))


def _difference(left: np.ndarray, right: np.ndarray) -> float:
    """Mean grey-level difference in the ``STRONGEST`` most different small cells."""
    apart = cv2.absdiff(left, right).astype(np.float32)
    cells = _cells(apart, SIDE // CELLS).mean(axis=2)
    return float(np.sort(cells, axis=None)[-STRONGEST:].mean())


def _cells(picture: np.ndarray, side: int = 4) -> np.ndarray:
    """The means of an (h, w, c) picture's cells of ``side`` pixels, (h / side, w / side, c)."""
    height, width, channels = picture.shape
    shape = (height // side, side, width // side, side, channels)
    return np.asarray(picture.reshape(shape).mean(axis=(1, 3)))


def _aligned(fixed: np.ndarray, moving: np.ndarray) -> np.ndarray | None:
    """``moving`` shifted and stretched onto ``fixed`` (ECC, Evangelidis and Psarakis 2008).

    None where they have nothing in common or only a large distortion makes them meet.
    """
    one, other = (cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) for pixels in (fixed, moving))
    start = np.eye(2, 3, dtype=np.float32)
    try:
        _, warp = cv2.findTransformECC(one, other, start, cv2.MOTION_AFFINE, SEARCH)
    except cv2.error:
        return None
    if np.abs(warp[:, :2] - np.eye(2)).max() > MOST_WARP:
        return None
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(moving, warp, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
