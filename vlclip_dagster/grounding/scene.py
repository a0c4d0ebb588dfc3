"""Outlining the product in a scene, from a rough idea of where it is.

What belongs here: the refinement of a saliency map to a mask, and how much to trust it. What
does not: the saliency map itself (``cues``) and plain backdrops (``backdrop``).
"""

import cv2
import numpy as np

ROUNDS = 1
SEED = 7


def outline(lab: np.ndarray, salience: np.ndarray) -> np.ndarray:
    """The (h, w) bool mask of what stands out in an (h, w, 3) float32 Lab picture.

    GrabCut (Rother, Kolmogorov, Blake, SIGGRAPH 2004) seeded by the saliency map: colours of
    what is salient against colours of the rest, with edges where the picture has them.
    """
    height, width = lab.shape[:2]
    fine = cv2.resize(salience.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    level = otsu(fine)
    labels = np.where(fine > level, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[_rim(height, width) & (fine < level / 2)] = cv2.GC_BGD
    seeded = fine > level
    if seeded.all() or not seeded.any():
        return seeded
    cv2.setRNGSeed(SEED)
    pixels = np.clip(lab * (2.55, 1, 1) + (0, 128, 128), 0, 255).astype(np.uint8)
    back, front = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(pixels, labels, (0, 0, 1, 1), back, front, ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD))


def otsu(values: np.ndarray) -> float:
    """The level that splits values from 0 to 1 best in two (Otsu 1979)."""
    scaled = np.clip(values * 255, 0, 255).astype(np.uint8)
    level, _ = cv2.threshold(scaled, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return float(level) / 255


def _rim(height: int, width: int) -> np.ndarray:
    """(h, w) bool: the outermost pixels."""
    rim = np.ones((height, width), dtype=bool)
    rim[1:-1, 1:-1] = False
    return rim
