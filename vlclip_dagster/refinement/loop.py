"""The refinement loop (paper section 3.2), in waves: all products at step k together.

What belongs here: who is still running, what each round said, and what happens when a call
fails. What does not: any wording or judgement; those are the backend's and the gate's.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from vlclip_dagster.progress import report
from vlclip_dagster.refinement.commands import without_commands
from vlclip_dagster.refinement.gate import admit, believes
from vlclip_dagster.refinement.rules import RuleBackend
from vlclip_dagster.refinement.types import (
    Action,
    Backend,
    Draft,
    Failure,
    ProductText,
    RefinedQuery,
    Round,
    Verdict,
)

_T = TypeVar("_T")
_LABEL = "refining queries"


@dataclass
class _Course:
    """One product on its way: mutable, and seen by this module only."""

    product: ProductText
    query: str = ""
    summary: str = ""
    rounds: list[Round] = field(default_factory=list)
    refinements: int = 0
    converged: bool = False
    failure: Failure | None = None

    @property
    def draft(self) -> Draft:
        return Draft(self.product, self.query, tuple(self.rounds))


def refine_all(
    products: Sequence[ProductText], backend: Backend, *, max_rounds: int = 5
) -> list[RefinedQuery]:
    """Refine every product's text to a query; the results are in the order of ``products``.

    At most ``max_rounds`` times (the paper's five) each query is evaluated and, unless the
    evaluator stops and the rules agree, refined. After the last round the query stands as it is,
    with ``converged=False``. A product whose call fails is done by the rule backend, with a note.
    """
    courses = [_Course(without_commands(product)) for product in products]
    _run(courses, backend, max_rounds)
    failed = [course for course in courses if course.failure is not None]
    if failed:
        _fall_back(failed, max_rounds)
    return [_result(course, backend.name) for course in courses]


def _run(courses: list[_Course], backend: Backend, max_rounds: int) -> None:
    summaries = backend.summarise([course.product for course in courses])
    _settle(courses, summaries, "summarise", _take_summary)
    running = [course for course in courses if course.failure is None]
    for number in range(1, max_rounds + 1):
        report(_LABEL, len(courses) - len(running), len(courses))
        running = _one_round(running, backend, number)
    report(_LABEL, len(courses), len(courses))


def _one_round(running: list[_Course], backend: Backend, number: int) -> list[_Course]:
    """Evaluate all, refine those not finished, and return who goes on."""
    if not running:
        return running
    verdicts = backend.evaluate([course.draft for course in running])
    _settle(running, verdicts, f"evaluate in round {number}", _take_verdict)
    open_ = [course for course in running if course.failure is None and not course.converged]
    if not open_:
        return open_
    judged = [course.rounds[-1].verdict for course in open_]
    refined = backend.refine([course.draft for course in open_], judged)
    _settle(open_, refined, f"refine in round {number}", _take_refined)
    return [course for course in open_ if course.failure is None]


def _settle(
    courses: Sequence[_Course],
    answers: Iterable[_T | Failure],
    step: str,
    take: Callable[[_Course, _T], None],
) -> None:
    for course, answer in zip(courses, answers, strict=True):
        if isinstance(answer, Failure):
            reason = f"failed to {step}: {answer.reason}"
            course.failure = Failure(reason, answer.passing)
        else:
            take(course, answer)


def _take_summary(course: _Course, summary: str) -> None:
    course.query = course.summary = summary


def _take_verdict(course: _Course, verdict: Verdict) -> None:
    checked = believes(verdict, course.query, course.product)
    course.rounds.append(Round(course.query, checked))
    course.converged = checked.action is Action.STOP


def _take_refined(course: _Course, query: str) -> None:
    last = course.rounds[-1]
    course.rounds[-1] = Round(last.query, last.verdict, query)
    course.query = query
    course.refinements += 1


def _fall_back(failed: list[_Course], max_rounds: int) -> None:
    """Start the failed products again with the rules; their reason stays with them."""
    rules = RuleBackend()
    again = [_Course(course.product) for course in failed]
    _run(again, rules, max_rounds)
    for course, done in zip(failed, again, strict=True):
        course.query, course.summary = done.query, done.summary
        course.rounds, course.refinements = done.rounds, done.refinements
        course.converged = done.converged


def _result(course: _Course, backend: str) -> RefinedQuery:
    admission = admit(course.query, course.product)
    failure = course.failure
    failed = f"{backend} {failure.reason}" if failure else None
    told = [failed, admission.repairs, admission.shortage]
    return RefinedQuery(
        item_id=course.product.item_id,
        query=admission.query,
        summary=course.summary,
        converged=course.converged,
        rounds=course.refinements,
        source=backend if failure is None else RuleBackend.name,
        history=tuple(course.rounds),
        note="; ".join(filter(None, told)) or None,
        provisional=failure is not None and failure.passing,
    )
