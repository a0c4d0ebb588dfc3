"""What a detector is asked to find, from what the shop calls its products.

What belongs here: product type names to prompts. What does not: detection.

Grounding DINO was trained on lower-case phrases that end in a dot, and it reads one phrase best
(one product type per prompt, VL-CLIP section 3.1).
"""

import re

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


def prompt_for(display_name: str) -> str:
    """The prompt for a product type: singular where that is plain, lower case, a final dot.

    A path ("Men > Tees") is asked for by its leaf, a type that names several things ("Hoodies &
    Sweatshirts") by the first, and a name with nothing readable in it as "product.".

    >>> prompt_for("Coffee Tables")
    'coffee table.'
    """
    leaf = display_name.rstrip("> ").rpartition(">")[2]
    first = next((part for part in SEPARATORS.split(leaf) if part.strip()), "")
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
