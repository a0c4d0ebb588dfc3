"""The words for what can be seen: synonyms, spellings and phrases for a look.

What belongs here: from a look to phrases, with a shop's freedom of choice. What does not: how
titles and descriptions are put together (``titles``, ``descriptions``).
"""

from collections.abc import Sequence

import numpy as np

from vlclip_dagster.catalog.generated.kinds import Kind
from vlclip_dagster.catalog.generated.look import Look

COLOUR_WORDS: dict[str, tuple[str, ...]] = {
    "black": ("black", "black", "jet black"),
    "charcoal": ("charcoal", "charcoal grey", "dark grey"),
    "grey": ("grey", "gray", "grey"),
    "white": ("white", "white", "optic white"),
    "cream": ("cream", "ivory", "off-white"),
    "beige": ("beige", "beige", "sand"),
    "tan": ("tan", "camel", "tan"),
    "brown": ("brown", "chocolate", "brown"),
    "burgundy": ("burgundy", "maroon", "wine red"),
    "red": ("red", "red", "crimson", "scarlet"),
    "orange": ("orange", "orange", "tangerine"),
    "mustard": ("mustard", "mustard yellow", "ochre"),
    "yellow": ("yellow", "yellow", "lemon yellow"),
    "olive": ("olive", "olive green", "khaki"),
    "green": ("green", "green", "emerald"),
    "mint": ("mint", "mint green", "pale green"),
    "teal": ("teal", "teal", "petrol"),
    "light blue": ("light blue", "sky blue", "baby blue"),
    "blue": ("blue", "cobalt blue", "royal blue"),
    "navy": ("navy", "navy blue", "navy", "dark blue"),
    "purple": ("purple", "violet", "purple"),
    "lavender": ("lavender", "lilac", "lavender"),
    "pink": ("pink", "rose pink", "pink"),
}

_MATERIAL_WORDS: dict[str, tuple[str, ...]] = {
    "knit": ("knit", "knitted"),
    "ribbed jersey": ("ribbed jersey", "ribbed", "rib-knit"),
    "cable knit": ("cable knit", "cable-knit"),
    "boucle": ("boucle", "bouclé"),
    "faux fur": ("faux fur", "fluffy faux fur"),
    "shag": ("shag", "shaggy", "high-pile"),
    "straw": ("straw", "woven straw", "rattan-look"),
    "patent leather": ("patent leather", "patent"),
    "corduroy": ("corduroy", "cord"),
    "wood": ("wooden", "wood"),
    "stoneware": ("stoneware", "speckled stoneware"),
    "fleece": ("fleece", "brushed fleece"),
    "satin": ("satin", "silky satin"),
    "voile": ("sheer voile", "voile"),
    "wool": ("wool", "wool-blend"),
    "metal": ("metal", "brushed metal"),
}

_PATTERN_WORDS: dict[str, tuple[str, ...]] = {
    "striped": ("striped", "stripe", "striped"),
    "floral": ("floral", "flower print", "floral print"),
    "checked": ("checked", "plaid", "check"),
    "polka dot": ("polka dot", "polka-dot", "dotted"),
    "graphic print": ("graphic print", "graphic", "printed"),
}

_DETAIL_WORDS: dict[str, tuple[str, ...]] = {
    "crew neck": ("crew neck", "crewneck", "round neck"),
    "v-neck": ("v-neck", "V-neck", "v neck"),
    "short sleeve": ("short sleeve", "short-sleeved", "short sleeves"),
    "long sleeve": ("long sleeve", "long-sleeved", "long sleeves"),
    "sleeveless": ("sleeveless", "sleeveless"),
    "cropped": ("cropped", "crop"),
    "oversized": ("oversized", "slouchy oversized"),
    "chest pocket": ("chest pocket", "patch chest pocket"),
    "off-shoulder": ("off-shoulder", "off the shoulder", "bardot"),
    "a-line": ("a-line", "A-line"),
    "knee-length": ("knee-length", "knee length"),
    "bodycon": ("bodycon", "fitted"),
    "lace-up": ("lace-up", "lace up"),
    "slip-on": ("slip-on", "slip on", "laceless"),
    "velcro straps": ("velcro straps", "hook-and-loop straps"),
    "high-top": ("high-top", "hi-top"),
    "three-seater": ("three-seater", "3-seater", "three seat"),
    "loveseat": ("loveseat", "2-seater", "two-seater"),
    "chaise": ("chaise", "corner chaise"),
    "rectangular": ("rectangular", "rectangle"),
    "fringed": ("fringed", "fringe-trimmed"),
    "eyelet heading": ("eyelet heading", "grommet top", "eyelet"),
    "tufted back": ("tufted back", "button-tufted back"),
    "elastic side panels": ("elastic side panels", "chelsea"),
    "stiletto heel": ("stiletto heel", "stiletto"),
    "ankle": ("ankle", "ankle-height"),
    "knee-high": ("knee-high", "knee high"),
    "wide-leg": ("wide-leg", "wide leg"),
    "flared": ("flared", "bell-bottom"),
    "sphere": ("sphere", "round", "globe"),
    "lumbar": ("lumbar", "rectangular lumbar"),
}

_AFTER = {
    "chest pocket", "two chest pockets", "kangaroo pocket", "zip pockets", "patch pockets",
    "flap pockets", "top handles", "chain strap", "long strap", "ring handle", "flap", "zip",
    "buckle", "drawstring", "tassel", "velcro straps", "flat sole", "chunky sole",
    "running sole", "white sole", "black sole", "gum sole", "side slit", "ripped knees",
    "cargo pockets", "turn-up cuffs", "flat heel", "block heel", "stiletto heel", "side zip",
    "elastic side panels", "round toe", "pointed toe", "lower shelf", "drawer", "valance",
    "rolled arms", "track arms", "sloped arms", "oak legs", "walnut legs", "metal legs",
    "hairpin legs", "tapered legs", "block legs", "pedestal base", "crossed legs", "drum base",
    "two handles", "drum shade", "cone shade", "dome shade", "pleated shade", "empire shade",
    "gourd base", "sphere base", "cylinder base", "stick base", "urn base", "tripod base",
    "plain back", "tufted back", "cushion back", "channel back", "elastic waist",
    "drawstring waist", "tie waist", "fringed edge", "ruffled edge", "point collar",
    "mandarin collar", "camp collar", "rod pocket", "eyelet heading", "tab top", "pinch pleat",
}  # fmt: skip
"""Details that follow the noun (after "with"); the others stand before it."""

UNSEEN = {"no legs", "pair", "open top", "plain back", "single panel"}
"""Values that shops rarely put in a title."""


def pick(words: Sequence[str], rng: np.random.Generator) -> str:
    """One of ``words``."""
    return words[int(rng.integers(len(words)))]


def colour_phrase(look: Look, rng: np.random.Generator) -> str:
    """``navy``, or ``navy and white`` when a pattern shows two colours."""
    first = pick(COLOUR_WORDS[look.colour], rng)
    if look.pattern == "solid" or rng.random() < 0.25:
        return first
    joint = pick((" and ", " and ", "/", " & "), rng)
    return first + joint + pick(COLOUR_WORDS[look.second], rng)


def pattern_phrase(look: Look, rng: np.random.Generator) -> str:
    """The pattern with its scale, direction or motif; empty for a plain product."""
    if look.pattern == "solid":
        return ""
    word = pick(_PATTERN_WORDS[look.pattern], rng)
    if look.motif:
        return f"{look.motif} {pick(('graphic', 'print', 'graphic print'), rng)}"
    if look.pattern == "striped" and rng.random() < 0.5:
        return f"{look.detail('direction')} {word}"
    if rng.random() < 0.4:
        large = {"striped": "wide", "floral": "large", "checked": "large", "polka dot": "big"}
        small = {"striped": "fine", "floral": "ditsy", "checked": "small", "polka dot": "mini"}
        scale = (large if look.bold else small).get(look.pattern, "")
        return f"{scale} {word}".strip()
    return word


def material_phrase(look: Look, rng: np.random.Generator) -> str:
    """The material as a shop would call it."""
    return pick(_MATERIAL_WORDS.get(look.material, (look.material,)), rng)


def detail_phrases(look: Look, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """The other visible attributes: those said before the noun, and those after "with"."""
    before: list[str] = []
    after: list[str] = []
    for facet, value in look.details:
        if not value or value in UNSEEN or facet == "direction":
            continue
        word = pick(_DETAIL_WORDS.get(value, (value,)), rng)
        if value.startswith("contrast "):
            thing = value.removeprefix("contrast ")
            after.append(f"{pick(COLOUR_WORDS[look.second], rng)} {thing}")
        elif facet in ("legs finish", "base finish"):
            after.append(f"{word} {'legs' if facet == 'legs finish' else 'base'}")
        elif value in _AFTER:
            after.append(word)
        else:
            before.append(word)
    return before, after


def true_words(look: Look) -> dict[str, str]:
    """The canonical attributes of a look by name, without synonyms: what the truth records."""
    words = {"colour": look.colour, "pattern": look.pattern, "material": look.material}
    if look.shows_second():
        words["second_colour"] = look.second
    if look.pattern not in ("solid", "graphic print"):
        words["pattern_scale"] = "large" if look.bold else "small"
    if look.motif:
        words["motif"] = look.motif
    words.update({facet.replace(" ", "_"): value for facet, value in look.details if value})
    return words


def noun_of(kind: Kind, rng: np.random.Generator) -> str:
    """The usual noun most of the time, else another."""
    return kind.names[0] if rng.random() < 0.55 else pick(kind.names, rng)
