"""The gate: what any backend answers becomes a query only if this code agrees.

Product text is hostile: a description can talk a language model into anything. So a query is let
through only if it is made of visible words that the product's own data supports; otherwise the
rules repair it, and where that fails the rules' own query takes its place.
"""

from dataclasses import dataclass

from vlclip_dagster.refinement.criteria import apply, compose, inspect, words_of
from vlclip_dagster.refinement.evidence import Evidence, evidence_of
from vlclip_dagster.refinement.phrase import MIN_WORDS
from vlclip_dagster.refinement.rules import judge
from vlclip_dagster.refinement.types import Action, ProductText, Verdict

# How a note begins that tells of a repair.
GATED = "gate: "
_MAX_REPAIRS = 6


@dataclass(frozen=True)
class Admission:
    """The query that passed.

    ``repairs`` says what had to be done for it, ``shortage`` that its source has too little to
    say for ten words; each is None where that is not so.
    """

    query: str
    repairs: str | None
    shortage: str | None


def admit(query: str, product: ProductText) -> Admission:
    """Let ``query`` through, repaired or replaced where it breaks a rule."""
    evidence = evidence_of(product)
    notes: list[str] = []
    admitted = " ".join(words_of(query))
    for _ in range(_MAX_REPAIRS):
        problems = inspect(admitted, evidence)
        if not problems:
            break
        first = problems[0]
        notes.append(f"{first.action.value} {', '.join(first.phrases[:8])[:120]}")
        admitted = apply(admitted, first.action, first.phrases, evidence)
    if not admitted or inspect(admitted, evidence):
        admitted = compose(evidence)
        notes.append("replaced by the rules' own query")
    repairs = f"{GATED}{'; '.join(notes)}" if notes else None
    return Admission(admitted, repairs, _shortage(admitted, evidence))


def objection(query: str, product: ProductText) -> Verdict | None:
    """What the rules hold against ``query``; while there is anything, no evaluator may stop."""
    verdict = judge(query, evidence_of(product))
    return None if verdict.action is Action.STOP else verdict


def _shortage(query: str, evidence: Evidence) -> str | None:
    words = len(query.split())
    if words >= MIN_WORDS or evidence.visible_words >= MIN_WORDS:
        return None
    return f"the source has only {evidence.visible_words} visible words"
