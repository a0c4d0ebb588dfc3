"""The sentences of a description that speak of the product's look.

What belongs here: cutting a text into sentences and list lines, and dropping what is said of
use, care, shipping, other goods and the shop itself. What does not: reading what is left.
"""

import re
from functools import lru_cache

from vlclip_dagster.refinement.lexicon import lexicon
from vlclip_dagster.refinement.words import spell_fractions

_SENTENCE = re.compile(r"(?<=[.!?])\s+|[\n\r•·|;*]+|\s[-–—]\s")
_MAX_TEXT = 6000


@lru_cache(maxsize=1)
def _cues() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    cues = lexicon().cues

    def either(name: str) -> str:
        return r"\b(?:" + "|".join(re.escape(cue) for cue in cues[name]) + r")\b"

    return (
        re.compile(either("to_sentence_end") + r".*$", re.IGNORECASE | re.DOTALL),
        re.compile(either("to_clause_end") + r"[^,]*", re.IGNORECASE),
        re.compile(either("care_clause"), re.IGNORECASE),
    )


def visible_sentences(text: str) -> list[str]:
    """The sentences of a description, less what is said of use, care, shipping and other goods."""
    sentences = _SENTENCE.split(spell_fractions(text[:_MAX_TEXT]))
    return [kept for sentence in sentences if (kept := _visible_part(sentence))]


@lru_cache(maxsize=16384)
def _visible_part(sentence: str) -> str:
    to_end, to_comma, care = _cues()
    sentence = to_end.sub("", sentence)
    if not sentence or care.search(sentence):
        return ""
    return to_comma.sub("", sentence).strip()
