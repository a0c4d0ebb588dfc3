"""Photographs on a plain backdrop: the border tells what the background is.

What belongs here: the model of a plain or smoothly shaded background. What does not: scenes
(``scene``).
"""

from dataclasses import dataclass

import numpy as np

BAND = 0.03
PLAIN = 5.0
FIT_ROUNDS = 4


@dataclass(frozen=True)
class Backdrop:
    """A smooth background fitted to the border of a photograph.

    Attributes:
        difference: (h, w) float32, how far each pixel is from the background, in Lab units.
        plain: share of the border that the background explains, 0 to 1.
        noise: typical difference along the explained border, in Lab units.
    """

    difference: np.ndarray
    plain: float
    noise: float


def fit_backdrop(lab: np.ndarray) -> Backdrop:
    """Fit a quadratic surface per channel to the border of an (h, w, 3) float32 Lab picture.

    The product may touch the border, so the fit starts from the border's median colour and is
    repeated on the part of the border that it explains.
    """
    height, width = lab.shape[:2]
    terms = _terms(height, width)
    border = _border(height, width)
    at, colours = terms[border], lab[border]
    fitted = np.broadcast_to(np.median(colours, axis=0), colours.shape)
    limit = 4 * PLAIN
    coefficients = np.zeros((terms.shape[2], 3), dtype=np.float32)
    for _ in range(FIT_ROUNDS):
        explained = _difference(colours, fitted) < limit
        if explained.mean() < 0.25:
            break
        # The small ridge keeps a surface that is fitted on two sides from bending away.
        ridge = np.diag([0.0, 1, 1, 4, 4, 4]).astype(np.float32) * 0.002 * explained.sum()
        rows = at[explained]
        coefficients = np.linalg.solve(rows.T @ rows + ridge, rows.T @ colours[explained])
        fitted = at @ coefficients
        limit = max(PLAIN, limit / 2)
    away = _difference(colours, fitted)
    noise = float(np.median(away[away < PLAIN])) if (away < PLAIN).any() else PLAIN
    difference = _difference(lab, terms @ coefficients)
    return Backdrop(difference, float((away < PLAIN).mean()), noise)


def _terms(height: int, width: int) -> np.ndarray:
    """(h, w, 6) float32: 1, x, y, x², y², xy with x and y from -1 to 1."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=2)


def _border(height: int, width: int) -> np.ndarray:
    """(h, w) bool: a band along the four sides."""
    band = max(1, round(BAND * min(height, width)))
    border = np.ones((height, width), dtype=bool)
    border[band : height - band, band : width - band] = False
    return border


def _difference(lab: np.ndarray, background: np.ndarray) -> np.ndarray:
    """CIE76 difference with darkening counted half: soft shadows belong to the background."""
    delta = (lab - background).astype(np.float32)
    lightness = np.where(delta[..., 0] < 0, 0.7 * delta[..., 0], delta[..., 0])
    return np.sqrt(lightness**2 + delta[..., 1] ** 2 + delta[..., 2] ** 2)
