"""Vases. Units are centimetres; the origin is the surface under the middle."""

import numpy as np

from vlclip_dagster.catalog.generated import tops
from vlclip_dagster.catalog.generated.brush import Brush
from vlclip_dagster.catalog.generated.figure import Pose
from vlclip_dagster.catalog.generated.geometry import (
    Points,
    curve,
    ellipse,
    stroke,
    symmetric,
    tube,
)
from vlclip_dagster.catalog.generated.look import Look
from vlclip_dagster.catalog.generated.palette import toned
from vlclip_dagster.catalog.generated.surface import Surface


def draw_vase(brush: Brush, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """A vase: form, handles, dipped base, ribs."""
    main = tops.cloth(look)
    profile = _vase_profile(look.detail("shape"), rng)
    outline = symmetric(profile)
    half, top = profile[1][0], profile[0][1]
    if look.detail("handles") == "two handles":
        _ears(brush, main, outline, top)
    brush.fill(ellipse(0, top, half, 1.6), main.plain(), tone=0.4, bulge=0.5, drop=0)
    folds = "channels" if look.detail("finish") == "ribbed" else None
    decal = tops.motif_on(look, 0, top * 0.42, 14)
    brush.fill(outline, main, bulge=9, puff=0.9, folds=folds, decal=decal)
    rim = ellipse(0, top, half, 1.6)
    brush.fill(rim, main.plain(), tone=0.5, bulge=0.5, drop=0)
    brush.line(np.concatenate([rim, rim[:1]]), toned(main.rgb, 1.15), 0.6)
    level = top * 0.36
    if look.detail("finish") == "contrast dipped base":
        brush.fill(outline[outline[:, 1] > level], tops.trim_of(look), bulge=9, puff=0.9, drop=0)
    elif look.detail("finish") == "contrast rim":
        brush.line(np.concatenate([rim, rim[:1]]), look.second_rgb, 1.3)
    _gleam(brush, main, outline)


def _ears(brush: Brush, main: Surface, outline: Points, top: float) -> None:
    """Two handles that leave the body below the rim and come back to it lower down."""
    right = outline[outline[:, 0] > 0]
    right = right[np.argsort(right[:, 1])]
    start, end = (float(np.interp(top + dy, right[:, 1], right[:, 0])) - 0.6 for dy in (4, 17))
    out = max(start, end) + 6.5
    for side in (-1, 1):
        ear = [(side * start, top + 4), (side * out, top + 5), (side * out, top + 12),
               (side * end, top + 17)]  # fmt: skip
        brush.fill(tube(ear, (2.2, 2.0, 2.2)), main.plain(), bulge=1.1)


def _gleam(brush: Brush, main: Surface, outline: Points) -> None:
    """The long highlight of a glazed or glass body."""
    if main.look.gloss < 0.8:
        return
    left, low, high = outline[:, 0].min(), outline[:, 1].min(), outline[:, 1].max()
    path = [
        (left * 0.55, low + (high - low) * 0.45),
        (left * 0.62, low + (high - low) * 0.62),
        (left * 0.52, low + (high - low) * 0.8),
    ]
    brush.line(stroke(path), (255, 255, 255), 1.4, 0.55)


_PROFILES: dict[str, tuple[tuple[float, float], ...]] = {
    "bottle": ((0, -38), (2.6, -38), (2.6, -38), (2.8, -26), (9.5, -16), (10, -5), (7, 0), (7, 0)),
    "amphora": ((0, -38), (5, -38), (5, -38), (3.8, -32), (12, -23), (11, -12), (5, -1), (5.4, 0)),
    "cylinder": ((0, -34), (8, -34), (8, -34), (8.2, -18), (8, 0), (8, 0)),
    "sphere": ((0, -25), (4.6, -25), (4.6, -25), (12, -18), (13.4, -10), (9, -1), (7, 0)),
    "hourglass": ((0, -33), (9, -33), (9, -33), (5, -18), (6, -13), (10, 0), (10, 0)),
    "trumpet": ((0, -37), (11, -37), (11, -37), (6, -26), (3.8, -12), (7, -1), (7.4, 0)),
}
"""Right halves from the rim to the foot, of middling width."""


def _vase_profile(shape: str, rng: np.random.Generator) -> list[tuple[float, float]]:
    """The right half of a vase, a little wider or narrower than usual."""
    wide = float(rng.uniform(0.9, 1.12))
    return [*((x * wide, y) for x, y in _PROFILES[shape]), (0, 1)]


def draw_stems(brush: Brush, rng: np.random.Generator, top: float) -> None:
    """Dried grass in a vase whose rim is at ``top``; never part of the product."""
    for _ in range(int(rng.integers(4, 8))):
        lean, reach = float(rng.uniform(-13, 13)), float(rng.uniform(16, 32))
        path = stroke([(lean * 0.1, top + 2), (lean * 0.5, top - reach * 0.6), (lean, top - reach)])
        brush.line(path, (140, 118, 84), 0.6)
        head = curve(
            [(lean - 1.2, top - reach + 5), (lean, top - reach - 5), (lean + 1.2, top - reach + 5)]
        )
        brush.fill(head, Surface((204, 182, 140), "faux fur"), bulge=1, drop=0.1)
