"""Putting a product into a picture: packshots and lifestyle scenes.

What belongs here: where the product, its wearer or its support, and the clutter stand. What
does not: what any of them looks like, and what the camera does to the picture (``photo``).
"""

from dataclasses import dataclass

import cv2
import numpy as np

from vlclip_dagster.catalog.generated import figure, hard_goods
from vlclip_dagster.catalog.generated.drawing import BY_SLUG, Extent, draw_product, measure
from vlclip_dagster.catalog.generated.figure import Person, Pose
from vlclip_dagster.catalog.generated.geometry import box, ellipse, moved, symmetric, tube
from vlclip_dagster.catalog.generated.kinds import draw_look
from vlclip_dagster.catalog.generated.look import Look
from vlclip_dagster.catalog.generated.palette import Rgb, toned
from vlclip_dagster.catalog.generated.pen import Pen, Stage
from vlclip_dagster.catalog.generated.scenery import Place, park, room, street, studio
from vlclip_dagster.catalog.generated.surface import Surface

TOPS = ("t-shirt", "shirt", "hoodie", "jacket")
WORN = (*TOPS, "dress", "skirt", "trousers")
SHOES = ("sneaker", "boot")
ON_FLOOR = (*SHOES, "coffee-table", "sofa", "area-rug")
ON_TABLE = ("table-lamp", "vase", "handbag")
_PORTRAIT = ((480, 600), (500, 620), (512, 640), (540, 600), (560, 560))
_LANDSCAPE = ((600, 480), (640, 480), (620, 520), (560, 560), (640, 540))


@dataclass(frozen=True)
class Placement:
    """Where a drawing goes: pixels per unit, the pixel of its origin, its longest side."""

    scale: float
    left: float
    top: float
    extent: float

    def pen(self, stage: Stage, flip: bool = False) -> Pen:
        """A pen that draws there."""
        return Pen(stage, self.scale, self.left, self.top, self.extent, flip)


def frame_size(slug: str, rng: np.random.Generator) -> tuple[int, int]:
    """Width and height of a photograph of this kind of product."""
    wide = slug in ("sofa", "coffee-table", "area-rug", *SHOES)
    sizes = _LANDSCAPE if wide else _PORTRAIT
    return sizes[int(rng.integers(len(sizes)))]


def placed(
    extent: Extent, frame: tuple[int, int], share: float, at: tuple[float, float]
) -> Placement:
    """Fit a drawing so that its box covers ``share`` of the frame and is centred near ``at``."""
    width, height = frame
    scale = float(np.sqrt(share * width * height / (extent.width * extent.height)))
    scale = min(scale, 0.93 * width / extent.width, 0.93 * height / extent.height)
    half_w, half_h = extent.width * scale / 2, extent.height * scale / 2
    x = min(max(at[0] * width, half_w + 4), width - half_w - 4)
    y = min(max(at[1] * height, half_h + 4), height - half_h - 4)
    left = x - scale * (extent.x0 + extent.x1) / 2
    top = y - scale * (extent.y0 + extent.y1) / 2
    return Placement(scale, left, top, scale * max(extent.width, extent.height))


def packshot(look: Look, rng: np.random.Generator) -> Stage:
    """The product alone on white or nearly white."""
    frame = frame_size(look.slug, rng)
    white = int(rng.choice((255, 255, 250, 244, 238)))
    stage = Stage.blank(*frame, (white, white, white))
    extent = measure(look)
    where = placed(extent, frame, float(rng.uniform(0.42, 0.68)), (0.5, 0.5))
    if look.slug in ("coffee-table", "sofa", *SHOES, *ON_TABLE):
        bottom = where.top + extent.y1 * where.scale
        centre = where.left + (extent.x0 + extent.x1) / 2 * where.scale
        _ground_shadow(stage, (centre, bottom), extent.width * where.scale, 0.34)
    stage.on_hero = True
    draw_product(where.pen(stage), look)
    stage.on_hero = False
    return stage


def _ground_shadow(stage: Stage, at: tuple[float, float], width: float, strength: float) -> None:
    """A soft ellipse under something that stands."""
    height, full = stage.hero.shape
    small = np.zeros((height // 4, full // 4), np.uint8)
    centre = (round(at[0] / 4), round(at[1] / 4))
    cv2.ellipse(
        small, centre, (max(2, int(width / 7.5)), max(2, int(width / 44))), 0, 0, 360, 255, -1
    )
    soft = cv2.resize(cv2.GaussianBlur(small, (0, 0), max(1.2, width / 90)), (full, height))
    keep = 255 - soft.astype(np.float32) * strength
    cv2.multiply(stage.rgb, cv2.merge([keep] * 3), dst=stage.rgb, scale=1 / 255, dtype=cv2.CV_8U)


def lifestyle(look: Look, rng: np.random.Generator) -> Stage:
    """The product in use, among other things."""
    frame = frame_size(look.slug, rng)
    if look.slug in WORN:
        return _worn(look, frame, rng)
    if look.slug == "handbag" and rng.random() < 0.55:
        return _carried(look, frame, rng)
    if look.slug in ON_TABLE:
        return _on_table(look, frame, rng)
    if look.slug == "throw-pillow":
        return _on_seat(look, frame, rng)
    if look.slug == "curtain":
        return _at_window(look, frame, rng)
    if look.slug == "area-rug":
        return _on_floor_flat(look, frame, rng)
    return _standing(look, frame, rng)


def _begin(place: Place, rng: np.random.Generator, hero: str, count: int) -> Stage:
    """A stage with a place and blurred clutter on it."""
    height, width = place.rgb.shape[:2]
    stage = Stage(place.rgb, np.zeros((height, width), np.uint8))
    stage.light = (float(rng.choice((-0.6, 0.6))), -0.75)
    for k in range(count):
        _clutter(stage, place, rng, hero, k)
    blur = float(rng.uniform(1.0, 2.6))
    stage.rgb = cv2.GaussianBlur(stage.rgb, (0, 0), blur)
    return stage


def _clutter(stage: Stage, place: Place, rng: np.random.Generator, hero: str, k: int) -> None:
    """One other thing in the background, left or right of the middle."""
    height, width = stage.hero.shape
    side = -1 if (k + int(rng.integers(2))) % 2 else 1
    x = width * (0.5 + side * float(rng.uniform(0.26, 0.5)))
    foot = place.floor + float(rng.uniform(0.1, 0.4)) * (height - place.floor)
    if not place.indoors or (rng.random() < 0.3 and hero not in WORN):
        _bystander(stage, rng, hero, (x, foot))
        return
    if rng.random() < 0.25:
        _plant(stage, rng, (x, foot), height * float(rng.uniform(0.3, 0.55)))
        return
    others = [
        s for s in ("sofa", "coffee-table", "table-lamp", "curtain", "vase", "handbag") if s != hero
    ]
    look = draw_look(BY_SLUG[others[int(rng.integers(len(others)))]], rng)
    extent = measure(look)
    size = {"sofa": 0.75, "curtain": 0.62, "coffee-table": 0.42}.get(look.slug, 0.24) * width
    scale = size / max(extent.width, extent.height)
    top = height * 0.03 if look.slug == "curtain" else foot - scale * extent.y1
    draw_product(Pen(stage, scale, x, top, size), look)


def _bystander(stage: Stage, rng: np.random.Generator, hero: str, at: tuple[float, float]) -> None:
    """Someone further away, in clothes of other types than the product."""
    tall = stage.hero.shape[0] * float(rng.uniform(0.5, 0.8))
    scale = tall / 190
    pen = Pen(stage, scale, at[0], at[1] - 156 * scale, tall * 0.5)
    tops = [slug for slug in TOPS if slug != hero]
    lows = [slug for slug in ("trousers", "skirt") if slug != hero]
    _person(pen, rng, tops[int(rng.integers(len(tops)))], lows[int(rng.integers(len(lows)))])


def _person(pen: Pen, rng: np.random.Generator, top: str, low: str) -> None:
    """A dressed person who is not the subject."""
    stand, who = figure.live_pose(rng), Person.anyone(rng)
    figure.draw_legs(pen, who, stand)
    figure.draw_body(pen, who, stand)
    for slug in (low, top):
        if slug:
            draw_product(pen, draw_look(BY_SLUG[slug], rng), stand)
    figure.draw_head(pen, who)


def _plant(stage: Stage, rng: np.random.Generator, at: tuple[float, float], tall: float) -> None:
    """A potted plant."""
    scale = tall / 100
    pen = Pen(stage, scale, at[0], at[1], tall)
    pot: Rgb = tuple(int(v) for v in rng.integers(90, 235, 3))  # type: ignore[assignment]
    for k in range(9):
        lean = float(rng.uniform(-46, 46))
        reach = 62 + float(rng.uniform(0, 38)) - abs(lean) * 0.5
        green = Surface(toned((70, 122, 66), float(rng.uniform(0.7, 1.25))), "suede")
        leaf = tube(
            [(lean * 0.1, -26), (lean * 0.6, -26 - reach * 0.6), (lean, -26 - reach * 0.8)],
            (2, 13, 1),
        )
        pen.fill(leaf, green, bulge=4, drop=0.15 if k % 3 else 0.3)
    pen.fill(
        symmetric([(0, -28), (17, -28), (17, -28), (13, 0), (13, 0), (0, 1)]),
        Surface(pot, "terracotta"),
        bulge=12,
    )


def _outside_or_in(frame: tuple[int, int], floor: int, rng: np.random.Generator) -> Place:
    makers = (room, room, street, street, park, studio)
    return makers[int(rng.integers(len(makers)))](*frame, floor, rng)


def _worn(look: Look, frame: tuple[int, int], rng: np.random.Generator) -> Stage:
    """A garment on a person."""
    width, height = frame
    stand, who = figure.live_pose(rng), Person.anyone(rng)
    extent = measure(look, stand)
    share = float(rng.uniform(0.2, 0.44))
    if look.slug in ("trousers", "skirt"):
        share = float(rng.uniform(0.16, 0.34))
    at = (0.5 + float(rng.uniform(-0.13, 0.13)), float(rng.uniform(0.5, 0.62)))
    where = placed(extent, frame, share, at)
    ground = where.top + 152 * where.scale
    floor = int(min(max(ground - height * 0.16, height * 0.45), height * 0.9))
    place = _outside_or_in(frame, floor, rng)
    stage = _begin(place, rng, look.slug, int(rng.integers(1, 3)))
    _ground_shadow(stage, (where.left, ground + 3), 80 * where.scale, 0.4)
    pen = where.pen(stage)
    figure.draw_legs(pen, who, stand)
    figure.draw_body(pen, who, stand)
    _dress(pen, stage, look, stand, rng)
    for side in (-1, 1):
        figure.draw_hand(pen, who, stand, side)
    figure.draw_head(pen, who)
    _foreground(stage, rng)
    return stage


def _dress(pen: Pen, stage: Stage, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """The product on the body, with something of another type above or below it."""
    low = ("trousers", "skirt")[int(rng.random() < 0.4)]
    upper = TOPS[int(rng.integers(3))]
    if look.slug in TOPS:
        draw_product(pen, draw_look(BY_SLUG[low], rng), stand)
    elif look.slug in ("trousers", "skirt"):
        draw_product(pen, draw_look(BY_SLUG[upper], rng), stand)
    stage.on_hero = True
    draw_product(pen, look, stand)
    stage.on_hero = False


def _carried(look: Look, frame: tuple[int, int], rng: np.random.Generator) -> Stage:
    """A handbag in front of someone's hip."""
    extent = measure(look)
    at = (0.5 + float(rng.uniform(-0.14, 0.14)), float(rng.uniform(0.52, 0.62)))
    where = placed(extent, frame, float(rng.uniform(0.17, 0.36)), at)
    place = _outside_or_in(frame, int(frame[1] * 0.82), rng)
    stage = _begin(place, rng, look.slug, int(rng.integers(1, 3)))
    side = -1 if rng.random() < 0.5 else 1
    scale = where.scale * 0.92
    body = Pen(stage, scale, where.left + side * 17 * scale, where.top - 62 * scale, 150 * scale)
    _person(body, rng, TOPS[int(rng.integers(4))], ("trousers", "skirt")[int(rng.integers(2))])
    stage.on_hero = True
    draw_product(where.pen(stage), look)
    stage.on_hero = False
    _foreground(stage, rng)
    return stage


def _on_table(look: Look, frame: tuple[int, int], rng: np.random.Generator) -> Stage:
    """A lamp, vase or bag on a table or sideboard, with other things beside it."""
    width, height = frame
    extent = measure(look)
    at = (0.5 + float(rng.uniform(-0.15, 0.15)), float(rng.uniform(0.44, 0.54)))
    where = placed(extent, frame, float(rng.uniform(0.16, 0.34)), at)
    bottom = where.top + extent.y1 * where.scale
    stage = _begin(room(*frame, int(height * 0.9), rng), rng, look.slug, int(rng.integers(1, 3)))
    _board(stage, rng, bottom - 0.012 * height)
    _neighbours(stage, rng, look.slug, bottom, where)
    _ground_shadow(stage, (where.left, bottom), extent.width * where.scale, 0.4)
    if look.slug == "vase" and rng.random() < 0.5:
        hard_goods.draw_stems(where.pen(stage), rng, extent.y0 + 2)
    stage.on_hero = True
    draw_product(where.pen(stage), look)
    stage.on_hero = False
    _foreground(stage, rng)
    return stage


def _board(stage: Stage, rng: np.random.Generator, top: float) -> None:
    """A sideboard that fills the lower part of the frame."""
    height, width = stage.hero.shape
    pen = Pen(stage, 1.0, 0, 0, 400)
    rgb: Rgb = ((188, 146, 104), (112, 78, 56), (232, 230, 224), (86, 92, 96))[int(rng.integers(4))]
    wood = Surface(rgb, "wood" if max(rgb) < 220 else "paint")
    deep = height * 0.07
    pen.fill(box(-20, top, width + 20, top + deep), wood, bulge=2, drop=0.4, tone=1.06)
    pen.fill(box(-20, top + deep, width + 20, height + 40), wood, bulge=2, drop=0, tone=0.8)
    for x in np.arange(width * 0.1, width, width * 0.42):
        pen.fill(
            box(x, top + deep + 14, x + width * 0.36, height + 30, 3), wood, bulge=3, tone=0.84
        )


def _neighbours(
    stage: Stage, rng: np.random.Generator, hero: str, bottom: float, where: Placement
) -> None:
    """Smaller things on the same table: books, a bowl, a vase or bag of another type."""
    height, width = stage.hero.shape
    pen = Pen(stage, 1.0, 0, 0, 200)
    for side in (-1, 1):
        x = where.left + side * float(rng.uniform(0.3, 0.4)) * width
        if rng.random() < 0.5:
            y = bottom
            for _ in range(int(rng.integers(2, 5))):
                cover: Rgb = tuple(int(v) for v in rng.integers(60, 230, 3))  # type: ignore[assignment]
                w = float(rng.uniform(34, 52))
                pen.fill(box(x - w, y - 11, x + w, y, 2), Surface(cover, "paint"), bulge=2)
                y -= 11
        else:
            others = [slug for slug in ("vase", "handbag", "table-lamp") if slug != hero]
            look = draw_look(BY_SLUG[others[int(rng.integers(len(others)))]], rng)
            extent = measure(look)
            size = width * float(rng.uniform(0.2, 0.27))
            scale = size / max(extent.width, extent.height)
            draw_product(Pen(stage, scale, x, bottom - scale * extent.y1, size), look)


def _standing(look: Look, frame: tuple[int, int], rng: np.random.Generator) -> Stage:
    """Furniture in a room, or shoes on the ground."""
    width, height = frame
    extent = measure(look)
    share = float(rng.uniform(0.17, 0.4))
    at = (0.5 + float(rng.uniform(-0.14, 0.14)), float(rng.uniform(0.58, 0.68)))
    where = placed(extent, frame, share, at)
    bottom = where.top + extent.y1 * where.scale
    floor = int(bottom - height * float(rng.uniform(0.1, 0.2)))
    shoes = look.slug in SHOES
    place = _outside_or_in(frame, floor, rng) if shoes else room(*frame, floor, rng)
    stage = _begin(place, rng, look.slug, int(rng.integers(1, 4)))
    if shoes and rng.random() < 0.6:
        _wearer_behind(stage, rng, where, bottom)
    _ground_shadow(
        stage,
        (where.left + where.scale * (extent.x0 + extent.x1) / 2, bottom),
        extent.width * where.scale,
        0.45,
    )
    stage.on_hero = True
    draw_product(where.pen(stage, flip=False), look)
    stage.on_hero = False
    _foreground(stage, rng)
    return stage


def _wearer_behind(stage: Stage, rng: np.random.Generator, where: Placement, bottom: float) -> None:
    """The legs of somebody who stands beside the shoes."""
    side = -1 if rng.random() < 0.5 else 1
    x = where.left + 14 * where.scale + side * stage.hero.shape[1] * 0.3
    scale = where.scale * 0.8
    pen = Pen(stage, scale, x, bottom - 156 * scale - 8, 160 * scale)
    _person(pen, rng, "t-shirt", "trousers")


def _on_seat(look: Look, frame: tuple[int, int], rng: np.random.Generator) -> Stage:
    """A cushion on a sofa of another colour, with other cushions behind it."""
    width, height = frame
    extent = measure(look)
    at = (0.5 + float(rng.uniform(-0.13, 0.13)), float(rng.uniform(0.5, 0.58)))
    where = placed(extent, frame, float(rng.uniform(0.18, 0.36)), at)
    bottom = where.top + extent.y1 * where.scale
    stage = _begin(room(*frame, int(height * 0.85), rng), rng, "throw-pillow", 1)
    couch = draw_look(BY_SLUG["sofa"], rng)
    scale = where.scale * 1.05
    draw_product(
        Pen(
            stage, scale, width / 2 + float(rng.uniform(-60, 60)), bottom + 34 * scale, 230 * scale
        ),
        couch,
    )
    stage.rgb = cv2.GaussianBlur(stage.rgb, (0, 0), 1.2)
    stage.on_hero = True
    draw_product(where.pen(stage), look)
    stage.on_hero = False
    _foreground(stage, rng)
    return stage


def _at_window(look: Look, frame: tuple[int, int], rng: np.random.Generator) -> Stage:
    """Curtains in front of a window, with furniture before the wall beside them."""
    width, height = frame
    extent = measure(look)
    at = (0.5 + float(rng.uniform(-0.12, 0.12)), float(rng.uniform(0.42, 0.48)))
    where = placed(extent, frame, float(rng.uniform(0.26, 0.48)), at)
    bottom = where.top + extent.y1 * where.scale
    floor = int(min(bottom + height * 0.02, height * 0.94))
    stage = _begin(room(*frame, floor, rng), rng, "curtain", int(rng.integers(1, 3)))
    pen = where.pen(stage)
    reach = extent.x1 * 0.62
    pen.fill(box(-reach, 9, reach, 135), Surface((246, 246, 242), "paint"), bulge=1)
    for x in (-reach * 0.5, reach * 0.5):
        pane = box(x - reach * 0.44, 15, x + reach * 0.44, 129)
        pen.fill(pane, Surface((208, 226, 240), "paint"), bulge=1, drop=0)
    stage.on_hero = True
    draw_product(pen, look)
    stage.on_hero = False
    if rng.random() < 0.5:
        _plant(stage, rng, (width * float(rng.choice((0.08, 0.92))), height * 0.98), height * 0.4)
    return stage


def _on_floor_flat(look: Look, frame: tuple[int, int], rng: np.random.Generator) -> Stage:
    """A rug in perspective on the floor of a furnished room."""
    width, height = frame
    extent = measure(look)
    floor = int(height * float(rng.uniform(0.28, 0.4)))
    stage = _begin(room(*frame, floor, rng), rng, "area-rug", int(rng.integers(2, 4)))
    size = 460
    flat = Stage.blank(size, size, (0, 0, 0))
    scale = 0.96 * size / max(extent.width, extent.height)
    flat.on_hero = True
    draw_product(Pen(flat, scale, size / 2, size / 2, 0.96 * size), look)
    depth = float(rng.uniform(0.46, 0.62)) * height
    wide = float(rng.uniform(0.74, 0.94)) * width
    centre = width * (0.5 + float(rng.uniform(-0.08, 0.08)))
    y1 = min(floor + depth + height * 0.04, height * 0.985)
    y0, narrow = y1 - depth, 0.68
    corners = np.array([(0, 0), (size, 0), (size, size), (0, size)], np.float32)
    target = np.array(
        [
            (centre - wide * narrow / 2, y0),
            (centre + wide * narrow / 2, y0),
            (centre + wide / 2, y1),
            (centre - wide / 2, y1),
        ],
        np.float32,
    )
    warp = cv2.getPerspectiveTransform(corners, target)
    lain = cv2.warpPerspective(flat.rgb, warp, frame, flags=cv2.INTER_AREA)
    cover = cv2.warpPerspective(flat.hero, warp, frame, flags=cv2.INTER_LINEAR)
    cv2.copyTo(lain, cover, stage.rgb)
    stage.hero[cover > 127] = 255
    if rng.random() < 0.6:
        _table_on(
            stage,
            rng,
            (centre + wide * float(rng.uniform(-0.2, 0.2)), y0 + depth * 0.45),
            wide * 0.36,
        )
    return stage


def _table_on(stage: Stage, rng: np.random.Generator, at: tuple[float, float], size: float) -> None:
    """A small table that covers part of a rug."""
    look = draw_look(BY_SLUG["coffee-table"], rng)
    extent = measure(look)
    scale = size / max(extent.width, extent.height)
    draw_product(Pen(stage, scale, at[0], at[1], size), look)


def _foreground(stage: Stage, rng: np.random.Generator) -> None:
    """Something close to the lens that covers a corner of the picture."""
    if rng.random() > 0.4:
        return
    height, width = stage.hero.shape
    side = -1 if rng.random() < 0.5 else 1
    x = width * (0.5 + side * 0.53)
    blurred = Stage(stage.rgb, stage.hero, light=stage.light)
    if rng.random() < 0.6:
        _plant(blurred, rng, (x, height * 1.06), height * float(rng.uniform(0.4, 0.62)))
    else:
        rgb: Rgb = tuple(int(v) for v in rng.integers(40, 220, 3))  # type: ignore[assignment]
        pen = Pen(blurred, 1.0, 0, 0, 300)
        pen.fill(
            moved(ellipse(0, 0, width * 0.13, height * 0.2), x, height * 0.98),
            Surface(rgb, "paint"),
            bulge=40,
        )
