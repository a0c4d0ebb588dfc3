"""Cutting brands out of a title: the shop's own brand column, and makers everyone knows."""

from vlclip_dagster.refinement.lexicon import Lexicon
from vlclip_dagster.refinement.words import Token, stems


def without_brand(
    words: tuple[Token, ...], brand: str | None, lexicon: Lexicon
) -> tuple[Token, ...]:
    """Cut the brand's whole name, wherever it stands, and the names of well-known makers."""
    own = stems(brand) if brand else ()
    kept: list[Token] = []
    at = 0
    while at < len(words):
        length = _brand_length(words, at, own, lexicon)
        if length == 0:
            kept.append(words[at])
        at += max(length, 1)
    return tuple(kept)


def _brand_length(words: tuple[Token, ...], at: int, own: tuple[str, ...], lexicon: Lexicon) -> int:
    if own and tuple(word.stem for word in words[at : at + len(own)]) == own:
        # A brand called "Boots" or "Orange" is the brand only where the title opens with it.
        return len(own) if at == 0 or own not in lexicon.terms else 0
    for length in (3, 2, 1):
        key = tuple(word.stem for word in words[at : at + length])
        if key in lexicon.brands and (at == 0 or key not in lexicon.terms):
            return length
    return 0
