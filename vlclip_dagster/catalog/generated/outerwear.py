"""Hoodie and jacket. Units and joints are those of ``figure``."""

import numpy as np

from vlclip_dagster.catalog.generated import tops
from vlclip_dagster.catalog.generated.brush import Brush
from vlclip_dagster.catalog.generated.figure import Pose, sleeve_path
from vlclip_dagster.catalog.generated.geometry import (
    box,
    curve,
    heading,
    stroke,
    symmetric,
    tube,
)
from vlclip_dagster.catalog.generated.look import Look
from vlclip_dagster.catalog.generated.palette import Rgb, toned
from vlclip_dagster.catalog.generated.surface import Surface


def draw_hoodie(brush: Brush, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """A hoodie: closure, fit, pocket, contrasting sleeves, hood or cord."""
    main, trim = tops.cloth(look), tops.trim_of(look)
    cut = tops.cut_for(look, rng, 2.6)
    accent = look.detail("accent")
    hood = trim if accent == "contrast hood" else main
    _hood_behind(brush, hood, stand)
    own = trim if accent == "contrast sleeves" else main
    tops.sleeves(brush, own, stand, 0.97, (15.5, 10.5))
    tops.cuffs(brush, own.plain(toned(own.rgb, 0.88), "ribbed jersey"), stand, 0.99, 9.0)
    decal = tops.motif_on(look, 0, 29, float(rng.uniform(18, 23)))
    brush.fill(tops.torso("crew neck", cut, 19.5), main, bulge=5.5, decal=decal)
    band = box(-cut.hem - 0.2, cut.length - 4.5, cut.hem + 0.2, cut.length + 1.6, 1.5)
    brush.fill(band, main.plain(toned(main.rgb, 0.88), "ribbed jersey"), bulge=1.8)
    _hoodie_pocket(brush, look, main, cut)
    _hood_front(brush, hood)
    if look.detail("closure") == "zip-up":
        zipper(brush, 7, cut.length + 1.6, tops.seam_of(main.rgb))
    cord = trim.rgb if accent == "contrast drawstring" else tops.seam_of(main.rgb)
    for side in (-1, 1):
        string = stroke([(side * 4, 8), (side * 4.4, 16), (side * 4.1, 25)])
        brush.line(string, cord, 1.3 if accent == "contrast drawstring" else 0.8)


def _hood_behind(brush: Brush, surface: Surface, stand: Pose) -> None:
    if stand.worn:
        shape = [(0, -9), (8, -8), (13.5, -3), (15, 4), (8, 8), (0, 9)]
        brush.fill(symmetric(shape), surface, bulge=4, tone=0.82)
        return
    outer = [(0, -27), (8, -25), (13, -14), (12.5, -2), (9, 5), (0, 8)]
    brush.fill(symmetric(outer), surface, bulge=5)
    inner = [(0, -21), (5.5, -18), (8, -9), (6.5, 2), (0, 7)]
    brush.fill(symmetric(inner), surface.plain(), tone=0.45, bulge=4, drop=0)


def _hood_front(brush: Brush, surface: Surface) -> None:
    """The two edges of the hood that cross under the chin."""
    for side in (-1, 1):
        edge = [(side * 11.5, -5), (side * 11, 1), (side * 6, 6.5), (side * -1, 10)]
        brush.fill(tube(edge, (6.5, 6.5, 5.5, 3.5)), surface, bulge=2.6, drop=0.4)


def _hoodie_pocket(brush: Brush, look: Look, main: Surface, cut: tops.Cut) -> None:
    bottom = cut.length - 5
    if look.detail("pocket") == "kangaroo pocket":
        shape = [(0, bottom - 17), (8, bottom - 17), (8, bottom - 17), (13.5, bottom - 7),
                 (13.5, bottom), (13.5, bottom), (0, bottom)]  # fmt: skip
        brush.fill(symmetric(shape, steps=3), main, bulge=1.4, drop=0.5)
        for side in (-1, 1):
            mouth = np.array([(side * 8, bottom - 17), (side * 13.5, bottom - 7)], np.float32)
            brush.line(mouth, tops.seam_of(main.rgb), 0.8)
    elif look.detail("pocket") == "zip pockets":
        for side in (-1, 1):
            slit = np.array([(side * 9, bottom - 14), (side * 13, bottom - 2)], np.float32)
            brush.line(slit, (196, 198, 202), 1.3)


def zipper(brush: Brush, top: float, bottom: float, tape: Rgb) -> None:
    """A vertical zip on the centre line with its pull."""
    path = np.array([(0, top), (0, bottom)], np.float32)
    brush.line(path, tape, 2.4)
    brush.line(path, (206, 208, 212), 1.1)
    brush.stitches(path, (110, 112, 118), 1.1, 0.7)
    brush.fill(
        box(-0.9, top + 1, 0.9, top + 4.5, 0.8), Surface((222, 224, 228), "metal"), bulge=0.9
    )


def draw_jacket(brush: Brush, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """A jacket: style, length, pockets, collar in contrast."""
    main, style = tops.cloth(look), look.detail("style")
    base = {"cropped": 46.0, "hip-length": 61.0, "long": 86.0}[look.detail("length")]
    chest = 21.5 + float(rng.uniform(-0.6, 1.2)) + (2.5 if style == "puffer" else 0)
    nip = 3.0 if style == "blazer" else 1.0
    cut = tops.Cut(chest, chest - nip, chest - nip + 1.6, base + float(rng.uniform(-1.5, 1.5)))
    neck = "v-neck" if style in ("blazer", "biker") else "stand"
    lining = main.plain(toned(main.rgb, 0.6))
    tops.inside_back(brush, lining, neck, stand)
    folds = "quilt" if style == "puffer" else None
    for side in (-1, 1):
        path = sleeve_path(stand, side, 0.98)
        shape = tube(path, (11, 16, 15, 11.5) if style == "puffer" else (9.5, 13.5, 12.5, 10))
        brush.fill(shape, main, turn=heading(path), bulge=5, folds=folds)
    brush.fill(
        tops.torso(neck, cut, 20), main, bulge=5, folds=folds, decal=tops.motif_on(look, 10, 27, 12)
    )
    _jacket_bands(brush, look, main, cut, stand)
    _jacket_pockets(brush, look, main, cut)
    _jacket_front(brush, look, main, cut)


def _jacket_bands(brush: Brush, look: Look, main: Surface, cut: tops.Cut, stand: Pose) -> None:
    if look.detail("style") != "bomber":
        return
    rib = main.plain(toned(main.rgb, 0.82), "ribbed jersey")
    if look.detail("collar") == "contrast collar":
        rib = main.plain(look.second_rgb, "ribbed jersey")
    band = box(-cut.hem - 0.4, cut.length - 5, cut.hem + 0.4, cut.length + 1.6, 1.6)
    brush.fill(band, rib, bulge=1.8)
    tops.cuffs(brush, rib, stand, 0.99, 9.5)


def _jacket_pockets(brush: Brush, look: Look, main: Surface, cut: tops.Cut) -> None:
    pocket = look.detail("pocket")
    low = min(cut.length - 20, 46.0)
    for side in (-1, 1):
        if pocket == "patch pockets":
            tops.patch_pocket(brush, main, side * 11.5, low, 12, 14)
        elif pocket == "flap pockets":
            flap = box(side * 11.5 - 6, low, side * 11.5 + 6, low + 5, 1.2)
            brush.fill(flap, main, bulge=1.2, drop=0.6)
            tops.buttons(brush, [(side * 11.5, low + 3.2)], 0.8, tops.seam_of(main.rgb))
        elif pocket == "zip pockets":
            slit = np.array([(side * 8, low), (side * 14.5, low + 9)], np.float32)
            brush.line(slit, (204, 206, 210), 1.4)
            brush.stitches(slit, (96, 98, 104), 1.2, 0.7)


def _jacket_front(brush: Brush, look: Look, main: Surface, cut: tops.Cut) -> None:
    style = look.detail("style")
    contrast = look.detail("collar") == "contrast collar"
    collar = main.plain(look.second_rgb) if contrast else main
    if style in ("blazer", "biker"):
        opening = np.array([(0, 16), (1.2, cut.length)], np.float32)
        brush.line(opening, toned(main.rgb, 0.4), 0.9)
        _lapels(brush, collar, wide=style == "biker")
    if style == "biker":
        zip_path = np.array([(9, 10), (1.5, 24), (1.5, cut.length)], np.float32)
        brush.line(zip_path, (204, 206, 210), 1.2)
    elif style == "blazer":
        tops.buttons(brush, [(1.6, 34), (1.6, 44)], 1.3, tops.seam_of(main.rgb))
    elif style == "trucker":
        brush.fill(box(-1.7, 3, 1.7, cut.length), main, bulge=0.8, drop=0.4)
        rows = np.arange(8, cut.length - 3, 8.0)
        tops.buttons(brush, [(0, float(y)) for y in rows], 1.0, (188, 150, 96))
        _yoke(brush, main)
        tops.shirt_collar(brush, "point collar", collar)
    else:
        zipper(brush, 2, cut.length + 1, tops.seam_of(main.rgb))
        band = stroke([(-8, -3.5), (-6, 2), (-1, 4), (1, 4), (6, 2), (8, -3.5)])
        brush.fill(tube(band, (6, 6)), collar, bulge=2.2, drop=0.4)


def _yoke(brush: Brush, main: Surface) -> None:
    thread = (206, 156, 84) if main.material == "denim" else tops.seam_of(main.rgb)
    for side in (-1, 1):
        brush.stitches(stroke([(side * 18, 18), (side * 10, 19.5), (side * 2, 19)]), thread)
        brush.stitches(stroke([(side * 6, 19), (side * 5, 32), (side * 3.6, 43)]), thread)


def _lapels(brush: Brush, surface: Surface, wide: bool) -> None:
    reach = 14.5 if wide else 11.5
    for side in (-1, 1):
        notch = [(0, 31), (0, 31), (4, 14), (7.6, -3), (7.6, -3), (10, -1), (reach, 9), (reach, 9),
                 (reach - 2.5, 12), (reach, 14), (reach, 14), (5, 24)]  # fmt: skip
        shape = curve([(side * x, y) for x, y in notch], steps=4)
        brush.fill(shape, surface, turn=side * 20.0, bulge=1.2, drop=0.55)
