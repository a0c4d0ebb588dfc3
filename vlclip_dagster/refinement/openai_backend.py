"""The language-model backend: any endpoint that speaks chat completions.

What belongs here: which questions are asked, and which are answered already. What does not:
wording (``prompts``), how a question is asked (``asking``, ``batches``) and trust (``gate``).
"""

import json
import threading
from collections.abc import Sequence
from functools import cached_property
from typing import TypeVar

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.hashing import content_hash
from vlclip_dagster.refinement.answers import UNREADABLE, read_answer
from vlclip_dagster.refinement.asking import Asker
from vlclip_dagster.refinement.batches import OUT, BatchDesk
from vlclip_dagster.refinement.cache import AnswerCache, request_hash
from vlclip_dagster.refinement.endpoint import Endpoint
from vlclip_dagster.refinement.examples import load_examples
from vlclip_dagster.refinement.prompts import PROMPT_VERSION, Prompter, Question
from vlclip_dagster.refinement.rules import RuleBackend
from vlclip_dagster.refinement.settings import RefinementSettings
from vlclip_dagster.refinement.spending import Tally, price_of
from vlclip_dagster.refinement.types import Draft, Failure, ProductText, Verdict

_PLACEHOLDER = "fence"
# Raised when the loop asks otherwise; a query is then made anew, from answers that are there.
_LOOP_VERSION = 2
# While one thread waits out its trouble or writes an answer down, another one's call is sent.
_LANES_PER_CALL = 2
_A = TypeVar("_A", str, Verdict)


class OpenAIBackend:
    """Summariser, Evaluator and Refiner as questions to a model."""

    name = "openai"

    def __init__(self, settings: RefinementSettings, label: str = "") -> None:
        self.settings = settings
        self._label = label
        self.price = price_of(settings)
        self._endpoint = Endpoint(settings)
        self._opening = threading.Lock()
        self.tally = Tally(usd=None if self.price is None else 0.0)

    def __repr__(self) -> str:
        """Name the model only."""
        return f"OpenAIBackend(model={self.settings.model!r})"

    @property
    def fingerprint(self) -> str:
        """The model, where it is asked, the prompts, the parameters, and the rules of the gate."""
        what = [self._endpoint.parameters, self.settings.base_url, self.prompter.texts]
        digest = content_hash(json.dumps(what, sort_keys=True).encode())[:16]
        return f"openai-{PROMPT_VERSION}.{_LOOP_VERSION}-{digest}-{RuleBackend().fingerprint}"

    @property
    def lanes(self) -> int:
        """Threads that may ask at once: more than calls in flight; none by batch."""
        return 0 if self.by_batch else _LANES_PER_CALL * self.settings.concurrency

    def check(self) -> None:
        """Tell of what is missing, before any work starts.

        Raises:
            MissingRequirementError: the key is not in the environment or is refused, or nobody
                answers.
            VlclipError: the examples or the budget cannot be used.
        """
        self._endpoint.key()
        load_examples(self.settings.examples)
        if self.settings.max_usd is not None and self.price is None:
            raise VlclipError(
                "VLCLIP_REFINEMENT__MAX_USD cannot be kept, since the price of"
                f" {self.settings.model} is not known: set VLCLIP_REFINEMENT__INPUT_USD and"
                " VLCLIP_REFINEMENT__OUTPUT_USD, in US dollars per million tokens"
            )
        self._endpoint.greet()

    def summarise(self, products: Sequence[ProductText]) -> list[str | Failure]:
        """Ask for each product's first query."""
        return self._ask([self.prompter.summarise(product) for product in products], str)

    def evaluate(self, drafts: Sequence[Draft]) -> list[Verdict | Failure]:
        """Ask for a verdict on each draft."""
        return self._ask([self.prompter.evaluate(draft) for draft in drafts], Verdict)

    def refine(self, drafts: Sequence[Draft], verdicts: Sequence[Verdict]) -> list[str | Failure]:
        """Ask for each verdict to be carried out."""
        pairs = zip(drafts, verdicts, strict=True)
        return self._ask([self.prompter.refine(draft, verdict) for draft, verdict in pairs], str)

    @property
    def by_batch(self) -> bool:
        """Whether questions are handed in to the Batch API."""
        return self.settings.mode == "batch"

    @cached_property
    def prompter(self) -> Prompter:
        """Who words the questions."""
        return Prompter(load_examples(self.settings.examples))

    @cached_property
    def cache(self) -> AnswerCache:
        """The answers and calls of this home."""
        return AnswerCache(self.settings.cache_path)

    @cached_property
    def desk(self) -> BatchDesk:
        """Where batches are handed in and collected."""
        return BatchDesk(self._endpoint, self.cache, self.price)

    @cached_property
    def _asker(self) -> Asker:
        return Asker(self.settings, self._endpoint, self.cache, self.price, self.tally)

    def request_key(self, question: Question) -> str:
        """Hash of the request as it is sent, but for its fence, which is drawn anew each time."""
        return request_hash(
            {
                **self._endpoint.parameters,
                "endpoint": self.settings.base_url,
                "messages": question.messages(_PLACEHOLDER),
                "response_format": question.response_format("json_schema"),
                "prompt_version": PROMPT_VERSION,
            }
        )

    def _ask(self, questions: Sequence[Question], kind: type[_A]) -> list[_A | Failure]:
        """Answer from the cache where possible; ask the rest, each request once."""
        with self._opening:
            cache, asker = self.cache, self._asker
        if self.by_batch:
            self.desk.take_up(self._label)
        keys = [self.request_key(question) for question in questions]
        settled = {key: answer for key in keys if (answer := cache.get(key)) is not None}
        self.tally.hit(sum(key in settled for key in keys))
        asked = {key: one for key, one in zip(keys, questions, strict=True) if key not in settled}
        if self.by_batch and asked:
            settled |= self._submit(asked)
        else:
            settled |= {key: asker.ask(key, one) for key, one in asked.items()}
        return [
            _read(question, settled[key], kind)
            for question, key in zip(questions, keys, strict=True)
        ]

    def _submit(self, asked: dict[str, Question]) -> dict[str, str | Failure]:
        """Hand in what is not out yet; the answer to each is that it has to wait."""
        fresh = self.desk.not_out(asked)
        told = OUT
        if fresh:
            dearest = self._asker.dearest_usd(fresh.values())
            told = self._asker.unaffordable(dearest) or self.desk.submit(
                fresh, self._label, dearest
            )
        return {key: told if key in fresh else OUT for key in asked}


def _read(question: Question, settled: str | Failure, kind: type[_A]) -> _A | Failure:
    if isinstance(settled, Failure):
        return settled
    answer = read_answer(question.step, settled)
    return answer if isinstance(answer, kind) else Failure(UNREADABLE)
