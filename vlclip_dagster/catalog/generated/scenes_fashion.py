"""Lifestyle scenes of fashion: worn, on a rail, laid out, carried, on the ground."""

import cv2
import numpy as np

from vlclip_dagster.catalog.generated import clutter, figure
from vlclip_dagster.catalog.generated.clutter import BOTTOMS, TOPS
from vlclip_dagster.catalog.generated.drawing import BY_SLUG, draw_product, measure
from vlclip_dagster.catalog.generated.figure import Person, Pose
from vlclip_dagster.catalog.generated.geometry import box, stroke
from vlclip_dagster.catalog.generated.kinds import draw_look
from vlclip_dagster.catalog.generated.look import Look
from vlclip_dagster.catalog.generated.palette import blended
from vlclip_dagster.catalog.generated.pen import Pen, Stage
from vlclip_dagster.catalog.generated.placement import (
    Frame,
    Placement,
    centre_of,
    ground_shadow,
    placed,
)
from vlclip_dagster.catalog.generated.scenery import (
    FLOORS,
    Place,
    ground,
    park,
    room,
    street,
    studio,
)
from vlclip_dagster.catalog.generated.surface import Surface

_PLACES = (room, room, street, street, park, studio)


def anywhere(frame: Frame, floor: int, rng: np.random.Generator) -> Place:
    """A room, a street, a park or a studio."""
    return _PLACES[int(rng.integers(len(_PLACES)))](*frame, floor, rng)


def show(stage: Stage, where: Placement, look: Look, stand: Pose | None = None) -> None:
    """Draw the named product itself."""
    stage.on_hero = True
    draw_product(where.pen(stage), look, stand)
    stage.on_hero = False


def worn(look: Look, frame: Frame, rng: np.random.Generator) -> Stage:
    """A garment on a person."""
    height = frame[1]
    stand, who = figure.live_pose(rng), Person.anyone(rng)
    low = look.slug in BOTTOMS
    share = float(rng.uniform(0.16, 0.34) if low else rng.uniform(0.2, 0.44))
    at = (0.5 + float(rng.uniform(-0.13, 0.13)), float(rng.uniform(0.5, 0.62)))
    where = placed(measure(look, stand), frame, share, at)
    feet = where.top + 152 * where.scale
    floor = int(min(max(feet - height * 0.16, height * 0.45), height * 0.9))
    stage = clutter.begin(anywhere(frame, floor, rng), rng, look.slug, int(rng.integers(1, 3)))
    ground_shadow(stage, (where.left, feet + 3), 80 * where.scale, 0.4)
    pen = where.pen(stage)
    figure.draw_legs(pen, who, stand)
    figure.draw_body(pen, who, stand)
    if look.slug in TOPS:
        clutter.garment(pen, rng, BOTTOMS[int(rng.random() < 0.4)], stand)
    elif low:
        clutter.garment(pen, rng, TOPS[int(rng.integers(3))], stand)
    show(stage, where, look, stand)
    for side in (-1, 1):
        figure.draw_hand(pen, who, stand, side)
    figure.draw_head(pen, who)
    clutter.foreground(stage, rng)
    return stage


def hung(look: Look, frame: Frame, rng: np.random.Generator) -> Stage:
    """A garment on a rail, with garments of other types on both sides."""
    width, height = frame
    extent = measure(look)
    at = (0.5 + float(rng.uniform(-0.1, 0.1)), float(rng.uniform(0.5, 0.56)))
    where = placed(extent, frame, float(rng.uniform(0.2, 0.36)), at)
    place = room(width, height, int(height * float(rng.uniform(0.8, 0.92))), rng)
    stage = clutter.begin(place, rng, look.slug, 1)
    rail = where.top + (extent.y0 - 13) * where.scale
    bar = Pen(stage, 1.0, 0, 0, 400)
    bar.fill(box(-10, rail - 3, width + 10, rail + 3, 3), Surface((90, 88, 88), "metal"), bulge=3)
    for k, side in enumerate((-1, 1, -1, 1)):
        slug = clutter.other((*TOPS, "dress", *BOTTOMS), look.slug, rng)
        other = draw_look(BY_SLUG[slug], rng)
        x = where.left + side * (extent.width * 0.5 + 20 + 38 * (k // 2)) * where.scale
        reach = measure(other)
        top = rail + (13 - reach.y0) * where.scale * 0.9
        pen = Pen(stage, where.scale * 0.9, x, top, where.extent)
        _hanger(pen, reach.y0)
        draw_product(pen, other)
    _hanger(where.pen(stage), extent.y0)
    show(stage, where, look)
    clutter.foreground(stage, rng)
    return stage


def _hanger(pen: Pen, top: float) -> None:
    """A wire hanger whose hook ends above a garment that begins at ``top``."""
    hook = stroke([(0, top + 2), (0, top - 5), (2.6, top - 8), (0.4, top - 12), (-2.4, top - 10)])
    pen.line(hook, (120, 118, 116), 1.0)
    pen.line(stroke([(-15, top + 6), (0, top - 3), (15, top + 6)]), (150, 112, 76), 2.4)


def laid(look: Look, frame: Frame, rng: np.random.Generator) -> Stage:
    """Seen from above on a floor or bed, with accessories around it."""
    width, height = frame
    tone = FLOORS[int(rng.integers(len(FLOORS)))]
    if rng.random() < 0.5:
        tone = blended(clutter.any_colour(rng), (186, 182, 176), 0.6)
    rgb = ground(width, height, tone, ("wood", "linen", "nap")[int(rng.integers(3))], rng)
    stage = Stage(rgb, np.zeros((height, width), np.uint8))
    stage.light = (float(rng.choice((-0.6, 0.6))), -0.75)
    for corner in rng.permutation(4)[: int(rng.integers(2, 4))]:
        x = width * (0.14 + 0.72 * (int(corner) % 2))
        y = height * (0.2 + 0.76 * (int(corner) // 2))
        slug = clutter.other(("sneaker", "handbag", "boot", "t-shirt", "skirt"), look.slug, rng)
        clutter.product(stage, rng, slug, (x, y), width * float(rng.uniform(0.26, 0.36)))
    stage.rgb = cv2.GaussianBlur(stage.rgb, (3, 3), 0)
    at = (0.5 + float(rng.uniform(-0.09, 0.09)), 0.5 + float(rng.uniform(-0.06, 0.06)))
    show(stage, placed(measure(look), frame, float(rng.uniform(0.22, 0.4)), at), look)
    return stage


def carried(look: Look, frame: Frame, rng: np.random.Generator) -> Stage:
    """A handbag in front of someone's hip."""
    at = (0.5 + float(rng.uniform(-0.14, 0.14)), float(rng.uniform(0.52, 0.62)))
    where = placed(measure(look), frame, float(rng.uniform(0.17, 0.36)), at)
    place = anywhere(frame, int(frame[1] * 0.82), rng)
    stage = clutter.begin(place, rng, look.slug, int(rng.integers(1, 3)))
    side = -1 if rng.random() < 0.5 else 1
    scale = where.scale * 0.92
    left, top = where.left + side * 17 * scale, where.top - 62 * scale
    body = Pen(stage, scale, left, top, 150 * scale)
    clutter.dressed(body, rng, TOPS[int(rng.integers(4))], BOTTOMS[int(rng.integers(2))])
    show(stage, where, look)
    clutter.foreground(stage, rng)
    return stage


def on_ground(look: Look, frame: Frame, rng: np.random.Generator) -> Stage:
    """Shoes on a floor or pavement, perhaps beside somebody's legs."""
    extent = measure(look)
    at = (0.5 + float(rng.uniform(-0.14, 0.14)), float(rng.uniform(0.58, 0.68)))
    where = placed(extent, frame, float(rng.uniform(0.17, 0.4)), at, bool(rng.random() < 0.5))
    bottom = where.top + extent.y1 * where.scale
    floor = int(bottom - frame[1] * float(rng.uniform(0.1, 0.2)))
    place = anywhere(frame, floor, rng)
    stage = clutter.begin(place, rng, look.slug, int(rng.integers(1, 3)))
    middle = centre_of(extent, where)
    if rng.random() < 0.55:
        side = -1 if rng.random() < 0.5 else 1
        scale = where.scale * 0.8
        x = middle + side * frame[0] * 0.3
        pen = Pen(stage, scale, x, bottom - 156 * scale - 8, 160 * scale)
        clutter.dressed(pen, rng, "t-shirt", "trousers")
    ground_shadow(stage, (middle, bottom), extent.width * where.scale, 0.45)
    show(stage, where, look)
    clutter.foreground(stage, rng)
    return stage
