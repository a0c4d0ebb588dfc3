"""Sneakers from the side, toe to the right.

Units are centimetres; the origin is the ground under the heel, y grows downwards.
"""

import numpy as np

from vlclip_dagster.catalog.generated import tops
from vlclip_dagster.catalog.generated.brush import Brush, Decal, Shifted
from vlclip_dagster.catalog.generated.figure import Pose
from vlclip_dagster.catalog.generated.geometry import Points, box, curve, stroke, tube
from vlclip_dagster.catalog.generated.look import Look
from vlclip_dagster.catalog.generated.palette import Rgb, luminance, toned
from vlclip_dagster.catalog.generated.surface import Surface

SOLES: dict[str, Rgb] = {
    "white sole": (240, 240, 236),
    "black sole": (40, 40, 44),
    "gum sole": (176, 122, 74),
}
_THICK = {"flat sole": 2.4, "chunky sole": 5.0, "running sole": 3.8}


def draw_sneaker(brush: Brush, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """A pair of sneakers: height, closure, sole, accents."""
    toe = float(rng.uniform(-0.6, 0.7))
    _sneaker(Shifted(brush, 6.0, -5.2, 0.84), look, toe)
    _sneaker(brush, look, toe)


def _sneaker(brush: Brush, look: Look, toe: float) -> None:
    main, thick = tops.cloth(look), _THICK[look.detail("sole")]
    collar = (-18.5 if look.detail("height") == "high-top" else -12.0) - thick * 0.5
    mouth = [(1.2, collar), (5, collar - 0.9), (10, collar), (10.4, collar + 3), (4, collar + 3)]
    brush.fill(curve(mouth), main.plain(), tone=0.42, bulge=1)
    if look.detail("closure") != "slip-on":
        tongue = [(7.6, collar - 2.6), (10.8, collar - 2.8), (13.6, -11.5), (18.5, -8.5), (13, -7)]
        brush.fill(curve(tongue), main.plain(), tone=0.88, bulge=1.4)
    decal = None
    if look.motif:
        ink = tops.seam_of(look.second_rgb)
        decal = Decal(look.motif, 7.4, -6.4 - thick, 6.4, look.second_rgb, ink, look.seed)
    upper = _upper(collar, thick, toe)
    brush.fill(upper, main, bulge=3.4, puff=1.2, fold_gain=0.6, decal=decal)
    _accent(brush, look, (collar, thick, toe))
    _sole(brush, look, thick)
    _fasten(brush, look, main, collar)


def _upper(collar: float, thick: float, toe: float) -> Points:
    """The upper's outline from the heel collar over the instep to the toe."""
    low = -thick + 0.6
    return curve([
        (0.8, collar), (0.8, collar), (4.6, collar + 1.8), (9.8, collar + 0.2),
        (9.8, collar + 0.2), (13.8, -10.8), (18.5, -8.6), (23, -7.6 + toe), (26.4, -6.4 + toe),
        (28.2, -4.6), (28.4, low), (28.4, low), (14, low + 0.3), (0.4, low), (0.4, low),
        (-0.1, -6), (0.8, -9.6),
    ])  # fmt: skip


def _accent(brush: Brush, look: Look, at: tuple[float, float, float]) -> None:
    """What is sewn onto the upper; ``at`` is the collar's height, the sole's and the toe's."""
    collar, thick, toe = at
    trim, accent = tops.trim_of(look), look.detail("accent")
    seam = tops.seam_of(look.rgb)
    brush.stitches(stroke([(0.6, -8), (4.6, -8.6), (7.4, -5.4), (8.4, -thick)]), seam, 0.25, 0.7)
    if accent == "contrast side stripes":
        for x in (9.2, 12.6):
            stripe = tube([(x, -10.2 + (x - 8.6) * 0.12), (x + 2.4, -thick - 0.2)], (1.9, 2.1))
            brush.fill(stripe, trim, bulge=0.5, drop=0.15)
    elif accent == "contrast toe cap":
        cap = [(21.8, -7.9 + toe), (21.8, -7.9 + toe), (25.4, -7 + toe), (28.2, -4.6),
               (28.5, -thick + 0.6), (28.5, -thick + 0.6), (20.6, -thick + 0.6),
               (20.6, -thick + 0.6), (20.4, -5)]  # fmt: skip
        brush.fill(curve(cap), trim.plain(material="rubber"), bulge=1.8, drop=0.2)
    elif accent == "contrast heel":
        tab = [(0.7, collar - 0.2), (0.7, collar - 0.2), (4.4, collar + 1.6), (5, -7),
               (5.6, -thick), (5.6, -thick), (0.4, -thick), (0.4, -thick), (-0.2, -6),
               (0.7, -9.6)]  # fmt: skip
        brush.fill(curve(tab), trim, bulge=1.6, drop=0.2)
    elif accent == "contrast chevron":
        wing = np.array([(8.6, -9.4), (13, -thick - 0.8), (18.4, -8)], np.float32)
        brush.fill(tube(np.repeat(wing, 2, axis=0), (1.5, 1.5)), trim, bulge=0.6, drop=0.15)


def _sole(brush: Brush, look: Look, thick: float) -> None:
    rubber = Surface(SOLES[look.detail("sole colour")], "rubber")
    kind, t = look.detail("sole"), thick
    spring = 1.3 if kind == "running sole" else 0.35
    shape = curve([
        (-0.5, -t - 0.4), (5, -t - 0.1), (14, -t + 0.3), (27, -t - 0.1), (29.2, -t * 0.8),
        (28.9, -t * 0.35 - spring), (26.4, -0.3 - spring * 0.5), (20, 0), (2, 0), (0, -0.3),
        (-0.9, -t * 0.55),
    ])  # fmt: skip
    brush.fill(shape, rubber, bulge=1.1, puff=0.8, drop=0.25)
    dark = toned(rubber.rgb, 0.68)
    if kind == "chunky sole":
        for x in np.arange(1.4, 26, 3.2):
            cleat = box(float(x), -1.7, float(x) + 1.8, 0.2, 0.3)
            brush.fill(cleat, Surface(dark, "rubber"), bulge=0.4, drop=0)
        brush.line(stroke([(-0.4, -t * 0.62), (14, -t * 0.56), (28.8, -t * 0.66)]), dark, 0.5)
    elif kind == "running sole":
        wedge = curve([(0, -2.3), (6, -2), (14, -0.8), (6, -0.4), (0.6, -0.6)])
        brush.fill(wedge, Surface(toned(dark, 0.8), "rubber"), bulge=0.6, drop=0)
    else:
        brush.line(stroke([(-0.4, -0.9), (14, -0.8), (27.8, -1)]), dark, 0.35)


def _fasten(brush: Brush, look: Look, main: Surface, collar: float) -> None:
    """Laces, straps or an elastic gusset on the instep."""
    closure = look.detail("closure")
    high = look.detail("height") == "high-top"
    rows = np.linspace(0, 1, 6 if high else 4)
    if closure == "lace-up":
        _laces(brush, main, [(18.4 - 7.4 * t, -8.2 + (collar + 10.6) * t) for t in rows])
    elif closure == "velcro straps":
        darker = toned(main.rgb, 0.78 if luminance(main.rgb) > 0.3 else 1.7)
        strap = main.plain(darker, "leather")
        for k in range(3 if high else 2):
            x, y = 16.4 - 2.6 * k, -8.6 - 3.0 * k
            path = [(x - 5, y + 3.8), (x - 1, y + 0.6), (x + 2.2, y - 0.4)]
            brush.fill(tube(path, (2.5, 2.5)), strap, bulge=0.8, drop=0.5)
    else:
        elastic = main.plain(toned(main.rgb, 0.55), "ribbed jersey")
        gusset = [(9.2, collar + 0.6), (9.2, collar + 0.6), (13, -11), (16.6, -9.2), (15, -6.4),
                  (11.6, -7)]  # fmt: skip
        brush.fill(curve(gusset), elastic, bulge=0.8, drop=0.2)


def _laces(brush: Brush, main: Surface, rows: list[tuple[float, float]]) -> None:
    lace = (244, 244, 240) if luminance(main.rgb) < 0.75 else (60, 62, 70)
    for x, y in rows:
        brush.line(stroke([(x - 2.8, y + 1.2), (x - 0.4, y - 0.5), (x + 1.4, y - 0.9)]), lace, 0.8)
        brush.line(stroke([(x - 2.8, y - 0.6), (x + 1.2, y + 0.3)]), lace, 0.6)
    x, y = rows[-1]
    for dx, dy in ((-2.4, 2.0), (2.4, 1.2)):
        loop = [(x, y), (x + dx, y - dy), (x + dx * 1.2, y + dy), (x, y)]
        brush.line(stroke(loop), lace, 0.65)
