"""What else is in a scene: bystanders, plants, furniture, other products, things at the lens.

None of it belongs to the product, and none of it is of the product's own type.
"""

import cv2
import numpy as np

from vlclip_dagster.catalog.generated import figure
from vlclip_dagster.catalog.generated.drawing import BY_SLUG, draw_product, measure
from vlclip_dagster.catalog.generated.figure import Person, Pose
from vlclip_dagster.catalog.generated.geometry import box, ellipse, symmetric, tube
from vlclip_dagster.catalog.generated.kinds import draw_look
from vlclip_dagster.catalog.generated.palette import Rgb, toned
from vlclip_dagster.catalog.generated.pen import Pen, Stage
from vlclip_dagster.catalog.generated.scenery import Place
from vlclip_dagster.catalog.generated.surface import Surface

TOPS = ("t-shirt", "shirt", "hoodie", "jacket")
BOTTOMS = ("trousers", "skirt")
_FURNITURE = {
    "sofa": 0.75,
    "curtain": 0.62,
    "coffee-table": 0.42,
    "table-lamp": 0.24,
    "vase": 0.2,
    "handbag": 0.24,
}
"""What stands in rooms, and its size as a share of the frame's width."""


def begin(place: Place, rng: np.random.Generator, hero: str, count: int) -> Stage:
    """A stage with a place and ``count`` things on it, all of it out of focus."""
    height, width = place.rgb.shape[:2]
    stage = Stage(place.rgb, np.zeros((height, width), np.uint8))
    stage.light = (float(rng.choice((-0.6, 0.6))), -0.75)
    first = int(rng.integers(2))
    for k in range(count):
        _add(stage, place, rng, hero, 1 if (k + first) % 2 else -1)
    side = int(rng.integers(1, 4)) * 2 + 1
    stage.rgb = cv2.GaussianBlur(stage.rgb, (side, side), 0, dst=stage.rgb)
    return stage


def _add(stage: Stage, place: Place, rng: np.random.Generator, hero: str, side: int) -> None:
    """One thing left or right of the middle."""
    height, width = stage.hero.shape
    x = width * (0.5 + side * float(rng.uniform(0.26, 0.5)))
    foot = place.floor + float(rng.uniform(0.1, 0.4)) * (height - place.floor)
    chance = rng.random()
    if not place.indoors or chance < 0.22:
        bystander(stage, rng, hero, (x, foot))
    elif chance < 0.42:
        plant(stage, rng, (x, foot), height * float(rng.uniform(0.3, 0.55)))
    else:
        others = [slug for slug in _FURNITURE if slug != hero]
        slug = others[int(rng.integers(len(others)))]
        top = height * 0.03 if slug == "curtain" else None
        product(stage, rng, slug, (x, foot), _FURNITURE[slug] * width, top)


def product(
    stage: Stage,
    rng: np.random.Generator,
    slug: str,
    at: tuple[float, float],
    size: float,
    top: float | None = None,
) -> None:
    """Another product, ``size`` pixels long, standing at ``at`` or with its origin at ``top``."""
    look = draw_look(BY_SLUG[slug], rng)
    extent = measure(look)
    scale = size / max(extent.width, extent.height)
    left = at[0] - scale * (extent.x0 + extent.x1) / 2
    draw_product(
        Pen(stage, scale, left, at[1] - scale * extent.y1 if top is None else top, size), look
    )


def bystander(stage: Stage, rng: np.random.Generator, hero: str, at: tuple[float, float]) -> None:
    """Someone further away, in clothes of other types than the product."""
    tall = stage.hero.shape[0] * float(rng.uniform(0.5, 0.8))
    scale = tall / 190
    pen = Pen(stage, scale, at[0], at[1] - 156 * scale, tall * 0.5)
    dressed(pen, rng, other(TOPS, hero, rng), other(BOTTOMS, hero, rng))


def other(slugs: tuple[str, ...], hero: str, rng: np.random.Generator) -> str:
    """One of ``slugs`` that is not the product's type."""
    left = [slug for slug in slugs if slug != hero]
    return left[int(rng.integers(len(left)))]


def dressed(pen: Pen, rng: np.random.Generator, top: str, low: str) -> None:
    """A dressed person who is not the subject."""
    stand, who = figure.live_pose(rng), Person.anyone(rng)
    figure.draw_legs(pen, who, stand)
    figure.draw_body(pen, who, stand)
    for slug in (low, top):
        garment(pen, rng, slug, stand)
    figure.draw_head(pen, who)


def garment(pen: Pen, rng: np.random.Generator, slug: str, stand: Pose) -> None:
    """Some garment of a type, on a body."""
    draw_product(pen, draw_look(BY_SLUG[slug], rng), stand)


def any_colour(rng: np.random.Generator) -> Rgb:
    """A colour for something that is not for sale."""
    red, green, blue = (int(value) for value in rng.integers(50, 230, 3))
    return red, green, blue


def plant(stage: Stage, rng: np.random.Generator, at: tuple[float, float], tall: float) -> None:
    """A potted plant whose pot stands at ``at``, ``tall`` pixels high."""
    pen = Pen(stage, tall / 100, at[0], at[1], tall)
    for k in range(9):
        lean = float(rng.uniform(-46, 46))
        reach = 62 + float(rng.uniform(0, 38)) - abs(lean) * 0.5
        green = Surface(toned((70, 122, 66), float(rng.uniform(0.7, 1.25))), "suede")
        path = [(lean * 0.1, -26), (lean * 0.6, -26 - reach * 0.6), (lean, -26 - reach * 0.8)]
        pen.fill(tube(path, (2, 13, 1)), green, bulge=4, drop=0.0 if k % 3 else 0.3)
    pot = symmetric([(0, -28), (17, -28), (17, -28), (13, 0), (13, 0), (0, 1)])
    pen.fill(pot, Surface(any_colour(rng), "terracotta"), bulge=12)


def foreground(stage: Stage, rng: np.random.Generator) -> None:
    """Now and then something close to the lens that covers a corner of the picture."""
    if rng.random() > 0.4:
        return
    height, width = stage.hero.shape
    side = -1 if rng.random() < 0.5 else 1
    x = width * (0.5 + side * 0.53)
    if rng.random() < 0.6:
        plant(stage, rng, (x, height * 1.06), height * float(rng.uniform(0.4, 0.62)))
    else:
        pen = Pen(stage, 1.0, 0, 0, 300)
        blob = ellipse(x, height * 0.98, width * 0.13, height * 0.2)
        pen.fill(blob, Surface(any_colour(rng), "paint"), bulge=40)


def books(stage: Stage, rng: np.random.Generator, at: tuple[float, float]) -> None:
    """A small pile of books."""
    pen, (x, y) = Pen(stage, 1.0, 0, 0, 200), at
    for _ in range(int(rng.integers(2, 5))):
        half = float(rng.uniform(34, 52))
        cover = Surface(any_colour(rng), "paint")
        pen.fill(box(x - half, y - 11, x + half, y, 2), cover, bulge=2)
        y -= 11
