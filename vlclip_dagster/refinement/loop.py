"""The refinement loop (paper section 3.2), in waves: all products at step k together.

What belongs here: who is still running, what each round said, and what happens when a call
fails. What does not: any wording or judgement; those are the backend's and the gate's.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import TypeVar

from vlclip_dagster.progress import report
from vlclip_dagster.refinement.commands import without_commands
from vlclip_dagster.refinement.gate import admit, objection
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
    """One text on its way: mutable, and seen by this module only."""

    product: ProductText
    query: str = ""
    summary: str | None = None
    rounds: list[Round] = field(default_factory=list)
    refinements: int = 0
    converged: bool = False
    failure: Failure | None = None

    @property
    def draft(self) -> Draft:
        return Draft(self.product, self.query, tuple(self.rounds))

    @property
    def open(self) -> bool:
        return self.failure is None and not self.converged


def refine_all(
    products: Sequence[ProductText], backend: Backend, *, max_rounds: int = 5
) -> list[RefinedQuery]:
    """Refine every product's text to a query; the results are in the order of ``products``.

    At most ``max_rounds`` times (the paper's five) each query is evaluated and, unless the
    evaluator stops, refined. The evaluator is asked about what the rules let pass; where they
    object, their verdict is refined at once, since a stop would not count. After the last round
    the query stands as it is, with ``converged=False``. A product whose call fails is done by the
    rule backend, with a note. Products of the same text go through the loop as one.
    """
    alike: dict[ProductText, _Course] = {}
    courses = [
        alike.setdefault(replace(text, item_id=""), _Course(text))
        for text in map(without_commands, products)
    ]
    distinct = list(alike.values())
    _run(distinct, backend, max_rounds)
    failed = [course for course in distinct if course.failure is not None]
    if failed:
        _fall_back(failed, max_rounds)
    return [
        _result(product.item_id, course, backend.name)
        for product, course in zip(products, courses, strict=True)
    ]


def _run(courses: list[_Course], backend: Backend, max_rounds: int) -> None:
    if backend.lanes:
        _in_lanes(courses, backend, max_rounds)
        return
    running = courses
    while running:
        report(_LABEL, len(courses) - len(running), len(courses))
        running = _go_on(running, backend, max_rounds)
    report(_LABEL, len(courses), len(courses))


def _in_lanes(courses: list[_Course], backend: Backend, max_rounds: int) -> None:
    """Walk in waves that wait for no straggler.

    Who has an answer queues for the next step behind all that wait for this one: a step begins
    when the one before has no more to ask, not when its last answer has come.
    """
    stepped: SimpleQueue[Future[list[_Course]]] = SimpleQueue()
    lanes = ThreadPoolExecutor(backend.lanes)

    def queue(course: _Course) -> None:
        lanes.submit(_go_on, [course], backend, max_rounds).add_done_callback(stepped.put)

    try:
        for course in courses:
            queue(course)
        left = len(courses)
        while left:
            report(_LABEL, len(courses) - left, len(courses))
            going_on = stepped.get().result()
            if going_on:
                queue(*going_on)
            else:
                left -= 1
    finally:
        # What is in flight when a run is stopped is kept; the rest is not sent.
        lanes.shutdown(cancel_futures=True)
    report(_LABEL, len(courses), len(courses))


def _go_on(courses: list[_Course], backend: Backend, max_rounds: int) -> list[_Course]:
    """Take courses that are equally far one step on, and return those that are not done."""
    if courses[0].summary is None:
        summaries = backend.summarise([course.product for course in courses])
        _settle(courses, summaries, "summarise", _take_summary)
        return [course for course in courses if course.open]
    going_on = _one_round(courses, backend)
    return [course for course in going_on if len(course.rounds) < max_rounds]


def _one_round(running: list[_Course], backend: Backend) -> list[_Course]:
    """Judge all, refine those not finished, and return them."""
    number = len(running[0].rounds) + 1
    passing = [course for course in running if not _objects(course)]
    if passing:
        verdicts = backend.evaluate([course.draft for course in passing])
        _settle(passing, verdicts, f"evaluate in round {number}", _take_verdict)
    open_ = [course for course in running if course.open]
    if open_:
        judged = [course.rounds[-1].verdict for course in open_]
        refined = backend.refine([course.draft for course in open_], judged)
        _settle(open_, refined, f"refine in round {number}", _take_refined)
    return [course for course in open_ if course.open]


def _objects(course: _Course) -> bool:
    """Whether the rules have a verdict of their own, which is then taken."""
    verdict = objection(course.query, course.product)
    if verdict is not None:
        _take_verdict(course, verdict)
    return verdict is not None


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
    course.rounds.append(Round(course.query, verdict))
    course.converged = verdict.action is Action.STOP


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


def _result(item_id: str, course: _Course, backend: str) -> RefinedQuery:
    admission = admit(course.query, course.product)
    failure = course.failure
    failed = f"{backend} {failure.reason}" if failure else None
    told = [failed, admission.repairs, admission.shortage]
    return RefinedQuery(
        item_id=item_id,
        query=admission.query,
        summary=course.summary or "",
        converged=course.converged,
        rounds=course.refinements,
        source=backend if failure is None else RuleBackend.name,
        history=tuple(course.rounds),
        note="; ".join(filter(None, told)) or None,
        provisional=failure is not None and failure.passing,
    )
