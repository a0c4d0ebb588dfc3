"""Which picture a product gets: a packshot, or the lifestyle scene that suits its kind."""

from collections.abc import Callable

import numpy as np

from vlclip_dagster.catalog.generated import scenes_fashion, scenes_home
from vlclip_dagster.catalog.generated.drawing import measure
from vlclip_dagster.catalog.generated.look import Look
from vlclip_dagster.catalog.generated.pen import Stage
from vlclip_dagster.catalog.generated.placement import (
    Frame,
    centre_of,
    frame_size,
    ground_shadow,
    placed,
)

Scene = Callable[[Look, Frame, np.random.Generator], Stage]

_WORN: tuple[Scene, ...] = (
    *[scenes_fashion.worn] * 7,
    *[scenes_fashion.hung] * 2,
    scenes_fashion.laid,
)
_SCENES: dict[str, tuple[Scene, ...]] = {
    "t-shirt": _WORN,
    "shirt": _WORN,
    "hoodie": _WORN,
    "jacket": _WORN,
    "dress": _WORN,
    "skirt": _WORN,
    "trousers": _WORN,
    "handbag": (
        scenes_fashion.carried,
        scenes_fashion.carried,
        scenes_home.on_table,
        scenes_fashion.laid,
    ),
    "sneaker": (*[scenes_fashion.on_ground] * 4, scenes_fashion.laid),
    "boot": (*[scenes_fashion.on_ground] * 4, scenes_fashion.laid),
    "coffee-table": (scenes_home.standing,),
    "sofa": (scenes_home.standing,),
    "area-rug": (scenes_home.on_floor,),
    "curtain": (scenes_home.at_window,),
    "table-lamp": (scenes_home.on_table,),
    "vase": (scenes_home.on_table,),
    "throw-pillow": (scenes_home.on_seat,),
}
_STANDS = ("coffee-table", "sofa", "sneaker", "boot", "handbag", "table-lamp", "vase")


def lifestyle(look: Look, rng: np.random.Generator) -> Stage:
    """The product in use, among other things."""
    frame = frame_size(look.slug, rng)
    scenes = _SCENES[look.slug]
    return scenes[int(rng.integers(len(scenes)))](look, frame, rng)


def packshot(look: Look, rng: np.random.Generator) -> Stage:
    """The product alone on white or nearly white."""
    frame = frame_size(look.slug, rng)
    white = int(rng.choice((255, 255, 250, 244, 238)))
    stage = Stage.blank(*frame, (white, white, white))
    extent = measure(look)
    flip = look.slug in ("sneaker", "boot", "sofa") and bool(rng.random() < 0.5)
    where = placed(extent, frame, float(rng.uniform(0.42, 0.68)), (0.5, 0.5), flip)
    if look.slug in _STANDS:
        bottom = where.top + extent.y1 * where.scale
        at = (centre_of(extent, where), bottom)
        ground_shadow(stage, at, extent.width * where.scale, 0.24)
    scenes_fashion.show(stage, where, look)
    return stage
