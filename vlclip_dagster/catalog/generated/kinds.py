"""What a kind of product is: the attributes it can have and the words a shop has for it.

What belongs here: the value types and the registry of the seventeen kinds. The kinds
themselves are data in ``kinds_fashion`` and ``kinds_home``.
"""

from dataclasses import dataclass

import numpy as np

from vlclip_dagster.catalog.generated.look import Look
from vlclip_dagster.catalog.generated.motifs import MOTIFS
from vlclip_dagster.catalog.generated.palette import PALETTE, Rgb, distance, dyed


@dataclass(frozen=True)
class Facet:
    """A visible attribute of one kind and its possible values; an empty value is "plain"."""

    name: str
    values: tuple[str, ...]
    weights: tuple[float, ...] = ()

    def draw(self, rng: np.random.Generator) -> str:
        """Pick a value."""
        if not self.weights:
            return self.values[int(rng.integers(len(self.values)))]
        shares = np.array(self.weights) / sum(self.weights)
        return self.values[int(rng.choice(len(self.values), p=shares))]


@dataclass(frozen=True)
class Kind:
    """One product type.

    Attributes:
        slug: its partition key.
        display: what people read.
        names: nouns that titles use, the usual one first.
        trail: product_type paths by gender (``""`` for homes).
        materials: what it is made of, with weights.
        patterns: weights in the order of ``PATTERNS``.
        facets: further visible attributes.
        placed: whether a graphic print is one placed motif rather than an all-over print.
        price: lowest and highest usual price in USD.
        colours: names it comes in; empty means any.
    """

    slug: str
    display: str
    names: tuple[str, ...]
    trail: tuple[tuple[str, str], ...]
    materials: tuple[tuple[str, float], ...]
    patterns: tuple[float, float, float, float, float, float]
    facets: tuple[Facet, ...]
    price: tuple[float, float]
    placed: bool = True
    colours: tuple[str, ...] = ()


DENIM = ("navy", "blue", "light blue", "black", "charcoal", "grey", "white", "cream")
METALS = {"brass": ("mustard",), "terracotta": ("orange", "brown", "tan")}
_PATTERN_NAMES = ("solid", "striped", "floral", "checked", "polka dot", "graphic print")


def draw_look(kind: Kind, rng: np.random.Generator) -> Look:
    """Invent one product of ``kind``."""
    names = [name for name, _ in kind.materials]
    weights = np.array([weight for _, weight in kind.materials])
    material = names[int(rng.choice(len(names), p=weights / weights.sum()))]
    shares = np.array(kind.patterns, np.float64)
    pattern = _PATTERN_NAMES[int(rng.choice(6, p=shares / shares.sum()))]
    details = [(facet.name, facet.draw(rng)) for facet in kind.facets]
    if pattern == "striped":
        details.append(("direction", ("horizontal", "vertical")[int(rng.random() < 0.4)]))
    motif = ""
    if pattern == "graphic print" and kind.placed:
        motif = MOTIFS[int(rng.integers(len(MOTIFS)))]
    colour, rgb, second, second_rgb = draw_colours(kind, material, rng)
    return Look(
        kind.slug, colour, second, pattern, material, bool(rng.random() < 0.45), motif,
        consistent(tuple(details)), rgb, second_rgb, int(rng.integers(2**31)),
    )  # fmt: skip


def draw_colours(kind: Kind, material: str, rng: np.random.Generator) -> tuple[str, Rgb, str, Rgb]:
    """A main and a second colour that can be told apart, each as name and dye."""
    allowed = kind.colours or (DENIM if material == "denim" else tuple(PALETTE))
    allowed = METALS.get(material, allowed)
    colour = allowed[int(rng.integers(len(allowed)))]
    apart = [name for name in PALETTE if distance(PALETTE[name], PALETTE[colour]) > 105]
    neutral = [name for name in apart if name in ("white", "cream", "black", "navy")]
    pool = neutral if rng.random() < 0.5 and neutral else apart
    second = pool[int(rng.integers(len(pool)))]
    return colour, dyed(colour, rng), second, dyed(second, rng)


def consistent(details: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Put right combinations that no factory would sew."""
    values = dict(details)
    if values.get("neckline") == "halter neck":
        values["sleeve"] = "sleeveless"
    if values.get("neckline") == "off-shoulder" and values.get("sleeve") != "long sleeve":
        values["sleeve"] = "short sleeve"
    if values.get("trim") == "contrast sleeves" and values.get("sleeve") == "sleeveless":
        values["trim"] = ""
    if values.get("closure") == "drawstring" and values.get("shape") not in ("bucket", "tote"):
        values["closure"] = "zip"
    if values.get("cut") in ("pencil", "bodycon", "wrap") and values.get("waist") == "button front":
        values["waist"] = ""
    if values.get("shape") == "round" and values.get("edge") == "contrast tassels":
        values["edge"] = "contrast piping"
    if values.get("set") == "single panel" and "tie" in values and values.get("top") == "valance":
        values["top"] = ""
    return tuple(values.items())
