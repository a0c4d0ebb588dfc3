"""A visible phrase and its place in a query; the limits of a query's length."""

from collections.abc import Iterable
from dataclasses import dataclass

from vlclip_dagster.refinement.words import stems

# Words that name nothing: they may stand in any query and make none alone.
FUNCTION_WORDS = frozenset({"with", "and", "a", "an", "the", "in", "of", "on"})
MIN_WORDS = 10
MAX_WORDS = 20
FRONT_SLOTS = ("gender", "colour", "pattern", "material")
SLOT_ORDER = (*FRONT_SLOTS, "look", "title", "detail")


@dataclass(frozen=True)
class Phrase:
    """A visible phrase, the slot it belongs to, and its rank (1 is said first)."""

    text: str
    slot: str
    rank: int = 1

    @property
    def stems(self) -> tuple[str, ...]:
        """What the phrase is compared by."""
        return stems(self.text)


def count_words(phrases: Iterable[Phrase]) -> int:
    """How many words the phrases have together."""
    return sum(len(one.text.split()) for one in phrases)
