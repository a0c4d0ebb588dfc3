"""Choosing details: what a product's findings add to its title and attributes, best first."""

from collections import Counter

from vlclip_dagster.refinement.description import Finding
from vlclip_dagster.refinement.lexicon import lexicon
from vlclip_dagster.refinement.phrase import Phrase
from vlclip_dagster.refinement.title import TitleReading
from vlclip_dagster.refinement.words import stems

_MAX_SAME_PART = 2
_RANKS = {"fit": 2, "rise": 2, "hem": 2, "back": 2, "texture": 3, "part": 3}


def details_of(
    found: list[Finding], title: TitleReading, required: tuple[Phrase, ...]
) -> list[Phrase]:
    """Shapes, textures and parts that add something, best first; one value per exclusive kind."""
    words = lexicon()
    claimed = dict(title.claimed)
    said = {stem for one in required for stem in one.stems}
    if said & {"hoodie", "hoody", "hooded"}:
        said.add("hood")
    heads: Counter[str] = Counter()
    details: list[Phrase] = []
    for one in sorted(found, key=_rank):
        if one.kind in {"colour", "pattern", "material", "shade"}:
            continue
        if one.kind in words.exclusive:
            if one.kind in claimed:
                continue
            claimed[one.kind] = one.family
        keys = stems(one.text)
        if (
            not keys
            or set(keys) <= said
            or (one.kind == "part" and heads[keys[-1]] >= _MAX_SAME_PART)
        ):
            continue
        said |= set(keys)
        heads[keys[-1]] += 1
        details.append(Phrase(one.text, _slot(one), _rank(one)))
    return details


def _slot(one: Finding) -> str:
    """An adjective stands before the product's name, what one can have comes after "with"."""
    last = one.text.split()[-1]
    had = (
        one.kind == "part"
        or last in lexicon().had
        or (last.endswith("s") and not last.endswith("ss"))
    )
    return "detail" if had else "look"


def _rank(one: Finding) -> int:
    return 4 if one.family == "alone" else _RANKS.get(one.kind, 1)
