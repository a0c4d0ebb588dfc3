"""Outlines: closed and open curves as (n, 2) float32 arrays, x to the right and y down.

What belongs here: pure geometry in whatever unit the caller draws in. What does not: pixels.
A point given twice in a row is a corner; every other point is passed smoothly.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float32]
PointList = Sequence[tuple[float, float]] | Points


def curve(points: PointList, *, closed: bool = True, steps: int = 7) -> Points:
    """A uniform Catmull-Rom spline through ``points``, ``steps`` samples a segment.

    Returns:
        (m, 2) samples; an open curve ends on its last point, a closed one is not repeated.
    """
    here = np.asarray(points, np.float32)
    if closed:
        before, after, beyond = (np.roll(here, k, axis=0) for k in (1, -1, -2))
    else:
        padded = np.concatenate([here[:1], here, here[-1:]])
        before, here, after, beyond = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = (np.arange(steps, dtype=np.float32) / steps)[None, :, None]
    p0, p1, p2, p3 = (part[:, None, :] for part in (before, here, after, beyond))
    spline = 0.5 * (
        2 * p1
        + (p2 - p0) * t
        + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2
        + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    )
    # Between the two copies of a corner there is no way to go; a spline would draw a loop.
    moves = np.any(np.abs(p2 - p1)[:, 0] > 1e-6, axis=1)
    samples = spline[moves].reshape(-1, 2)
    if not closed:
        samples = np.concatenate([samples, np.asarray(points, np.float32)[-1:]])
    return samples.astype(np.float32)


def mirrored(right: PointList) -> Points:
    """Close a right half, listed from top to bottom, by its mirror image about x = 0."""
    half = np.asarray(right, np.float32)
    other = half[::-1][np.abs(half[::-1, 0]) > 1e-6] * np.array([-1, 1], np.float32)
    return np.concatenate([half, other])


def symmetric(right: PointList, steps: int = 7) -> Points:
    """The smooth outline whose right half passes through ``right``."""
    return curve(mirrored(right), steps=steps)


def tube(path: PointList, widths: Sequence[float], steps: int = 6) -> Points:
    """The outline of a limb, strap or leg: ``path`` thickened by the full ``widths`` along it."""
    spine = curve(path, closed=False, steps=steps)
    along = np.linspace(0, 1, len(spine))
    half = np.interp(along, np.linspace(0, 1, len(widths)), widths)[:, None] / 2
    tangent = np.gradient(spine, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-6)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    return np.concatenate([spine + normal * half, (spine - normal * half)[::-1]]).astype(np.float32)


def ellipse(x: float, y: float, rx: float, ry: float, n: int = 44) -> Points:
    """An ellipse about (x, y)."""
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return np.stack([x + rx * np.cos(angle), y + ry * np.sin(angle)], axis=1).astype(np.float32)


def box(x0: float, y0: float, x1: float, y1: float, radius: float = 0.0) -> Points:
    """A rectangle with rounded corners."""
    radius = min(radius, abs(x1 - x0) / 2, abs(y1 - y0) / 2)
    if radius <= 0:
        return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float32)
    quarter = np.linspace(0, np.pi / 2, 6)
    corners = []
    for cx, cy, turn in (
        (x1 - radius, y1 - radius, 0.0),
        (x0 + radius, y1 - radius, np.pi / 2),
        (x0 + radius, y0 + radius, np.pi),
        (x1 - radius, y0 + radius, 3 * np.pi / 2),
    ):
        corners.append(
            np.stack(
                [cx + radius * np.cos(quarter + turn), cy + radius * np.sin(quarter + turn)], 1
            )
        )
    return np.concatenate(corners).astype(np.float32)


def part_of(path: Points, start: float, stop: float, n: int = 24) -> Points:
    """The piece of an open polyline between two shares (0 to 1) of its length."""
    step = np.linalg.norm(np.diff(path, axis=0), axis=1)
    at = np.concatenate([[0], np.cumsum(step)])
    wanted = np.linspace(start, stop, n) * at[-1]
    return np.stack([np.interp(wanted, at, path[:, k]) for k in (0, 1)], axis=1).astype(np.float32)


def moved(points: Points, dx: float = 0.0, dy: float = 0.0, scale: float = 1.0) -> Points:
    """``points`` scaled about the origin, then shifted."""
    return (points * scale + np.array([dx, dy], np.float32)).astype(np.float32)


def heading(path: Points) -> float:
    """The angle, in degrees, by which a path that hangs straight down has been turned."""
    delta = path[-1] - path[0]
    return float(np.degrees(np.arctan2(-delta[0], delta[1])))


def stroke(points: PointList) -> Points:
    """A smooth open path through ``points``."""
    return curve(points, closed=False)
