"""Text that speaks to a machine and not of a product.

What belongs here: where a command begins. What does not: trusting the rest; a lie that is told
as a plain title cannot be told from a title. The words are data, in ``lexicon/stops.toml``.
"""

import re
from functools import lru_cache

from vlclip_dagster.refinement.lexicon import lexicon

# Braces, chat markup, headings: no shop writes these in a title, every prompt template does.
_MARKUP = r"[{}]|<\S|\]\]|\[/?inst|#{2,}|`{3}|-{4,}|={4,}|\\u[0-9a-f]{4}"
# Letters of two scripts in one word, letters set apart, digits for letters.
_DISGUISED = r"[a-z][\u0370-\u1fff]|[\u0370-\u1fff][a-z]|(?:\b[a-z]\s+){5,}|\b\d[a-z]+\d[a-z]+"
# Another script than the one that the text began in.
_FOREIGN = r"(?<=[a-z].)[\u0370-\u1fff\u2e80-\ud7ff\uf900-\ufdff]{2,}"
_BOUNDARY = re.compile(r".*[.!?:;,|\"'(]\s")


@lru_cache(maxsize=1)
def _command() -> re.Pattern[str]:
    words = "|".join(re.escape(cue) for cue in lexicon().cues["command"])
    return re.compile(
        rf"\b(?:{words})|{_MARKUP}|{_DISGUISED}|{_FOREIGN}", re.IGNORECASE | re.DOTALL
    )


@lru_cache(maxsize=8192)
def without_commands(text: str) -> str:
    """``text`` up to the sentence or clause in which a command begins; mostly all of it."""
    found = _command().search(text)
    if found is None:
        return text
    head = text[: found.start()]
    clause = _BOUNDARY.match(head)
    return clause.group() if clause else head
