"""Garments for the upper body: t-shirt, shirt, hoodie, jacket.

Units and joints are those of ``figure``. Each public function draws one type; it reads the
visible attributes from the look and the rest from ``rng``.
"""

from dataclasses import dataclass

import numpy as np

from vlclip_dagster.catalog.generated.brush import Brush, Decal
from vlclip_dagster.catalog.generated.figure import Pose, sleeve_path
from vlclip_dagster.catalog.generated.geometry import (
    Points,
    box,
    curve,
    ellipse,
    heading,
    stroke,
    symmetric,
    tube,
)
from vlclip_dagster.catalog.generated.look import Look
from vlclip_dagster.catalog.generated.palette import Rgb, luminance, toned
from vlclip_dagster.catalog.generated.surface import Surface

SLEEVES = {"short sleeve": 0.36, "long sleeve": 0.99, "rolled sleeve": 0.62, "puff sleeve": 0.34}
_PANELS = {
    "crew neck": (4.5, 7.5),
    "round neck": (6.5, 8.5),
    "henley neck": (4.5, 7.5),
    "scoop neck": (13.5, 10.0),
    "v-neck": (16.0, 8.0),
    "square neck": (10.5, 10.0),
    "stand": (2.0, 6.5),
}


@dataclass(frozen=True)
class Cut:
    """The torso's measures in cm: half widths, and where it ends."""

    chest: float
    waist: float
    hem: float
    length: float


def cloth(look: Look) -> Surface:
    """The product's main surface."""
    pattern = "solid" if look.motif else look.pattern
    turn = 90.0 if look.pattern == "striped" and look.detail("direction") == "horizontal" else 0.0
    return Surface(
        look.rgb, look.material, pattern, look.second_rgb, look.seed % 997, look.bold, turn
    )


def trim_of(look: Look) -> Surface:
    """The surface of contrasting parts: second colour, no pattern."""
    return cloth(look).plain(look.second_rgb)


def seam_of(rgb: Rgb) -> Rgb:
    """The colour of a seam or stitch that can be seen on ``rgb``."""
    return toned(rgb, 0.62) if luminance(rgb) > 0.24 else (104, 106, 114)


def motif_on(look: Look, x: float, y: float, width: float) -> Decal | None:
    """The look's placed print, if it has one."""
    if not look.motif:
        return None
    return Decal(look.motif, x, y, width, look.second_rgb, seam_of(look.second_rgb), look.seed)


def neckline(neck: str) -> list[tuple[float, float]]:
    """The right half of a neckline, from the centre to the shoulder seam."""
    depth, half = _PANELS[neck]
    if neck == "v-neck":
        return [(0, depth), (0, depth), (half * 0.5, depth * 0.52), (half, -1.5), (half, -1.5)]
    if neck == "square neck":
        return [(0, depth), (half - 1.5, depth), (half - 1.5, depth), (half, -1.5), (half, -1.5)]
    return [(0, depth), (half * 0.55, depth * 0.84), (half * 0.93, depth * 0.3), (half, -1.5),
            (half, -1.5)]  # fmt: skip


def torso(neck: str, cut: Cut, shoulder: float = 18.5) -> Points:
    """The outline of a bodice with armholes, from neckline to hem."""
    right = [
        *neckline(neck),
        (shoulder, 3.2),
        (shoulder, 3.2),
        (shoulder - 2.2, 13),
        (cut.chest, 23),
        (cut.chest, 23),
        ((cut.chest + cut.waist) / 2, 32),
        (cut.waist, 42),
        (cut.hem, cut.length),
        (cut.hem, cut.length),
        (cut.hem * 0.5, cut.length + 0.9),
        (0, cut.length + 1.1),
    ]
    return symmetric(right)


def collar_path(neck: str) -> Points:
    """The whole neckline as an open path from one shoulder seam to the other."""
    right = neckline(neck)
    left = [(-x, y) for x, y in right[::-1] if x > 0]
    return stroke([*left, *right])


def inside_back(brush: Brush, surface: Surface, neck: str, stand: Pose) -> None:
    """The inside of the back, seen through the neckline when nobody wears the garment."""
    if stand.worn:
        return
    depth, half = _PANELS[neck]
    back = [(0, 0.5), (half * 0.7, -0.6), (half, -1.8), (half, depth * 0.4), (0, depth + 3)]
    brush.fill(symmetric(back), surface.plain(), tone=0.5, bulge=2, drop=0.15)


def sleeves(
    brush: Brush, surface: Surface, stand: Pose, share: float, width: tuple[float, float]
) -> None:
    """Both sleeves, covering ``share`` of the arm, ``width`` at the shoulder and at the end."""
    for side in (-1, 1):
        path = sleeve_path(stand, side, share)
        shape = tube(path, (width[0] * 0.62, width[0] * 0.9, width[0], width[1]))
        brush.fill(shape, surface, turn=heading(path), bulge=4.5, fold_gain=1.3)


def cuffs(brush: Brush, surface: Surface, stand: Pose, share: float, width: float) -> None:
    """Bands at the ends of both sleeves."""
    for side in (-1, 1):
        path = sleeve_path(stand, side, share)[-5:]
        brush.fill(tube(path, (width, width * 0.96)), surface, turn=heading(path), bulge=1.5)


def cut_for(look: Look, rng: np.random.Generator, ease: float) -> Cut:
    """The measures of a garment with ``ease`` cm of room, as its fit asks."""
    chest = 19.5 + ease + float(rng.uniform(-1, 1.4))
    waist = chest - float(rng.uniform(0.6, 2.6))
    length = 63 + float(rng.uniform(-2, 3))
    if "cropped" in look.detail("fit"):
        length = 41 + float(rng.uniform(-1, 2))
    elif "longline" in look.detail("fit"):
        length = 80 + float(rng.uniform(-2, 3))
    if "oversized" in look.detail("fit"):
        chest, waist = chest + 4, waist + 5
    return Cut(chest, waist, waist + float(rng.uniform(0.6, 2.4)), length)


def draw_tshirt(brush: Brush, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """A t-shirt: neckline, sleeves, fit, pocket, contrasting trim."""
    main, trim = cloth(look), trim_of(look)
    neck = look.detail("neckline")
    cut = cut_for(look, rng, 1.0)
    inside_back(brush, main, neck, stand)
    share = SLEEVES.get(look.detail("sleeve"), 0.0)
    shoulder = 18.5 if share else 15.5
    if share:
        width = (14.0, 13.0) if share < 0.5 else (13.0, 7.5)
        own = trim if look.detail("trim") == "contrast sleeves" else main
        sleeves(brush, own, stand, share, width)
    decal = motif_on(look, 0, 30, float(rng.uniform(20, 26)))
    brush.fill(torso(neck, cut, shoulder), main, bulge=5, decal=decal)
    band = trim if look.detail("trim") == "contrast trim" else main.plain(toned(main.rgb, 0.9))
    brush.fill(tube(collar_path(neck), (2.4, 2.4)), band, bulge=1.2, drop=0.2)
    if look.detail("trim") == "contrast trim" and share:
        cuffs(brush, trim, stand, share, 13.0 if share < 0.5 else 7.8)
    _tshirt_front(brush, look, main, cut)


def _tshirt_front(brush: Brush, look: Look, main: Surface, cut: Cut) -> None:
    seam = seam_of(main.rgb)
    hem = stroke(
        [(-cut.hem + 0.5, cut.length - 2), (0, cut.length - 1), (cut.hem - 0.5, cut.length - 2)]
    )
    brush.line(hem, seam, 0.35, 0.6)
    if look.detail("neckline") == "henley neck":
        brush.fill(box(-1.8, 5, 1.8, 20, 0.6), main.plain(), bulge=1, drop=0.35)
        buttons(brush, [(0, 8), (0, 12.5), (0, 17)], 0.85, seam)
    if look.detail("pocket"):
        patch_pocket(brush, main, 9, 21, 9.5, 10.5)


def patch_pocket(
    brush: Brush, surface: Surface, x: float, y: float, width: float, height: float
) -> None:
    """A sewn-on pocket with its top edge centred on (x, y)."""
    w = width / 2
    shape = [(x - w, y), (x - w, y), (x + w, y), (x + w, y), (x + w, y + height * 0.8),
             (x, y + height), (x, y + height), (x - w, y + height * 0.8)]  # fmt: skip
    brush.fill(curve(shape, steps=3), surface, bulge=1.0, drop=0.5, tone=0.97)
    seam = seam_of(surface.rgb)
    brush.line(np.array([(x - w, y + 1.6), (x + w, y + 1.6)], np.float32), seam, 0.4, 0.8)
    low = y + height * 0.8
    edge = [(x - w, y), (x - w, low), (x, y + height), (x + w, low), (x + w, y)]
    brush.line(np.array(edge, np.float32), seam, 0.35, 0.6)


def buttons(brush: Brush, places: list[tuple[float, float]], radius: float, rgb: Rgb) -> None:
    """A row of buttons."""
    for x, y in places:
        brush.fill(
            ellipse(x, y, radius, radius, 14), Surface(rgb, "ceramic"), bulge=radius, drop=0.5
        )


def draw_shirt(brush: Brush, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """A button-up shirt: collar, sleeves, pockets, fit, buttons."""
    main = cloth(look)
    cut = cut_for(look, rng, 1.4)
    inside_back(brush, main, "v-neck" if look.detail("collar") == "camp collar" else "stand", stand)
    share = SLEEVES[look.detail("sleeve")]
    width = (15.0, 14.0) if share < 0.5 else (14.0, 9.0)
    sleeves(brush, main, stand, share, width)
    if share > 0.5:
        cuffs(brush, main, stand, share, 10.0)
    neck = "v-neck" if look.detail("collar") == "camp collar" else "stand"
    brush.fill(torso(neck, cut, 19), main, bulge=5, decal=motif_on(look, 9.5, 27, 11))
    _shirt_front(brush, look, main, cut, 16 if neck == "v-neck" else 3)
    shirt_collar(brush, look.detail("collar"), main)


def _shirt_front(brush: Brush, look: Look, main: Surface, cut: Cut, top: float) -> None:
    seam = seam_of(main.rgb)
    brush.fill(box(-1.9, top, 1.9, cut.length + 0.8), main, bulge=0.8, drop=0.3)
    plain = (238, 236, 230) if luminance(main.rgb) < 0.5 else toned(main.rgb, 0.7)
    rgb = look.second_rgb if look.detail("buttons") else plain
    rows = np.arange(top + 4, cut.length - 4, 8.5)
    radius = 1.25 if look.detail("buttons") else 0.8
    buttons(brush, [(0, float(y)) for y in rows], radius, rgb)
    hem = stroke(
        [(-cut.hem + 0.5, cut.length - 2), (0, cut.length - 1), (cut.hem - 0.5, cut.length - 2)]
    )
    brush.line(hem, seam, 0.35, 0.6)
    for x in {"": (), "chest pocket": (9.5,), "two chest pockets": (-9.5, 9.5)}[
        look.detail("pocket")
    ]:
        patch_pocket(brush, main, x, 20, 9.5, 11)


def shirt_collar(brush: Brush, collar: str, main: Surface) -> None:
    """A point, mandarin or camp collar."""
    if collar == "mandarin collar":
        band = stroke([(-6.8, -2.5), (-5.5, 1.6), (-1.2, 3.4), (1.2, 3.4), (5.5, 1.6), (6.8, -2.5)])
        brush.fill(tube(band, (4.2, 4.2)), main, bulge=1.4, drop=0.35)
        return
    leaf: list[tuple[float, float]]
    if collar == "camp collar":
        leaf = [(0.2, 16), (0.2, 16), (6, 5), (8.4, -3), (8.4, -3), (12, 2), (13.5, 9), (13.5, 9),
                (6, 10)]  # fmt: skip
    else:
        leaf = [(0.4, 3), (0.4, 3), (4, -0.6), (7, -4), (7, -4), (10.5, 1), (8, 10), (8, 10)]
    for side in (-1, 1):
        shape = curve([(side * x, y) for x, y in leaf], steps=5)
        brush.fill(shape, main, turn=side * 30.0, bulge=1.2, drop=0.5)
