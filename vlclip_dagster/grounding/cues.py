"""Where the product probably is, before anything knows what a product looks like.

What belongs here: a coarse saliency map from general cues. What does not: exact outlines
(``scene``).

The map is robust background detection (Zhu, Liang, Wei, Sun: Saliency Optimization from Robust
Background Detection, CVPR 2014) on a grid of cells in place of superpixels: a region is
background as far as it is tied to the photograph's border (its section 3, equations 1 to 4),
salient as far as it contrasts with background (section 4, equation 7), and both are reconciled
by least squares (section 4.2, equation 9). A mild preference for the middle joins the contrast.
"""

import cv2
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

# Colour differences up to about this many Lab units count as the same region (eq. 3).
SAME_COLOUR = 10.0
# Reach of contrast, as a share of the photograph's side (eq. 7).
REACH = 0.25
# The middle of a product photograph, vertical and horizontal: flat up to about half of this, so
# that a product may fill the picture, and falling fast towards the border.
MIDDLE = (0.29, 0.255)


def salience(lab: np.ndarray, cell_px: int) -> np.ndarray:
    """Coarse saliency of an (h, w, 3) float32 Lab picture, one value 0 to 1 per cell.

    Args:
        lab: the picture, already small (its longest side 100 to 200 pixels).
        cell_px: side of a cell; the result has about h / cell_px rows.
    """
    features = _cell_features(lab, cell_px)
    rows, columns = features.shape[:2]
    flat = features.reshape(rows * columns, -1)
    contrast = np.linalg.norm(flat[:, None] - flat[None], axis=2)
    background = _background(contrast, rows, columns)
    foreground = _foreground(contrast, background, rows, columns)
    energy = _smoothness(contrast, rows, columns)
    energy[np.diag_indices(len(energy))] += background + foreground + 1e-6
    optimum = np.linalg.solve(energy, foreground)
    spread = max(float(np.ptp(optimum)), 1e-6)
    return np.asarray(((optimum - optimum.min()) / spread).reshape(rows, columns))


def _cell_features(lab: np.ndarray, cell_px: int) -> np.ndarray:
    """(rows, columns, 4) float32: mean Lab of each cell, and how textured it is."""
    height, width = lab.shape[:2]
    size = (max(5, round(width / cell_px)), max(5, round(height / cell_px)))
    mean = cv2.resize(lab, size, interpolation=cv2.INTER_AREA)
    square = cv2.resize(lab[..., 0] ** 2, size, interpolation=cv2.INTER_AREA)
    texture = np.sqrt(np.maximum(square - mean[..., 0] ** 2, 0.0))
    return np.dstack([mean, 0.7 * texture])


def _background(contrast: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """(n,) how surely each cell is background, 0 to 1, by its tie to the border."""
    border = np.zeros((rows, columns), dtype=bool)
    border[[0, -1]] = True
    border[:, [0, -1]] = True
    distances = _geodesics(contrast, rows, columns, np.flatnonzero(border))
    alike = np.exp(-(distances**2) / (2 * SAME_COLOUR**2))
    tie = alike[:, border.reshape(-1)].sum(axis=1) / np.sqrt(alike.sum(axis=1))
    return np.asarray(1.0 - np.exp(-(tie**2) / 2))


def _geodesics(contrast: np.ndarray, rows: int, columns: int, border: np.ndarray) -> np.ndarray:
    """(n, n) least summed contrast between cells; all border cells count as neighbours.

    Steps that are no larger than usual between neighbours are free: texture is not an edge.
    """
    left, right = _neighbours(rows, columns)
    free = np.quantile(contrast[left, right], 0.3)
    one, other = np.triu_indices(len(border), 1)
    left = np.concatenate([left, border[one]])
    right = np.concatenate([right, border[other]])
    cost = np.maximum(contrast[left, right] - free, 0.0) + 1e-3
    graph = coo_matrix((cost, (left, right)), shape=contrast.shape).tocsr()
    return np.asarray(dijkstra(graph, directed=False))


def _neighbours(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of cells that touch, diagonally too."""
    at = np.arange(rows * columns).reshape(rows, columns)
    pairs = [
        (at[:, :-1], at[:, 1:]),
        (at[:-1], at[1:]),
        (at[:-1, :-1], at[1:, 1:]),
        (at[:-1, 1:], at[1:, :-1]),
    ]
    return (
        np.concatenate([a.reshape(-1) for a, _ in pairs]),
        np.concatenate([b.reshape(-1) for _, b in pairs]),
    )


def _foreground(
    contrast: np.ndarray, background: np.ndarray, rows: int, columns: int
) -> np.ndarray:
    """(n,) contrast to nearby background, weighted towards the middle, 0 to 1."""
    y, x = np.mgrid[0:rows, 0:columns]
    place = np.stack([(y.reshape(-1) + 0.5) / rows, (x.reshape(-1) + 0.5) / columns], axis=1)
    apart = ((place[:, None] - place[None]) ** 2).sum(axis=2)
    weighted = (contrast * np.exp(-apart / (2 * REACH**2))) @ background
    middle = np.exp(-(((place - 0.5) / np.array(MIDDLE)) ** 4).sum(axis=1) / 2)
    return np.asarray(weighted / max(float(weighted.max()), 1e-6) * middle)


def _smoothness(contrast: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """(n, n) graph Laplacian that ties alike neighbours together (eq. 9 and 10)."""
    left, right = _neighbours(rows, columns)
    tie = np.exp(-(contrast[left, right] ** 2) / (2 * SAME_COLOUR**2)) + 0.1
    laplacian = np.zeros_like(contrast)
    laplacian[left, right] = laplacian[right, left] = -tie
    laplacian[np.diag_indices(len(laplacian))] = -laplacian.sum(axis=1)
    return laplacian
