"""Photographs on a plain backdrop: the border tells what the background is.

What belongs here: the model of a plain or smoothly shaded background. What does not: scenes
(``scene``).
"""

from dataclasses import dataclass

import cv2
import numpy as np

# Width of the border that is looked at, as a share of the shorter side.
BAND = 0.03
# The backdrop explains a pixel that differs from it by less than this, in Lab units.
PLAIN = 5.0
# The first accepts four times PLAIN, each one after it half as much, the last two PLAIN itself.
FIT_ROUNDS = 4
# Studio white: lightness above this, hardly a tint. Where the border shows this much of it, it is
# the backdrop, even behind a product that fills most of the border.
WHITE, WHITE_TINT = 97.0, 2.0
STUDIO_SHARE = 0.12
# A pixel that differs this much from the backdrop, in Lab units, belongs to the product or to
# its shadow.
LEAST_DIFFERENCE = 7.0
# A shadow darkens without tinting, and fades: its colour stays within TINT of the backdrop's,
# and lightness changes by less than FADING Lab units per pixel of a 256-pixel picture.
TINT = 6.0
FADING = 3.5


@dataclass(frozen=True)
class Backdrop:
    """A smooth background fitted to the border of a photograph.

    Attributes:
        delta: (h, w, 3) float32, each pixel less the background, in Lab.
        difference: (h, w) float32, its length, darkening counted less.
        plain: share of the border that the background explains, 0 to 1.
        noise: typical difference along the explained border, in Lab units.
        studio: whether the border shows studio white.
    """

    delta: np.ndarray
    difference: np.ndarray
    plain: float
    noise: float
    studio: bool

    def product(self) -> np.ndarray:
        """(h, w) bool: what differs from the backdrop, specks left out."""
        differs = self.difference > max(LEAST_DIFFERENCE, 4 * self.noise)
        return cv2.medianBlur(differs.astype(np.uint8), 3) > 0

    def shadow(self) -> np.ndarray:
        """(h, w) bool: where the picture is only darker than the backdrop, and smoothly so.

        The inside of a plain grey product answers to this too; its outline never does.
        """
        lightness = cv2.GaussianBlur(np.ascontiguousarray(self.delta[..., 0]), (3, 3), 0)
        across = cv2.Sobel(lightness, cv2.CV_32F, 1, 0) / 8
        down = cv2.Sobel(lightness, cv2.CV_32F, 0, 1) / 8
        fading = cv2.dilate(cv2.magnitude(across, down), np.ones((3, 3), np.uint8)) < FADING
        tinted = np.hypot(self.delta[..., 1], self.delta[..., 2]) > TINT
        return np.asarray((self.delta[..., 0] < 0) & ~tinted & fading)


def fit_backdrop(lab: np.ndarray) -> Backdrop:
    """Fit a quadratic surface per channel to the border of an (h, w, 3) float32 Lab picture.

    The product may touch the border, so the fit starts from the border's median colour and is
    repeated on the part of the border that it explains. Studio white is taken for the backdrop
    where there is some.
    """
    height, width = lab.shape[:2]
    terms = _terms(height, width)
    border = _border(height, width)
    at, colours = terms[border], lab[border]
    white = (colours[:, 0] > WHITE) & (np.hypot(colours[:, 1], colours[:, 2]) < WHITE_TINT)
    studio = bool(white.mean() > STUDIO_SHARE)
    start = (100.0, 0.0, 0.0) if studio else np.median(colours, axis=0)
    fitted = np.broadcast_to(np.asarray(start, dtype=np.float32), colours.shape)
    limit = 4 * PLAIN
    coefficients = np.zeros((terms.shape[2], 3), dtype=np.float32)
    for _ in range(FIT_ROUNDS):
        explained = _difference(colours, fitted) < limit
        if explained.mean() < (STUDIO_SHARE if studio else 0.25):
            break
        # The small ridge keeps a surface that is fitted on two sides from bending away.
        ridge = np.diag([0.0, 1, 1, 4, 4, 4]).astype(np.float32) * 0.002 * explained.sum()
        rows = at[explained]
        coefficients = np.linalg.solve(rows.T @ rows + ridge, rows.T @ colours[explained])
        fitted = at @ coefficients
        limit = max(PLAIN, limit / 2)
    away = _difference(colours, fitted)
    noise = float(np.median(away[away < PLAIN])) if (away < PLAIN).any() else PLAIN
    background = terms @ coefficients
    delta = (lab - background).astype(np.float32)
    plain = float((away < PLAIN).mean())
    return Backdrop(delta, _difference(lab, background), plain, noise, studio)


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
    """CIE76 difference with darkening counted less: soft shadows belong to the background."""
    delta = (lab - background).astype(np.float32)
    lightness = np.where(delta[..., 0] < 0, 0.7 * delta[..., 0], delta[..., 0])
    return np.sqrt(lightness**2 + delta[..., 1] ** 2 + delta[..., 2] ** 2)
