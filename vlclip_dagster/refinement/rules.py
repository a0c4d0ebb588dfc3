"""The rule backend: summarise, evaluate and refine as code, behind the protocol of the loop.

It needs nothing, always answers, and answers the same for the same data. What belongs here: the
three steps. What does not: the words (``lexicon``), the evidence and the criteria.
"""

from collections.abc import Sequence

from vlclip_dagster.refinement.criteria import Problem, apply, arrange, inspect
from vlclip_dagster.refinement.evidence import Evidence, evidence_of
from vlclip_dagster.refinement.lexicon import lexicon
from vlclip_dagster.refinement.phrase import Phrase
from vlclip_dagster.refinement.spending import Tally
from vlclip_dagster.refinement.types import Action, Draft, Failure, ProductText, Verdict
from vlclip_dagster.refinement.words import stems

CODE_VERSION = 1
_SEPARATOR = "; "


class RuleBackend:
    """Summariser, Evaluator and Refiner without a model."""

    name = "rules"
    lanes = 0

    def __init__(self) -> None:
        self.tally = Tally()

    @property
    def fingerprint(self) -> str:
        """The version of the rules and the hash of the lexicon."""
        return f"rules-{CODE_VERSION}-{lexicon().fingerprint}"

    def check(self) -> None:
        """Nothing can be missing."""

    def summarise(self, products: Sequence[ProductText]) -> list[str | Failure]:
        """First drafts: the attributes, the whole title, and every detail of the description."""
        return [_first_draft(evidence_of(product)) for product in products]

    def evaluate(self, drafts: Sequence[Draft]) -> list[Verdict | Failure]:
        """Name the most serious problem of each draft, or stop."""
        return [judge(draft.query, evidence_of(draft.product)) for draft in drafts]

    def refine(self, drafts: Sequence[Draft], verdicts: Sequence[Verdict]) -> list[str | Failure]:
        """Put right what each verdict names."""
        return [
            apply(
                draft.query,
                verdict.action,
                verdict.attribute.split(_SEPARATOR),
                evidence_of(draft.product),
            )
            for draft, verdict in zip(drafts, verdicts, strict=True)
        ]


def judge(query: str, evidence: Evidence) -> Verdict:
    """The rules' verdict on any query, whoever wrote it."""
    problems = inspect(query, evidence)
    if not problems:
        return Verdict(Action.STOP, "", "says what is visible, and only that", (5, 5, 5))
    first = problems[0]
    return Verdict(
        first.action, _SEPARATOR.join(first.phrases), first.why, _scores(query, problems)
    )


def _scores(query: str, problems: list[Problem]) -> tuple[int, int, int]:
    """Marks of 1 to 5: visible attributes only, true to the source, concise and complete."""
    found = {problem.action: len(problem.phrases) for problem in problems}
    unsupported = found.get(Action.REMOVE, 0)
    shape = sum(found.get(action, 0) for action in (Action.SHORTEN, Action.REPHRASE, Action.ADD))
    visible = 5 - min(4, unsupported)
    return visible, visible, 5 - min(4, shape)


def _first_draft(evidence: Evidence) -> str:
    """Everything there is: the title with its names, and every detail."""
    phrases = (*evidence.required, *evidence.details)
    known = {stem for one in phrases for stem in one.stems}
    names = [Phrase(word, "look") for word in evidence.plain if not set(stems(word)) & known]
    return arrange([*phrases, *names])
