"""Reading a model's answer: JSON of the promised shape, or nothing.

What is read is still not believed: the gate judges it.
"""

import json
from typing import Any

from vlclip_dagster.refinement.prompts import Step
from vlclip_dagster.refinement.types import Action, Verdict

_MAX_TEXT = 400
UNREADABLE = "the answer does not have the promised shape"


def read_answer(step: Step, content: str) -> str | Verdict | None:
    """A query, or a verdict from the step "evaluate"; None where the shape is another."""
    try:
        data = _json_in(content)
        return _verdict(data) if step == "evaluate" else _query(data)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _json_in(content: str) -> Any:
    """The first JSON object of a text: servers without schemas put words or fences around it."""
    # Some models think aloud before they answer, in braces at times.
    content = content.rpartition("</think>")[2]
    return json.JSONDecoder().raw_decode(content, content.index("{"))[0]


def _query(data: Any) -> str:
    query = data["query"]
    if not isinstance(query, str) or not query.strip():
        raise ValueError("no query")
    return query.strip()[:_MAX_TEXT]


def _verdict(data: Any) -> Verdict:
    scores = tuple(min(5, max(1, int(data[name]))) for name in ("visible", "true", "concise"))
    return Verdict(
        action=Action(data["action"]),
        attribute=str(data["attribute"])[:_MAX_TEXT],
        justification=str(data["justification"])[:_MAX_TEXT],
        scores=(scores[0], scores[1], scores[2]),
    )
