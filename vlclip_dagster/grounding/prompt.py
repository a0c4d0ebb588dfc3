"""What a detector is asked to find, from what the shop calls its products.

What belongs here: product type names to prompts. What does not: detection.

Grounding DINO was trained on lower-case phrases that end in a dot, and it reads one phrase best
(one product type per prompt, VL-CLIP section 3.1).
"""

import re
from collections.abc import Mapping, Sequence

IRREGULAR = {
    "knives": "knife",
    "scarves": "scarf",
    "shelves": "shelf",
    **{f"{word}s": word for word in ("beanie", "bootie", "cookie", "hoodie", "movie", "onesie")},
    **{f"{word}s": word for word in ("bowtie", "legging", "pillowcase", "tie", "zombie")},
}

# A pair of trousers is one thing to look at, and these words have no other singular.
UNCHANGED = frozenset(
    {"bermudas", "canvas", "chinos", "dungarees", "glasses", "goggles", "jeans", "joggers"}
    | {"leggings", "overalls", "pajamas", "panties", "pants", "pyjamas", "scissors", "shorts"}
    | {"slacks", "sunglasses", "tights", "trousers", "undies"}
)
SIBILANT = ("sses", "shes", "ches", "xes", "zes")
SEPARATORS = re.compile(r"\s*(?:&|/|,|\+|\band\b|\bor\b)\s*", re.IGNORECASE)
NOT_WORDS = re.compile(r"[^\w\s'-]+")


def prompts_for(
    display_name: str, names: Mapping[str, Sequence[str]] | None = None
) -> tuple[str, ...]:
    """The prompts for a product type in the order in which they are tried.

    ``names`` maps a display name, in whatever case, to what is asked for instead of it. A path
    ("Men > Tees") is asked for by its leaf, and a type that names several things ("Hoodies &
    Sweatshirts") by each in turn.

    >>> prompts_for("Hoodies & Sweatshirts")
    ('hoodie.', 'sweatshirt.')
    >>> prompts_for("Dining Furniture Sets", {"Dining furniture sets": ["dining table"]})
    ('dining table.',)
    """
    known = {_plain(name): asked for name, asked in (names or {}).items()}
    asked = known.get(_plain(display_name), [display_name])
    parts = [part for name in asked for part in SEPARATORS.split(_leaf(name)) if _words(part)]
    return tuple(dict.fromkeys(map(_prompt, parts))) or ("product.",)


def prompt_for(display_name: str) -> str:
    """The first of ``prompts_for``: singular where that is plain, lower case, a final dot.

    >>> prompt_for("Coffee Tables")
    'coffee table.'
    """
    return prompts_for(display_name)[0]


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _leaf(name: str) -> str:
    return name.rstrip("> ").rpartition(">")[2]


def _words(name: str) -> list[str]:
    return NOT_WORDS.sub(" ", name.lower().replace("_", " ")).split()


def _prompt(name: str) -> str:
    *first, last = _words(name)
    return " ".join([*first, _singular(last)]) + "."


def _singular(word: str) -> str:
    """The singular of an English noun, by rule; words that stay plural are left alone."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if word in UNCHANGED or len(word) < 4 or not word.endswith("s"):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(SIBILANT):
        return word[:-2]
    return word if word.endswith(("ss", "us", "is")) else word[:-1]
