"""Text that speaks to a machine and not of a product.

What belongs here: where a command begins; from there on nothing is believed, and nothing is shown
to a model. What does not: trusting the rest, since a lie that is told as a plain title cannot be
told from a title. The words are data, in ``lexicon/stops.toml``.
"""

import re
from dataclasses import replace
from functools import lru_cache
from typing import Any

from vlclip_dagster.refinement.lexicon import lexicon
from vlclip_dagster.refinement.types import ProductText

# Braces and chat markup: hardly a shop writes these, every prompt template does.
_MARKUP = (
    r"[{}]|<[|<!/>]|\]\]|\[/?inst|`{3}|\\u[0-9a-f]{4}"
    r"|#{2,}\s*(?:instruction|system|response|prompt|assistant)"
)
_ROLE = r"\byou are (?:now )?an? (?:\w+ )?(?:assistant|ai|bot)\b"
# A letter of another script within a word, letters set apart, digits for letters.
_DISGUISED = r"[a-z][\u0370-\u04ff]+[a-z]|(?:\b[a-z]\s+){5,}|\b\d[a-z]+\d[a-z]+"
# Another script than the one that the text began in, or a colon between two scripts.
_OTHER = r"[\u0370-\u1fff\u2e80-\ud7ff\uf900-\ufdff]"
_FOREIGN = rf"(?<=[a-z])\W{{0,3}}{_OTHER}{{2,}}|{_OTHER}\s*[:：]\s*[a-z]"
_COLUMNS = ("gender", "age_group", "color", "material", "pattern")
_BOUNDARY = re.compile(r".*[.!?:;,|\"'(]\s", re.DOTALL)


@lru_cache(maxsize=1)
def _command() -> re.Pattern[str]:
    words = "|".join(re.escape(cue) for cue in lexicon().cues["command"])
    return re.compile(
        rf"\b(?:{words})(?!\w)|{_ROLE}|{_MARKUP}|{_DISGUISED}|{_FOREIGN}", re.IGNORECASE | re.DOTALL
    )


def without_commands(product: ProductText) -> ProductText:
    """``product`` as it is believed: its texts up to a command, no column that holds one."""
    unsaid: dict[str, Any] = {
        name: None for name in _COLUMNS if not _is_plain(getattr(product, name) or "")
    }
    return replace(
        product,
        title=_before_command(product.title),
        description=_before_command(product.description),
        attributes={
            key: value for key, value in product.attributes.items() if _is_plain(f"{key}\n{value}")
        },
        **unsaid,
    )


def _is_plain(text: str) -> bool:
    return _command().search(text) is None


def _before_command(text: str) -> str:
    """``text`` up to the sentence or clause in which a command begins; mostly all of it."""
    found = _command().search(text)
    if found is None:
        return text
    head = text[: found.start()]
    clause = _BOUNDARY.match(head)
    return clause.group() if clause else head
