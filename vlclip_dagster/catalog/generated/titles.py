"""Product titles as shops write them: some terse, some rich, in every order."""

from dataclasses import dataclass

import numpy as np

from vlclip_dagster.catalog.generated.kinds import Kind
from vlclip_dagster.catalog.generated.look import Look
from vlclip_dagster.catalog.generated.wording import (
    colour_phrase,
    detail_phrases,
    material_phrase,
    noun_of,
    pattern_phrase,
    pick,
)

BRANDS = (
    "Norrvik", "Alderlane", "Pellaro", "Quillon & Co", "Sundgate", "Marvelle", "Ostrea",
    "Fennhaus", "Luma Rue", "Tarrowby", "Kestrelle", "Obanik", "Velmora", "Hartwold", "Zephine",
    "Brookmere", "Cassuto", "Ivoria", "Montclave", "Rivelle", "Skagen Lane", "Umbria Nord",
    "Wexcombe", "Yarrowdale",
)  # fmt: skip
_MODELS = (
    "Elodie", "Camden", "Juno", "Arlo", "Sienna", "Tilda", "Rowan", "Marais", "Brera", "Kyoto",
    "Savoy", "Hudson", "Freya", "Lisbon", "Otto", "Wren", "Mila", "Bexley", "Alma", "Tobin",
)  # fmt: skip
_FLOURISH = (
    "New Season", "Best Seller", "Essential", "Everyday", "Signature", "Limited Edition",
    "Classic", "Premium",
)  # fmt: skip


@dataclass(frozen=True)
class Parts:
    """The phrases that one title may use; empty when the writer leaves one out."""

    brand: str
    model: str
    owner: str
    colour: str
    pattern: str
    material: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    noun: str


def brand_of(seed: int) -> str:
    """The made-up maker of a product."""
    return BRANDS[seed % len(BRANDS)]


def title(look: Look, kind: Kind, gender: str, rng: np.random.Generator) -> str:
    """Write a title for ``look``; one in eight says next to nothing."""
    parts = _parts(look, kind, gender, rng)
    draw = rng.random()
    if draw < 0.07:
        text = f"{parts.brand} {parts.model or pick(_MODELS, rng)} {parts.noun}"
    elif draw < 0.13:
        text = f"{parts.colour} {parts.noun}"
    elif draw < 0.62:
        text = _adjectives_first(parts, rng)
    elif draw < 0.82:
        text = _colour_last(parts)
    else:
        text = _list_of_features(parts)
    return _cased(" ".join(text.split()), rng)


def _parts(look: Look, kind: Kind, gender: str, rng: np.random.Generator) -> Parts:
    before, after = detail_phrases(look, rng)
    keep = [word for word in before if rng.random() < 0.72]
    tail = [word for word in after if rng.random() < 0.5][:3]
    rng.shuffle(keep)
    owner = {"female": "Women's", "male": "Men's"}.get(gender, "")
    return Parts(
        brand_of(look.seed) if rng.random() < 0.5 else "",
        pick(_MODELS, rng) if rng.random() < 0.3 else "",
        owner if rng.random() < 0.4 else "",
        colour_phrase(look, rng) if rng.random() < 0.88 else "",
        pattern_phrase(look, rng) if rng.random() < 0.88 else "",
        material_phrase(look, rng) if rng.random() < 0.62 else "",
        tuple(keep),
        tuple(tail),
        noun_of(kind, rng),
    )


def _with(after: tuple[str, ...]) -> str:
    if not after:
        return ""
    if len(after) == 1:
        return f"with {after[0]}"
    return f"with {', '.join(after[:-1])} and {after[-1]}"


def _adjectives_first(parts: Parts, rng: np.random.Generator) -> str:
    words = [parts.colour, parts.pattern, parts.material, *parts.before]
    if rng.random() < 0.5:
        words = [*parts.before, parts.colour, parts.pattern, parts.material]
    elif rng.random() < 0.3:
        rng.shuffle(words)
    flourish = pick(_FLOURISH, rng) if rng.random() < 0.12 else ""
    lead = [parts.brand, flourish, parts.model, parts.owner]
    return " ".join([*lead, *words, parts.noun, _with(parts.after)])


def _colour_last(parts: Parts) -> str:
    words = [parts.brand, parts.model, parts.owner, *parts.before, parts.pattern, parts.noun]
    ending = f"in {parts.colour} {parts.material}" if parts.colour else parts.material
    return " ".join([*words, _with(parts.after), ending])


def _list_of_features(parts: Parts) -> str:
    head = " ".join([parts.brand, parts.owner, parts.model, parts.noun])
    tail = [*parts.before, parts.pattern, parts.material, *parts.after, parts.colour]
    return ", ".join([head, *(word for word in tail if word)])


def _cased(text: str, rng: np.random.Generator) -> str:
    """Title case, sentence case or as it comes."""
    draw = rng.random()
    if draw < 0.6:
        return " ".join(word[:1].upper() + word[1:] for word in text.split(" "))
    if draw < 0.94:
        return text[:1].upper() + text[1:]
    return text.upper()
