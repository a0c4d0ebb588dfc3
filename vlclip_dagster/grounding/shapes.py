"""What kinds of products are wide or tall: the little the embedded grounder knows of them.

What belongs here: proportions of kinds, from the noun of a prompt. What does not: pictures.
"""

# Width over height of what is wide and of what is tall, as it is usually photographed.
WIDE, TALL = 1.9, 0.6

_WIDE = frozenset(
    {"bed", "belt", "bench", "cabinet", "couch", "credenza", "desk", "dresser", "glasses", "mat"}
    | {"loafer", "rug", "sandal", "shoe", "sideboard", "sneaker", "sofa", "sunglasses", "table"}
    | {"trainer", "car", "bicycle", "boat", "keyboard", "oven", "television"}
)
_TALL = frozenset(
    {"bookcase", "bottle", "coat", "dress", "gown", "jeans", "joggers", "jumpsuit", "ladder"}
    | {"lamp", "leggings", "pants", "refrigerator", "robe", "skirt", "trousers", "umbrella"}
    | {"vase", "wardrobe"}
)


def usual_aspect(prompt: str) -> float | None:
    """Usual width over height of what a prompt names; None where there is no usual one.

    >>> usual_aspect("coffee table.")
    1.9
    """
    noun = noun_of(prompt)
    return WIDE if noun in _WIDE else TALL if noun in _TALL else None


def noun_of(prompt: str) -> str:
    """The last word of a prompt, which names the kind of thing.

    >>> noun_of("table lamp.")
    'lamp'
    """
    return prompt.rstrip(". ").rpartition(" ")[2]
