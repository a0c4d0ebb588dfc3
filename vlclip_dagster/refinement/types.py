"""The value types of refinement, and the protocol a backend fulfils.

What belongs here: plain frozen values that travel between the loop, the gate and the backends.
What does not: any judgement about words.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from vlclip_dagster.refinement.spending import Tally


@dataclass(frozen=True)
class ProductText:
    """What the feed says of one product, cleaned: the only thing a query may be drawn from."""

    item_id: str
    product_type: str
    title: str
    description: str = ""
    gender: str | None = None
    age_group: str | None = None
    color: str | None = None
    material: str | None = None
    pattern: str | None = None
    brand: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)

    @classmethod
    def from_row(cls, row: Mapping[str, object]) -> "ProductText":
        """Read a ``raw_catalog`` row; its ``attributes`` column is JSON text."""
        extra = json.loads(str(row.get("attributes") or "{}"))
        names = ("gender", "age_group", "color", "material", "pattern", "brand")
        columns = {name: str(row[name]) for name in names if row.get(name)}
        return cls(
            item_id=str(row["item_id"]),
            product_type=str(row.get("product_type") or ""),
            title=str(row.get("title") or ""),
            description=str(row.get("description") or ""),
            attributes={str(key): str(value) for key, value in extra.items() if value},
            **columns,
        )


class Action(StrEnum):
    """What the evaluator wants done; ``STOP`` is a value of a typed field, never text to find."""

    STOP = "stop"
    ADD = "add"
    REMOVE = "remove"
    REPHRASE = "rephrase"
    SHORTEN = "shorten"


@dataclass(frozen=True)
class Verdict:
    """The evaluator's answer: one action, the words it concerns, why, and scores of 1 to 5.

    ``attribute`` lists the words or phrases, separated by ``"; "``. ``scores`` are those of the
    paper's three criteria, in this order: visible attributes only, true to the source, concise.
    """

    action: Action
    attribute: str
    justification: str
    scores: tuple[int, int, int] = (3, 3, 3)


@dataclass(frozen=True)
class Round:
    """One turn of the loop: the query that was judged, the verdict, and what it became."""

    query: str
    verdict: Verdict
    refined: str | None = None


@dataclass(frozen=True)
class Failure:
    """A question without a usable answer, as a value; ``reason`` names no secret.

    ``passing`` tells whether another run may fare better: a server's trouble, a spent budget or
    a batch that is still out, but not a model that refuses.
    """

    reason: str
    passing: bool = False


@dataclass(frozen=True)
class Draft:
    """A product on its way through the loop: its present query and the rounds so far."""

    product: ProductText
    query: str
    rounds: tuple[Round, ...] = ()


@dataclass(frozen=True)
class RefinedQuery:
    """The result for one product.

    ``converged`` is false where five rounds did not suffice. ``source`` names who wrote the query:
    the backend, or the rules where they stood in for it; then ``provisional`` tells whether the
    backend should be asked again, and ``note`` says why. ``note`` also tells what the gate did.
    """

    item_id: str
    query: str
    summary: str
    converged: bool
    rounds: int
    source: str
    history: tuple[Round, ...]
    note: str | None = None
    provisional: bool = False

    @property
    def words(self) -> int:
        """Number of words in the query."""
        return len(self.query.split())

    def history_json(self) -> str:
        """The rounds as JSON text, for a table's column."""
        return json.dumps([_round_as_data(one) for one in self.history], ensure_ascii=False)


def _round_as_data(one: Round) -> dict[str, object]:
    verdict = one.verdict
    return {
        "query": one.query,
        "action": verdict.action.value,
        "attribute": verdict.attribute,
        "justification": verdict.justification,
        "scores": list(verdict.scores),
        "refined": one.refined,
    }


class Backend(Protocol):
    """Summariser, Evaluator and Refiner (paper section 3.2), each for a whole wave at once.

    Each method returns one answer per input, in order; a call that fails is a ``Failure`` in its
    place and never an exception. ``fingerprint`` changes whenever answers could. ``tally`` counts
    what was asked so far and what it cost. ``lanes`` is the number of threads that may ask at once,
    for one product each, or 0 if a wave is best asked as a whole.
    """

    tally: Tally

    @property
    def lanes(self) -> int:
        """Threads that may ask at once; 0 where a wave is best asked as a whole."""

    @property
    def name(self) -> str:
        """A short name for the ``source`` column."""

    @property
    def fingerprint(self) -> str:
        """Identifies the model, prompts and parameters behind the answers."""

    def check(self) -> None:
        """Raise ``MissingRequirementError`` if a key or server is missing; costs no call."""

    def summarise(self, products: Sequence[ProductText]) -> Sequence[str | Failure]:
        """Write the first query of each product."""

    def evaluate(self, drafts: Sequence[Draft]) -> Sequence[Verdict | Failure]:
        """Judge each draft's query against its product."""

    def refine(
        self, drafts: Sequence[Draft], verdicts: Sequence[Verdict]
    ) -> Sequence[str | Failure]:
        """Carry out each verdict on its draft's query."""
