"""Footwear seen from the side, toe to the right: sneaker and boot.

Units are centimetres; the origin is the ground under the heel, y grows downwards.
"""

import numpy as np

from vlclip_dagster.catalog.generated import tops
from vlclip_dagster.catalog.generated.figure import Pose
from vlclip_dagster.catalog.generated.geometry import (
    Points,
    box,
    curve,
    ellipse,
    moved,
    part_of,
    tube,
)
from vlclip_dagster.catalog.generated.look import Look
from vlclip_dagster.catalog.generated.palette import Rgb, luminance, toned
from vlclip_dagster.catalog.generated.pen import Brush, Decal, stroke
from vlclip_dagster.catalog.generated.surface import Surface

SOLES: dict[str, Rgb] = {
    "white sole": (240, 240, 236),
    "black sole": (40, 40, 44),
    "gum sole": (176, 122, 74),
}


class Shifted:
    """A brush that draws everything beside and, if wished, dimmer: the other shoe of a pair."""

    def __init__(self, brush: Brush, dx: float, dy: float, tone: float = 1.0) -> None:
        self._brush, self._dx, self._dy, self._tone = brush, dx, dy, tone

    def fill(
        self,
        outline: Points,
        surface: Surface,
        *,
        turn: float = 0.0,
        bulge: float = 3.0,
        puff: float = 1.0,
        drop: float = 0.3,
        tone: float = 1.0,
        folds: str | None = None,
        fold_gain: float = 1.0,
        decal: Decal | None = None,
    ) -> None:
        """Fill the shifted outline."""
        self._brush.fill(
            moved(outline, self._dx, self._dy), surface, turn=turn, bulge=bulge, puff=puff,
            drop=drop, tone=tone * self._tone, folds=folds, fold_gain=fold_gain, decal=None,
        )  # fmt: skip

    def line(self, path: Points, rgb: Rgb, width: float, opacity: float = 1.0) -> None:
        """Stroke the shifted path."""
        colour = toned(rgb, self._tone)
        self._brush.line(moved(path, self._dx, self._dy), colour, width, opacity)

    def stitches(self, path: Points, rgb: Rgb, width: float = 0.35, dash: float = 1.4) -> None:
        """Dash the shifted path."""
        self._brush.stitches(moved(path, self._dx, self._dy), rgb, width, dash)


def draw_sneaker(brush: Brush, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """A pair of sneakers: height, closure, sole, accents."""
    toe = float(rng.uniform(-0.6, 0.8))
    _sneaker(Shifted(brush, 5.5, -4.6, 0.86), look, toe)
    _sneaker(brush, look, toe)


def _sneaker(brush: Brush, look: Look, toe: float) -> None:
    main = tops.cloth(look)
    sole = look.detail("sole")
    thick = {"flat sole": 2.6, "chunky sole": 4.8, "running sole": 3.8}[sole]
    high = look.detail("height") == "high-top"
    collar = -18.0 if high else -11.5
    inside = curve(
        [(1.6, collar), (5, collar - 0.8), (10.5, collar + 0.6), (11, collar + 3), (4, collar + 3)]
    )
    brush.fill(inside, main.plain(), tone=0.45, bulge=1)
    _tongue(brush, look, main, collar)
    upper = _upper(collar, thick, toe)
    decal = None
    if look.motif:
        decal = Decal(
            look.motif, 8.6, -7.2, 6.4, look.second_rgb, tops.seam_of(look.second_rgb), look.seed
        )
    brush.fill(upper, main, bulge=3.2, puff=1.3, fold_gain=0.6, decal=decal)
    _sneaker_accents(brush, look, main, collar, thick)
    _sole(brush, look, sole, thick)
    _fasten(brush, look, main, collar)


def _upper(collar: float, thick: float, toe: float) -> Points:
    """The upper's outline from the heel collar over the instep to the toe."""
    low = -thick + 0.8
    points = [
        (1.2, collar), (1.2, collar), (5.5, collar + 1.6), (10.6, collar + 0.6), (10.6, collar + 0.6),
        (14.5, -9.2), (19, -6.9), (24, -5.6 + toe * 0.4), (27.6, -3.9), (28.2, low), (28.2, low),
        (14, low + 0.4), (0.6, low), (0.6, low), (0.2, -6),
    ]  # fmt: skip
    return curve(points, steps=6)


def _tongue(brush: Brush, look: Look, main: Surface, collar: float) -> None:
    if look.detail("closure") == "slip-on":
        return
    tongue = curve(
        [
            (9.2, collar - 2.4),
            (9.2, collar - 2.4),
            (12, collar - 1.6),
            (19, -7),
            (15, -6),
            (8.6, -8),
        ]
    )
    brush.fill(tongue, main.plain(), tone=0.86, bulge=1.4)


def _sneaker_accents(brush: Brush, look: Look, main: Surface, collar: float, thick: float) -> None:
    trim, accent = tops.trim_of(look), look.detail("accent")
    seam = tops.seam_of(main.rgb)
    brush.stitches(stroke([(0.8, -7), (5, -7.4), (8, -4), (9, -thick)]), seam, 0.25, 0.7)
    if accent == "contrast side stripes":
        for k in range(3):
            x = 8.5 + 2.5 * k
            brush.fill(
                tube([(x, -8.6 + 0.35 * k), (x + 2.6, -thick - 0.1)], (1.3, 1.5)),
                trim,
                bulge=0.5,
                drop=0.15,
            )
    elif accent == "contrast toe cap":
        cap = curve(
            [
                (22.6, -6.0),
                (22.6, -6.0),
                (25.5, -5.2),
                (27.8, -3.8),
                (28.3, -1.6),
                (28.3, -1.6),
                (22.4, -1.7),
                (21.4, -4),
            ]
        )
        brush.fill(cap, trim.plain(material="rubber"), bulge=1.6, drop=0.2)
    elif accent == "contrast heel":
        heel = curve(
            [
                (1.0, collar + 0.4),
                (1.0, collar + 0.4),
                (4.2, collar + 1.5),
                (4.6, -6),
                (5, -1.8),
                (5, -1.8),
                (0.6, -1.8),
                (0.3, -6),
            ]
        )
        brush.fill(heel, trim, bulge=1.4, drop=0.2)
    elif accent == "contrast swoosh":
        wing = curve([(6.5, -5.6), (10, -3.2), (20.5, -7.6), (20.5, -7.6), (12, -5.2), (8.4, -6.6)])
        brush.fill(wing, trim, bulge=0.6, drop=0.15)


def _sole(brush: Brush, look: Look, sole: str, thick: float) -> None:
    rubber = Surface(SOLES[look.detail("sole colour")], "rubber")
    lift = 1.6 if sole == "running sole" else 0.5
    shape = curve(
        [(-0.6, -thick - 0.6), (-0.6, -thick - 0.6), (13, -thick + 0.8), (27, -thick + 0.2), (29, -thick - lift * 0.6),
         (29, -thick - lift * 0.6), (28.6, -lift), (25, 0), (25, 0), (0.4, 0), (0.4, 0), (-1, -thick * 0.5)], steps=5)  # fmt: skip
    brush.fill(shape, rubber, bulge=1.0, puff=0.8, drop=0.25)
    dark = toned(rubber.rgb, 0.7)
    if sole == "chunky sole":
        for x in np.arange(2, 27, 3.2):
            brush.fill(box(x, -1.5, x + 1.7, 0.3, 0.3), Surface(dark, "rubber"), bulge=0.4, drop=0)
        brush.line(
            stroke([(0, -thick * 0.6), (14, -thick * 0.5), (28.4, -thick * 0.62)]), dark, 0.5
        )
    elif sole == "running sole":
        brush.fill(
            curve([(0, -2.4), (6, -2), (12, -0.6), (6, -0.4), (0.6, -0.6)]),
            Surface(toned(dark, 0.8), "rubber"),
            bulge=0.6,
            drop=0,
        )
    else:
        brush.line(stroke([(0, -0.9), (14, -0.8), (27.5, -0.9)]), dark, 0.35)


def _fasten(brush: Brush, look: Look, main: Surface, collar: float) -> None:
    closure = look.detail("closure")
    lace = (244, 244, 240) if luminance(main.rgb) < 0.75 else (60, 62, 70)
    rows = 6 if look.detail("height") == "high-top" else 4
    if closure == "lace-up":
        for k in range(rows):
            at = k / (rows - 1)
            x, y = 18.6 - 7.6 * at, -6.6 + (collar + 8) * at
            brush.line(stroke([(x - 2.6, y + 0.9), (x, y - 0.5), (x + 1.6, y - 1.2)]), lace, 0.75)
            brush.line(stroke([(x - 2.6, y - 0.6), (x + 1.4, y + 0.1)]), lace, 0.6)
        for bow in ((-2.6, 1.8), (2.6, 1.2)):
            x, y = 11.0, collar + 1.8
            brush.line(
                stroke([(x, y), (x + bow[0], y - bow[1]), (x + bow[0] * 1.1, y + bow[1]), (x, y)]),
                lace,
                0.6,
            )
    elif closure == "velcro straps":
        strap = main.plain(toned(main.rgb, 0.78 if luminance(main.rgb) > 0.3 else 1.7), "leather")
        for k in range(2 if rows == 4 else 3):
            x, y = 17.2 - 3.6 * k, -7.0 - 2.6 * k
            brush.fill(
                tube([(x - 4.2, y + 2.8), (x, y + 0.2), (x + 2.4, y - 0.8)], (2.3, 2.3)),
                strap,
                bulge=0.8,
                drop=0.5,
            )
    else:
        elastic = main.plain(toned(main.rgb, 0.55), "ribbed jersey")
        gusset = curve(
            [
                (9.5, collar + 1),
                (9.5, collar + 1),
                (12.4, collar + 2.2),
                (15.6, -8.6),
                (14, -5.6),
                (11.4, -6),
            ]
        )
        brush.fill(gusset, elastic, bulge=0.8, drop=0.2)


def draw_boot(brush: Brush, look: Look, stand: Pose, rng: np.random.Generator) -> None:
    """A pair of boots: shaft, heel, closure, toe."""
    jitter = float(rng.uniform(-0.5, 0.7))
    _boot(Shifted(brush, 7.5, -4.2, 0.86), look, jitter)
    _boot(brush, look, jitter)


def _boot(brush: Brush, look: Look, jitter: float) -> None:
    main = tops.cloth(look)
    shaft = {"ankle": 19.0, "mid-calf": 31.0, "knee-high": 45.0}[look.detail("shaft")]
    lift = {"flat heel": 1.6, "block heel": 6.0, "stiletto heel": 8.5}[look.detail("heel")]
    top = -shaft - lift
    wide = 1.2 if shaft > 24 else 0.0
    opening = ellipse(6.2, top + 0.2, 6.0 + wide, 1.5)
    brush.fill(opening, main.plain(), tone=0.4, bulge=0.8)
    outline = _boot_outline(top, lift, wide + jitter * 0.4, look.detail("toe") == "pointed toe")
    decal = None
    if look.motif:
        decal = Decal(
            look.motif,
            6.0,
            top + shaft * 0.36,
            7.4,
            look.second_rgb,
            tops.seam_of(look.second_rgb),
            look.seed,
        )
    brush.fill(outline, main, bulge=4, puff=1.25, decal=decal)
    _boot_base(brush, look, lift)
    _boot_closure(brush, look, main, top, lift)


def _boot_outline(top: float, lift: float, wide: float, pointed: bool) -> Points:
    toe = (
        [(28.5, -2.4), (30.5, -0.9), (30.5, -0.9)]
        if pointed
        else [(25.6, -5.0), (27.6, -2.6), (27.2, -0.8)]
    )
    heel = -lift
    points = [
        (0.2 - wide, top), (0.2 - wide, top), (6, top + 1.2), (12.2 + wide, top), (12.2 + wide, top),
        (11.6, top * 0.5 + heel * 0.5 - 3), (12.0, heel - 11), (15.6, -8.2 - lift * 0.45), (21, -6.2), *toe,
        (18, -0.8), (11, -0.8 - lift * 0.55), (0.8, heel - 0.2), (0.8, heel - 0.2), (-0.4, heel - 4),
        (0.9, heel - 10),
    ]  # fmt: skip
    return curve(points, steps=6)


def _boot_base(brush: Brush, look: Look, lift: float) -> None:
    """Sole and heel."""
    dark = Surface((52, 44, 40) if luminance(look.rgb) > 0.2 else (84, 78, 74), "rubber")
    heel = look.detail("heel")
    reach = 30.6 if look.detail("toe") == "pointed toe" else 28.0
    sole = stroke([(0.4, -lift), (9, -lift * 0.72), (17, -0.7), (reach - 2, -0.5), (reach, -1.2)])
    brush.fill(tube(sole, (1.3, 1.2, 1.3, 1.5, 0.9), steps=1), dark, bulge=0.5, drop=0.2)
    if heel == "flat heel":
        brush.fill(box(0, -1.9, 10, 0.1, 0.3), dark, bulge=0.5)
    elif heel == "block heel":
        block = np.array([(0.2, -lift), (8.6, -lift * 0.74), (7.4, 0), (0.8, 0)], np.float32)
        brush.fill(block, dark, bulge=0.8)
    else:
        spike = np.array(
            [(0.4, -lift), (5.4, -lift * 0.84), (2.4, -3), (2.0, 0), (0.9, 0), (0.7, -3)],
            np.float32,
        )
        brush.fill(spike, dark, bulge=0.6)


def _boot_closure(brush: Brush, look: Look, main: Surface, top: float, lift: float) -> None:
    closure = look.detail("closure")
    if closure == "lace-up":
        lace = (238, 226, 196) if luminance(main.rgb) < 0.6 else (58, 48, 42)
        front = part_of(
            stroke([(16, -9.5 - lift * 0.4), (12.2, -13 - lift), (11.9, top + 2)]), 0, 1, 9
        )
        for x, y in front:
            brush.line(stroke([(x - 4.2, y + 1.4), (x, y - 0.4)]), lace, 0.8)
            brush.line(stroke([(x - 4.2, y - 0.8), (x, y + 1.0)]), lace, 0.7)
    elif closure == "side zip":
        path = stroke([(6, top + 1.5), (6.4, (top - lift) / 2), (6.8, -lift - 4)])
        brush.line(path, toned(main.rgb, 0.5), 1.5)
        brush.stitches(path, (214, 200, 160), 0.9, 0.6)
    elif closure == "elastic side panels":
        y = max(top + 1, -17 - lift)
        gore = curve([(3.6, y), (3.6, y), (9, y), (9, y), (7.4, y + 9), (5.2, y + 9)])
        brush.fill(gore, main.plain(toned(main.rgb, 0.5), "ribbed jersey"), bulge=0.6, drop=0.15)
    else:
        belt = main.plain(toned(main.rgb, 0.7))
        for y in (-9.5 - lift, *((top + 4,) if top < -24 - lift else ())):
            strap = stroke([(-0.2, y), (6, y + 1.0), (12.6, y)])
            brush.fill(tube(strap, (2, 2), steps=1), belt, bulge=0.7, drop=0.45)
            brush.fill(
                box(4.4, y - 0.8, 7.8, y + 2.6, 0.5), Surface((216, 190, 120), "brass"), bulge=0.5
            )
            brush.fill(box(5.2, y, 7.0, y + 1.8, 0.3), belt, drop=0)
