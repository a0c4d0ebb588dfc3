"""What a detector is asked to find, from what the shop calls its products.

What belongs here: product type names to prompts. What does not: detection.

Grounding DINO was trained on lower-case phrases that end in a dot, and it reads one phrase best
(one product type per prompt, VL-CLIP section 3.1).
"""

import re

IRREGULAR = {
    "accessories": "accessory",
    "dishes": "dish",
    "knives": "knife",
    "scarves": "scarf",
    "shelves": "shelf",
    "watches": "watch",
}

# A pair of trousers is one thing to look at, and these words have no other singular.
UNCHANGED = frozenset(
    {"glasses", "goggles", "jeans", "joggers", "leggings", "overalls", "pants", "pyjamas"}
    | {"pajamas", "scissors", "shorts", "tights", "trousers", "sunglasses"}
)
SIBILANT = ("sses", "shes", "ches", "xes", "zes")
SEPARATORS = re.compile(r"\s*(?:&|/|,|\+|\band\b|\bor\b|>)\s*", re.IGNORECASE)
NOT_WORDS = re.compile(r"[^\w\s'-]+")


def prompt_for(display_name: str) -> str:
    """The prompt for a product type: singular where that is plain, lower case, a final dot.

    A type that names several things ("Hoodies & Sweatshirts") asks for the first; a name with
    nothing readable in it asks for "product.".

    >>> prompt_for("Coffee Tables")
    'coffee table.'
    """
    first = next((part for part in SEPARATORS.split(display_name) if part.strip()), "")
    words = NOT_WORDS.sub(" ", first.lower().replace("_", " ")).split()
    if not words:
        return "product."
    return " ".join([*words[:-1], _singular(words[-1])]) + "."


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
