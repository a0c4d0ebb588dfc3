"""Words of a text: where they are, how they were written, and the stem they are compared by.

What belongs here: tokenising and stemming. What does not: what a word means (``lexicon``).
"""

import re
from functools import lru_cache
from typing import NamedTuple

_WORD = re.compile(r"\d+(?:[.,]\d+)*[^\W\d_]*|[^\W\d_]+(?:['’][^\W\d_]+)*\d*")
_SOFT_GAPS = frozenset({" ", "-", ""})
_APART = re.compile(r"[^\s\-‐‑'’.]")
_FRACTIONS = (
    (re.compile(r"(?<!\d)1/4(?!\d)|¼"), "quarter"),
    (re.compile(r"(?<!\d)1/2(?!\d)|½"), "half"),
    (re.compile(r"(?<!\d)3/4(?!\d)|¾"), "three-quarter"),
)
_KEPT = {"glasses": "glasses", "sunglasses": "sunglasses", "shorts": "shorts", "lenses": "len"}


class Token(NamedTuple):
    """A word: as written, in lower case, its stem, and what stands between it and the last one.

    ``apart`` tells whether that is more than a space or a hyphen: a comma, a bracket, a bullet.
    """

    raw: str
    text: str
    stem: str
    gap: str
    apart: bool


def spell_fractions(text: str) -> str:
    """Write 1/4, 1/2 and 3/4 as words, as they are said: "quarter zip"."""
    if "/" not in text and not any(sign in text for sign in "¼½¾"):
        return text
    for pattern, word in _FRACTIONS:
        text = pattern.sub(word, text)
    return text


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The singular of a lower-case word, roughly: equal stems mean the same word."""
    if word in _KEPT:
        return _KEPT[word]
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "'s", "’s")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zzes")):
        return word[:-2]
    return word[:-1]


@lru_cache(maxsize=2048)
def tokens(text: str) -> tuple[Token, ...]:
    """Split ``text`` into words; hyphens and slashes separate, apostrophes do not."""
    found = []
    last = 0
    for match in _WORD.finditer(text):
        raw = match.group()
        lower = raw.lower().replace("’", "'")
        gap = text[last : match.start()]
        apart = gap not in _SOFT_GAPS and _APART.search(gap) is not None
        found.append(Token(raw, lower, stem(lower), gap, apart))
        last = match.end()
    return tuple(found)


def surface(part: tuple[Token, ...]) -> str:
    """Write tokens out in lower case, hyphens kept, any other separator a single space."""
    out = part[0].text
    for token in part[1:]:
        out += ("-" if token.gap.strip() == "-" else " ") + token.text
    return out


@lru_cache(maxsize=65536)
def stems(text: str) -> tuple[str, ...]:
    """The stems of a text's words, in order: two phrases with equal stems say the same."""
    return tuple(token.stem for token in tokens(text))
