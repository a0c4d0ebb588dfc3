"""How materials look: their texture, their shine and how their folds fall.

What belongs here: the table of materials and their brightness textures. What does not: colour,
which a product brings, and patterns, which are printed or woven on top.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from vlclip_dagster.catalog.generated.fields import SIZE, Field, noise


@dataclass(frozen=True)
class Material:
    """One material's look.

    Attributes:
        texture: which brightness texture, a name that :func:`texture` knows.
        depth: how strongly that texture shows, as a share of the brightness.
        gloss: strength of highlights, 0 (felt) to 1 (polished).
        folds: which relief its surface takes, a name that ``fields.relief`` knows.
        fold_depth: height of those folds in reference pixels.
        opacity: below 1 the background shows through.
    """

    texture: str = "plain"
    depth: float = 0.05
    gloss: float = 0.0
    folds: str = "crumple"
    fold_depth: float = 2.2
    opacity: float = 1.0


MATERIALS: dict[str, Material] = {
    "cotton": Material("plain", 0.03, 0.05, "crumple", 2.4),
    "jersey": Material("plain", 0.03, 0.1, "crumple", 1.8),
    "ribbed jersey": Material("ribs", 0.16, 0.05, "crumple", 1.2),
    "linen": Material("linen", 0.085, 0.0, "crumple", 3.4),
    "denim": Material("twill", 0.13, 0.0, "crumple", 2.4),
    "knit": Material("stitches", 0.19, 0.0, "crumple", 1.4),
    "cable knit": Material("stitches", 0.16, 0.0, "cable", 2.6),
    "corduroy": Material("wale", 0.22, 0.05, "crumple", 1.6),
    "fleece": Material("fuzz", 0.10, 0.0, "crumple", 2.2),
    "wool": Material("felt", 0.14, 0.0, "crumple", 1.5),
    "boucle": Material("loops", 0.17, 0.0, "crumple", 0.8),
    "velvet": Material("nap", 0.08, 0.6, "crumple", 1.8),
    "satin": Material("none", 0.0, 0.9, "drape", 3.0),
    "nylon": Material("none", 0.0, 0.7, "crumple", 1.6),
    "leather": Material("hide", 0.07, 0.7, "crumple", 1.0),
    "patent leather": Material("none", 0.0, 1.3, "crumple", 0.6),
    "suede": Material("nap", 0.07, 0.0, "crumple", 0.7),
    "canvas": Material("weave", 0.12, 0.0, "crumple", 0.8),
    "straw": Material("basket", 0.24, 0.0, "none", 0.0),
    "mesh": Material("mesh", 0.26, 0.1, "none", 0.0),
    "rubber": Material("none", 0.0, 0.8, "none", 0.0),
    "faux fur": Material("fur", 0.26, 0.0, "none", 0.0),
    "shag": Material("fur", 0.24, 0.0, "crumple", 0.5),
    "jute": Material("basket", 0.2, 0.0, "none", 0.0),
    "voile": Material("linen", 0.07, 0.0, "drape", 2.4, 0.66),
    "wood": Material("wood", 0.16, 0.25, "none", 0.0),
    "marble": Material("marble", 0.5, 0.5, "none", 0.0),
    "glass": Material("none", 0.0, 1.4, "none", 0.0, 0.55),
    "metal": Material("brushed", 0.06, 1.1, "none", 0.0),
    "brass": Material("brushed", 0.05, 1.2, "none", 0.0),
    "ceramic": Material("none", 0.0, 1.1, "none", 0.0),
    "stoneware": Material("speckle", 0.20, 0.1, "none", 0.0),
    "terracotta": Material("felt", 0.10, 0.0, "none", 0.0),
    "paint": Material("none", 0.0, 0.15, "none", 0.0),
    "skin": Material("none", 0.0, 0.15, "none", 0.0),
}


@lru_cache(maxsize=64)
def texture(name: str) -> Field:
    """The brightness texture ``name``, (256, 256) float32 of roughly -1 to 1, periodic."""
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32) / SIZE
    field = _woven(name, x, y)
    if field is None:
        field = _grown(name, x, y)
    return np.clip(field, -2.2, 2.2).astype(np.float32)


def _woven(name: str, x: Field, y: Field) -> Field | None:
    """Textures with a thread count; None when ``name`` is not one of them."""
    wave = 2 * np.pi
    if name == "ribs":
        return np.sin(wave * x * 40) + 0.2 * noise(1, 90, 90)
    if name == "wale":
        return np.sin(wave * x * 30) + 0.3 * noise(2, 90, 20)
    if name == "twill":
        return 0.6 * np.sin(wave * (x - y) * 44) + 0.5 * noise(3, 100, 100) + 0.5 * noise(4, 5, 5)
    if name == "stitches":
        return np.sin(wave * (y * 28 + np.abs((x * 18) % 1 - 0.5) * 1.5)) + 0.2 * noise(5, 60, 60)
    if name == "weave":
        return np.sin(wave * x * 56) * np.sin(wave * y * 56) + 0.5 * noise(6, 90, 90)
    if name == "basket":
        over: Field = np.sign(np.sin(wave * x * 12) * np.sin(wave * y * 12))
        strands = np.where(over > 0, np.sin(wave * x * 48), np.sin(wave * y * 48))
        return (0.7 * strands + 0.25 * over + 0.3 * noise(7, 30, 30)).astype(np.float32)
    if name == "linen":
        return 0.7 * noise(8, 110, 5) + 0.7 * noise(9, 5, 110)
    if name == "mesh":
        return (np.sin(wave * x * 36) * np.sin(wave * y * 36) < -0.25) * -1.6 + 0.4
    return None


def _grown(name: str, x: Field, y: Field) -> Field:
    """Textures without a thread count: hide, wood, stone, fur."""
    if name == "hide":
        pores = np.clip(0.8 - 1.2 * np.abs(noise(21, 34, 34, 10)), -0.9, 1)
        return (pores + 0.4 * noise(22, 4, 4)).astype(np.float32)
    if name == "nap":
        return 0.8 * noise(23, 7, 7) + 0.4 * noise(24, 90, 90)
    if name == "felt":
        return 0.6 * noise(25, 80, 80, 10) + 0.4 * noise(26, 16, 16)
    if name == "fuzz":
        return noise(27, 60, 60, 12)
    if name == "loops":
        return (1.1 - 1.5 * np.abs(noise(28, 44, 44, 14))).astype(np.float32)
    if name == "fur":
        return noise(29, 70, 22, 8) + 0.3 * noise(30, 6, 6)
    if name == "wood":
        rings = np.sin(2 * np.pi * (y * 7 + 0.5 * noise(31, 2, 2)))
        return 0.55 * rings + 0.6 * noise(32, 3, 70, 4)
    if name == "marble":
        warp = noise(33, 4, 4) + 0.4 * noise(34, 14, 14)
        return -1.2 * np.exp(-((warp / 0.10) ** 2)) + 0.16 * noise(35, 8, 8)
    if name == "brushed":
        return noise(36, 4, 90)
    if name == "speckle":
        return -1.6 * (noise(37, 60, 60) > 1.7) + 0.25 * noise(38, 20, 20)
    if name == "plain":
        return noise(39, 110, 110, 20)
    return np.zeros_like(x)
