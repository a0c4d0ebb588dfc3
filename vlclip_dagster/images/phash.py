"""Perceptual hashes of photographs, equal to ``imagehash.phash`` bit for bit.

What belongs here: pixels to 64-bit hashes and the judgement whether a hash means anything.
What does not: comparing hashes (``duplicates``).

The hash (Klinger and Starkweather's pHash as imagehash computes it, ``hash_size=8``,
``highfreq_factor=4``): grey, Lanczos to 32 x 32, two-dimensional DCT-II, the 8 x 8 lowest
frequencies, one bit per coefficient: is it above their median. The first coefficient is the
most significant bit, as in ``str(imagehash.phash(image))``.
"""

from functools import lru_cache

import numpy as np
from PIL import Image

SIDE = 32
LOW = 8

# Rounding grey levels to integers gives each unnormalised coefficient a standard deviation of
# sqrt(4 * 32 * 32 / 12) = 18; three of those is a coefficient that says something.
SIGNAL = 55.0

# Below this distance to the median, a matrix product and a fast transform may round to
# different sides of it; such rows are left to imagehash.
AMBIGUOUS = 1e-6


def luma(image: Image.Image) -> np.ndarray:
    """The (32, 32) uint8 grey thumbnail that the hash sees."""
    grey = image.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return np.asarray(grey)


def phash_image(image: Image.Image) -> int:
    """The 64-bit pHash of a picture, equal to ``int(str(imagehash.phash(image)), 16)``."""
    return int(phash_luma(luma(image)[None])[0])


def phash_luma(thumbnails: np.ndarray) -> np.ndarray:
    """Hash grey thumbnails (n, 32, 32) uint8 in one matrix product; returns (n,) uint64."""
    low = _low_frequencies(thumbnails)
    median = np.median(low, axis=1, keepdims=True)
    near = np.abs(low - median) < AMBIGUOUS
    # The two coefficients around an even median lie symmetric to it, never on it, so a close
    # call is rare: blank and perfectly symmetric pictures.
    above = low > median
    for row in np.flatnonzero(near.any(axis=1)):
        import imagehash  # loads scipy, which most catalogs never need

        above[row] = imagehash.phash(Image.fromarray(thumbnails[row])).hash.reshape(-1)
    return np.packbits(above, axis=1).view(">u8")[:, 0].astype(np.uint64)


def is_degenerate(thumbnail: np.ndarray) -> bool:
    """Whether the hash of a (32, 32) thumbnail says too little to compare photographs by.

    True for blank, nearly blank and merely shaded pictures: fewer than a quarter of the 63
    oscillating coefficients stand out from what rounding alone produces. (A product that is its
    own mirror image keeps about half.)
    """
    return bool((np.abs(_low_frequencies(thumbnail[None])[0, 1:]) > SIGNAL).sum() < LOW * LOW // 4)


@lru_cache(maxsize=1)
def _basis() -> np.ndarray:
    """The (8, 32) rows of the unnormalised DCT-II matrix: 2 cos(pi k (2 i + 1) / 64)."""
    angles = np.outer(np.arange(LOW), 2 * np.arange(SIDE) + 1)
    return 2.0 * np.cos(np.pi * angles / (2 * SIDE))


def _low_frequencies(thumbnails: np.ndarray) -> np.ndarray:
    """Lowest DCT coefficients of (n, 32, 32) thumbnails as (n, 64) float64."""
    basis = _basis()
    return (basis @ thumbnails.astype(np.float64) @ basis.T).reshape(-1, LOW * LOW)
