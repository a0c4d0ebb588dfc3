"""The few-shot memory: reviewed examples that a model is shown before it is asked.

It is a file that people review, and it grows by their hand alone: what a model answers never
gets into it, so one good trick of a hostile description cannot teach the model more.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.refinement.gate import admit
from vlclip_dagster.refinement.types import Action, ProductText

_MAX_EXAMPLES = 40
_VERDICT = ("action", "attribute", "justification")
_NEEDED = frozenset({"product_type", "title", "draft", "query", *_VERDICT})
_KNOWN = _NEEDED | {"description", "gender", "age_group", "color", "material", "pattern"}
_BRAND = "brand_to_leave_out"


@dataclass(frozen=True)
class Example:
    """A product as the model is told of it, a faulty draft, its verdict, and the right query."""

    product: dict[str, str]
    draft: str
    verdict: dict[str, str]
    query: str


def load_examples(path: Path | None) -> tuple[Example, ...]:
    """The built-in examples and those of ``path``, in this order.

    Raises:
        VlclipError: an example lacks a field, has an unknown one, or its query does not pass the
            gate.
    """
    built_in = (files("vlclip_dagster.refinement") / "few_shot.toml").read_text(encoding="utf-8")
    texts = {"the built-in examples": built_in}
    if path is not None:
        texts[str(path)] = path.read_text(encoding="utf-8")
    examples = tuple(one for name, text in texts.items() for one in _read(name, text))
    if len(examples) > _MAX_EXAMPLES:
        raise VlclipError(
            f"{path} brings the examples to {len(examples)}, and each is paid for in every call;"
            f" leave at most {_MAX_EXAMPLES} with the built-in ones"
        )
    return examples


def _read(name: str, text: str) -> Iterator[Example]:
    try:
        tables = tomllib.loads(text).get("example", [])
    except tomllib.TOMLDecodeError as error:
        raise VlclipError(f"{name} is not TOML: {error}") from None
    for number, table in enumerate(tables, start=1):
        if problem := _problem(table):
            raise VlclipError(f"{name}: example {number} {problem}")
        product = {key: table[key] for key in table if key in _KNOWN - _NEEDED | {_BRAND}}
        yield Example(
            {"product_type": table["product_type"], "title": table["title"], **product},
            table["draft"],
            {key: table[key] for key in _VERDICT},
            table["query"],
        )


def _problem(table: dict[str, Any]) -> str | None:
    """What is wrong with an example; its query must stand as it is, or it teaches a fault."""
    if missing := sorted(_NEEDED - table.keys()):
        return f"lacks {', '.join(missing)}"
    if unknown := sorted(table.keys() - _KNOWN - {_BRAND}):
        return f"has unknown fields: {', '.join(unknown)}"
    if not all(isinstance(value, str) for value in table.values()):
        return "has a value that is no text"
    if table["action"] not in [action.value for action in Action]:
        return f"has an unknown action: {table['action'][:40]}"
    columns = {key: table[key] for key in _KNOWN - _NEEDED if key in table}
    product = ProductText(
        "example", table["product_type"], table["title"], brand=table.get(_BRAND), **columns
    )
    repairs = admit(table["query"], product).repairs
    return f"has a query that does not pass the gate ({repairs})" if repairs else None
