"""Periodic noise fields that textures, folds and backgrounds are made of.

Each is computed once a process from a fixed seed, so all products share them and no product's
picture depends on which other products the same process drew.
"""

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

SIZE = 256
"""Side of every field in reference pixels (a product 400 pixels long has scale 1)."""

Field = npt.NDArray[np.float32]


@lru_cache(maxsize=64)
def noise(seed: int, across: float, down: float, low: float = 0.0) -> Field:
    """Filtered noise of zero mean and unit deviation that wraps around at its edges.

    Args:
        seed: which noise.
        across: cut-off along x, in waves per field; the larger, the finer.
        down: cut-off along y.
        low: waves below this frequency are taken out as well.

    Returns:
        (256, 256) float32, read-only by convention.
    """
    white = np.random.default_rng(seed).normal(size=(SIZE, SIZE))
    fx = np.fft.fftfreq(SIZE, 1 / SIZE)[None, :]
    fy = np.fft.fftfreq(SIZE, 1 / SIZE)[:, None]
    gain = np.exp(-((fx / across) ** 2) - (fy / down) ** 2)
    if low:
        gain = gain * (1 - np.exp(-(fx**2 + fy**2) / low**2))
    gain[0, 0] = 0
    field = np.fft.ifft2(np.fft.fft2(white) * gain).real
    return (field / field.std()).astype(np.float32)


@lru_cache(maxsize=16)
def relief(kind: str) -> Field:
    """The height field of cloth that hangs or lies in a certain way, about -1 to 1.

    ``drape`` hangs in soft vertical folds, ``crumple`` lies in irregular ones, ``pleats`` has
    pressed vertical edges, ``quilt`` swells in horizontal channels, ``channels`` in vertical
    ones, ``cable`` is a coarse plait.
    """
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32) / SIZE
    if kind == "drape":
        return np.tanh(noise(11, 9, 1.1) * 0.8)
    if kind == "crumple":
        return np.tanh((noise(12, 5, 4) + 0.5 * noise(13, 10, 7)) * 0.7)
    if kind == "pleats":
        return 2 * np.abs((x * 14) % 1 - 0.25).clip(0, 0.5) - 0.5
    if kind == "quilt":
        return np.abs(np.sin(np.pi * y * 8)).astype(np.float32) ** 0.7
    if kind == "channels":
        return np.abs(np.sin(np.pi * x * 9)).astype(np.float32) ** 0.7
    if kind == "cable":
        return (np.sin(2 * np.pi * (y * 10 + np.abs((x * 5) % 1 - 0.5) * 2))).astype(np.float32)
    return np.zeros((SIZE, SIZE), np.float32)


@lru_cache(maxsize=4)
def grain(sigma: float = 1.0) -> npt.NDArray[np.int16]:
    """Sensor noise for a photograph, (1024, 1024, 3) int16 with the given deviation."""
    rng = np.random.default_rng(99)
    mono = rng.normal(size=(1024, 1024, 1))
    colour = rng.normal(size=(1024, 1024, 3))
    return np.round((mono * 0.8 + colour * 0.6) * sigma).astype(np.int16)


def cloud(width: int, height: int, seed: int, coarse: int = 6) -> Field:
    """Smooth noise of any size for backgrounds, (height, width) float32 of about unit deviation."""
    rng = np.random.default_rng(seed)
    small = rng.normal(size=(coarse, max(2, coarse * width // height))).astype(np.float32)
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return large.astype(np.float32, copy=False)
