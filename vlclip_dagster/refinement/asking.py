"""Asking one question until it is settled: pace, budget, repetition, and the ledger.

A question is settled by an answer that can be read, or by a ``Failure``. Whatever came of a call,
it is written down the moment it returns.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from vlclip_dagster.refinement.answers import UNREADABLE, read_answer
from vlclip_dagster.refinement.cache import ANSWERED, AnswerCache, Call
from vlclip_dagster.refinement.endpoint import Endpoint, Reply, Trouble, longest_answer
from vlclip_dagster.refinement.pace import Pace, backoff
from vlclip_dagster.refinement.prompts import FORMS, Form, Question
from vlclip_dagster.refinement.settings import RefinementSettings
from vlclip_dagster.refinement.spending import Budget, Price, Tally, Usage, estimated_tokens
from vlclip_dagster.refinement.types import Failure

_MOST_ROOM = 4
# A busy server may turn a call away more often than it may fail it.
_REFUSALS = 15
# So many questions in a row without an answer, and the endpoint counts as down for this run.
_PATIENCE = 25
_MAX_ECHO = 2000


@dataclass
class _Course:
    """One question on its way: how it is asked next, and how often it still may be."""

    question: Question
    form: Form
    attempts: int
    refusals: int = _REFUSALS
    room: int = 1
    unread: str | None = None

    def request(self, endpoint: Endpoint) -> dict[str, Any]:
        """The next request; an answer of the wrong shape is shown to the model once more."""
        body = endpoint.request(self.question, self.form, self.room)
        if self.unread is not None:
            body["messages"] += [
                {"role": "assistant", "content": self.unread[:_MAX_ECHO]},
                {"role": "user", "content": self.question.shape},
            ]
        return body

    def settle(self, outcome: Reply | Trouble) -> str | Failure | None:
        """The answer, or why there will be none; None where it is worth asking again."""
        if isinstance(outcome, Reply):
            if read_answer(self.question.step, outcome.content) is not None:
                return outcome.content
            self.unread = outcome.content
            return self._again(Failure(UNREADABLE))
        if outcome.cure == "none":
            return Failure(outcome.reason)
        if outcome.cure == "room":
            self.room *= 2
            return Failure(outcome.reason) if self.room > _MOST_ROOM else None
        if outcome.cure == "parameter":
            return None
        failure = Failure(outcome.reason, passing=True)
        if outcome.cure == "form" and self.form != FORMS[-1]:
            self.form = FORMS[FORMS.index(self.form) + 1]
            return None
        if outcome.cure != "wait":
            return failure
        if outcome.too_many:
            self.refusals -= 1
            return None if self.refusals else failure
        return self._again(failure)

    def _again(self, failure: Failure) -> Failure | None:
        self.attempts -= 1
        return None if self.attempts else failure


class Asker:
    """Asks an endpoint; several threads may share one object."""

    def __init__(
        self,
        settings: RefinementSettings,
        endpoint: Endpoint,
        cache: AnswerCache,
        price: Price | None,
        tally: Tally,
    ) -> None:
        self._settings, self._endpoint, self._cache = settings, endpoint, cache
        self._price, self._tally = price, tally
        self._pace = Pace(settings.requests_per_minute, settings.tokens_per_minute)
        self._budget = Budget(settings.max_usd, cache.spent_usd())
        self._slots = threading.BoundedSemaphore(settings.concurrency)
        self._lock = threading.Lock()
        self._in_vain = 0
        self._closed: Failure | None = None

    def ask(self, key: str, question: Question) -> str | Failure:
        """Ask until there is an answer that can be read, or nothing helps any more.

        A slot is held from the call until its answer is committed, so a kill loses no more
        answers than there are slots; it is given up while a question waits to be repeated.
        """
        course = None
        while True:
            with self._slots:
                course = course or _Course(question, self._endpoint.form, self._settings.attempts)
                outcome = self._send(course.request(self._endpoint))
                if isinstance(outcome, Failure):
                    return outcome
                settled = course.settle(outcome)
                self._write_down(key, question, outcome, settled)
                if settled is not None:
                    self._learn(course, outcome, settled)
                    return settled
            self._wait(outcome, course)

    def dearest_usd(self, questions: Iterable[Question]) -> float:
        """What questions can cost at most, each asked once."""
        bodies = (self._endpoint.request(one, self._endpoint.form) for one in questions)
        return sum(map(self._dearest_usd, bodies))

    def unaffordable(self, usd: float) -> Failure | None:
        """Why so much cannot be spent, if so; otherwise it counts as spent."""
        with self._budget.hold(usd) as enough:
            if not enough:
                return self._no_money()
        self._budget.spend(usd)
        return None

    def _send(self, body: dict[str, Any]) -> Reply | Trouble | Failure:
        if self._closed is not None:
            return self._closed
        with self._budget.hold(self._dearest_usd(body)) as enough:
            if not enough:
                return self._no_money()
            self._pace.wait(_prompt_tokens(body) + longest_answer(body))
            outcome = self._endpoint.send(body)
            if isinstance(outcome, Reply):
                self._pace.heed(outcome.headers)
            if self._price is not None:
                self._budget.spend(self._price.usd(outcome.usage))
            return outcome

    def _dearest_usd(self, body: dict[str, Any]) -> float:
        """What a call can cost at most; a prompt may have twice the tokens that it looks like."""
        if self._price is None:
            return 0.0
        return self._price.usd(Usage(2 * _prompt_tokens(body), 0, longest_answer(body)))

    def _no_money(self) -> Failure:
        limit = self._settings.max_usd
        return Failure(f"the {limit:g} USD of VLCLIP_REFINEMENT__MAX_USD are spent", passing=True)

    def _write_down(
        self,
        key: str,
        question: Question,
        outcome: Reply | Trouble,
        settled: str | Failure | None,
    ) -> None:
        """Commit the call; what settles a question for good settles it for every later run."""
        usd = None if self._price is None else self._price.usd(outcome.usage)
        told = outcome.reason if isinstance(outcome, Trouble) else UNREADABLE
        told = ANSWERED if isinstance(settled, str) else told
        call = Call(key, question.item_id, question.step, told, outcome.usage, usd)
        final = settled if isinstance(settled, str) or (settled and not settled.passing) else None
        self._cache.put(call, final)
        self._tally.add(outcome.usage, usd)

    def _learn(self, course: _Course, outcome: Reply | Trouble, settled: str | Failure) -> None:
        """Remember what the server takes, and whether it is worth asking it at all."""
        with self._lock:
            if isinstance(settled, str):
                self._in_vain = 0
                self._endpoint.form = course.form
            elif settled.passing:
                self._in_vain += 1
                closed = isinstance(outcome, Trouble) and outcome.cure == "closed"
                if closed or self._in_vain >= _PATIENCE:
                    self._closed = settled

    def _wait(self, outcome: Reply | Trouble, course: _Course) -> None:
        """Wait before a question is asked again: all together after a refusal, else this one."""
        if isinstance(outcome, Reply) or outcome.cure != "wait":
            return
        if outcome.too_many:
            repeated = _REFUSALS - course.refusals
            asked = outcome.wait_s
            self._pace.cool_down(backoff(repeated) if asked is None else asked)
        else:
            self._pace.pause(self._settings.attempts - course.attempts)


def _prompt_tokens(body: dict[str, Any]) -> int:
    return sum(estimated_tokens(message["content"]) for message in body["messages"])
