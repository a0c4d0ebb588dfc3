"""Which function draws which kind, and how large a drawing comes out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vlclip_dagster.catalog.generated import (
    bags,
    boots,
    bottoms,
    lamps,
    outerwear,
    seating,
    sneakers,
    tables,
    textiles,
    tops,
    vases,
)
from vlclip_dagster.catalog.generated.brush import Brush, Ruler
from vlclip_dagster.catalog.generated.figure import Pose, flat_pose
from vlclip_dagster.catalog.generated.kinds import Kind
from vlclip_dagster.catalog.generated.kinds_fashion import FASHION
from vlclip_dagster.catalog.generated.kinds_home import HOME
from vlclip_dagster.catalog.generated.look import Look

Draw = Callable[[Brush, Look, Pose, np.random.Generator], None]

DRAWINGS: dict[str, Draw] = {
    "t-shirt": tops.draw_tshirt,
    "dress": bottoms.draw_dress,
    "handbag": bags.draw_handbag,
    "sneaker": sneakers.draw_sneaker,
    "skirt": bottoms.draw_skirt,
    "hoodie": outerwear.draw_hoodie,
    "trousers": bottoms.draw_trousers,
    "shirt": tops.draw_shirt,
    "jacket": outerwear.draw_jacket,
    "boot": boots.draw_boot,
    "coffee-table": tables.draw_coffee_table,
    "area-rug": textiles.draw_rug,
    "curtain": textiles.draw_curtain,
    "sofa": seating.draw_sofa,
    "table-lamp": lamps.draw_lamp,
    "throw-pillow": seating.draw_cushion,
    "vase": vases.draw_vase,
}

KINDS: tuple[Kind, ...] = (*FASHION, *HOME)
"""The seventeen product types, fashion first."""

BY_SLUG: dict[str, Kind] = {kind.slug: kind for kind in KINDS}


@dataclass(frozen=True)
class Extent:
    """What a drawing covers, in its own units."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """Width in units."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Height in units."""
        return self.y1 - self.y0


def draw_product(brush: Brush, look: Look, stand: Pose | None = None) -> None:
    """Draw a product; the same look and pose always give the same lines."""
    rng = np.random.default_rng([look.seed, 1])
    DRAWINGS[look.slug](brush, look, stand or flat_pose(rng), rng)


def measure(look: Look, stand: Pose | None = None) -> Extent:
    """How far the drawing of ``look`` reaches."""
    ruler = Ruler()
    draw_product(ruler, look, stand)
    return Extent(*map(float, (*ruler.low, *ruler.high)))
