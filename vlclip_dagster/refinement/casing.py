"""Telling common words from names by how a shop writes them.

A title puts capitals on every word, so an unknown word in it may be a name; where the shop's own
description writes the same word in lower case before a thing, it is a word.
"""

from functools import lru_cache
from itertools import pairwise

from vlclip_dagster.refinement.lexicon import Lexicon, lexicon
from vlclip_dagster.refinement.words import Token, tokens

CONNECTORS = frozenset({"with", "and", "of", "in"})


@lru_cache(maxsize=1024)
def lower_case_words(description: str) -> tuple[frozenset[str], frozenset[str]]:
    """A description's words in lower case, and those right before a thing ("globe earrings")."""
    words, said = lexicon(), tokens(description)
    lower = frozenset(word.text for word in said if word.raw == word.text)
    return lower, _before_things(said, words)


def _before_things(said: tuple[Token, ...], lexicon: Lexicon) -> frozenset[str]:
    found = set()
    for word, following in pairwise(said):
        if word.raw == word.text and following.gap in {" ", "-"}:
            meanings = lexicon.terms.get((following.stem,), ())
            if any(term.kind in {"noun", "part", "pattern", "material"} for term in meanings):
                found.add(word.text)
    return frozenset(found)


def is_sentence_case(words: tuple[Token, ...]) -> bool:
    """Whether most words after the first begin in lower case, so that a capital means a name."""
    rest = [word for word in words[1:] if word.text not in CONNECTORS and word.raw[0].isalpha()]
    lower = sum(word.raw[0].islower() for word in rest)
    return bool(rest) and lower > 0.6 * len(rest)
