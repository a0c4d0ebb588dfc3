"""What a kind of product can have: a bag has no neckline, a dress no drawers."""

from collections.abc import Iterable

from vlclip_dagster.refinement.description import Scope
from vlclip_dagster.refinement.lexicon import Lexicon
from vlclip_dagster.refinement.title import Word

_SHAPES = {
    "garment": frozenset(
        {
            "neckline",
            "sleeve",
            "length",
            "leg",
            "rise",
            "fit",
            "silhouette",
            "closure",
            "hem",
            "back",
        }
    ),
    "shoe": frozenset({"toe", "heel", "shaft", "closure"}),
    "bag": frozenset({"closure", "handles", "outline"}),
    "worn": frozenset({"outline", "closure"}),
    "home": frozenset(
        {"outline", "legs", "arms", "back", "header", "length", "seats", "handles", "hem"}
    ),
}
_WORN = frozenset({"worn"})
_PARTS = {"garment": _WORN, "shoe": _WORN, "bag": _WORN}
_ALL_PARTS = frozenset({"worn", "home"})


def scope_of(group: str, words: Lexicon) -> Scope:
    """The shapes and parts of a group; everything, where the group is not known."""
    return Scope(_SHAPES.get(group, words.exclusive), _PARTS.get(group, _ALL_PARTS))


def group_of(families: Iterable[str], noun: Word | None, words: Lexicon) -> str:
    """The group a product belongs to: garment, shoe, bag, worn, home, or "" where unknown."""
    known = [family for family in families if family] + ([noun.family] if noun else [])
    if not known:
        return ""
    if known[-1] in {"shoe", "bag"}:
        return known[-1]
    if known[-1] in {"jewellery", "accessory"}:
        return "worn"
    return "garment" if known[-1] in words.garments else "home"
