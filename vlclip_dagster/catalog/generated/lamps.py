"""Table lamps. Units are centimetres; the origin is the surface under the middle."""

import numpy as np

from vlclip_dagster.catalog.generated import tops
from vlclip_dagster.catalog.generated.brush import Brush
from vlclip_dagster.catalog.generated.figure import Pose
from vlclip_dagster.catalog.generated.finishes import FINISHES
from vlclip_dagster.catalog.generated.geometry import (
    Points,
    box,
    symmetric,
    tube,
)
from vlclip_dagster.catalog.generated.look import Look
from vlclip_dagster.catalog.generated.palette import toned
from vlclip_dagster.catalog.generated.surface import Surface


def draw_lamp(brush: Brush, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """A table lamp: shade and base."""
    base = FINISHES[look.detail("base finish")]
    height = 30.0 + float(rng.uniform(-3, 5))
    _lamp_base(brush, look.detail("base"), base, height)
    brush.fill(box(-0.9, -height - 5, 0.9, -height + 1), FINISHES["brass"], bulge=0.8)
    main = tops.cloth(look)
    width = 17.0 + float(rng.uniform(-1.5, 2.5))
    outline, folds = _shade(look.detail("shade"), width, -height - 2)
    decal = tops.motif_on(look, 0, -height - 12, 13)
    glow = float(rng.uniform(1.0, 1.12))
    brush.fill(
        outline,
        main,
        bulge=width * 0.8,
        puff=0.45,
        tone=glow,
        folds=folds,
        fold_gain=0.5,
        decal=decal,
    )
    trim = (
        tops.trim_of(look)
        if look.detail("accent") == "contrast trim"
        else main.plain(toned(main.rgb, 0.8))
    )
    wide = 1.9 if look.detail("accent") == "contrast trim" else 0.6
    for part in (
        outline[outline[:, 1] > outline[:, 1].max() - 1.2],
        outline[outline[:, 1] < outline[:, 1].min() + 1.2],
    ):
        if len(part) > 1:
            brush.line(part[np.argsort(part[:, 0])], trim.rgb, wide)


def _shade(shade: str, width: float, bottom: float) -> tuple[Points, str | None]:
    """The outline of a lamp shade whose lower rim lies at ``bottom``, and its relief."""
    top = bottom - 21
    if shade == "drum shade":
        ends = (width * 0.93, width)
    elif shade == "cone shade":
        ends = (width * 0.36, width * 1.08)
    elif shade == "dome shade":
        dome = [
            (0, top),
            (width * 0.55, top + 2),
            (width * 0.95, top + 9),
            (width * 1.06, bottom),
            (width * 1.06, bottom),
            (0, bottom + 1.4),
        ]
        return symmetric(dome), None
    else:
        ends = (width * 0.6, width * 1.06)
    rim = [
        (0, top - 0.6),
        (ends[0], top),
        (ends[0], top),
        (ends[1], bottom),
        (ends[1], bottom),
        (0, bottom + 1.5),
    ]
    return symmetric(rim), "pleats" if shade == "pleated shade" else None


_BASES: dict[str, tuple[tuple[float, float], ...]] = {
    "gourd base": ((0, 1), (3, 1), (6.5, 0.8), (4, 0.62), (11, 0.32), (10, 0.12), (7, 0), (7, 0)),
    "sphere base": ((0, 0.8), (3, 0.8), (11, 0.62), (13, 0.36), (9, 0.1), (6, 0), (6, 0)),
    "cylinder base": ((0, 1), (7, 1), (7, 1), (7.4, 0.5), (7.4, 0), (7.4, 0)),
    "stick base": ((0, 1), (1.1, 1), (1.1, 1), (1.1, 0.1), (8, 0.05), (8.6, 0), (8.6, 0)),
    "urn base": ((0, 1), (3, 1), (10, 0.82), (10.5, 0.6), (4, 0.2), (3.6, 0.13), (8, 0.03), (8, 0)),
}
"""Right halves from the top to the foot: half widths in cm, heights as shares of the base's."""


def _lamp_base(brush: Brush, kind: str, finish: Surface, height: float) -> None:
    if kind == "tripod base":
        for x in (-13.0, 13.0, 2.0):
            brush.fill(tube([(0, -height), (x, 0)], (3, 2)), finish, bulge=1.2)
        return
    if kind != "stick base":
        brush.fill(box(-2, -height - 1, 2, -height * 0.7), finish, bulge=1.5)
    profile = [*((x, -share * height) for x, share in _BASES[kind]), (0, 1.1)]
    brush.fill(symmetric(profile), finish, bulge=9, puff=0.8)
