"""The language-model backend: any endpoint that speaks chat completions with a JSON schema.

What belongs here: sending questions, checking that answers have the promised shape, and turning
every fault into a ``Failure``. What does not: wording (``prompts``) and trust (``gate``). The API
key is read from the environment where a client is built and is kept nowhere else; no message of
the server is ever quoted, since a server may echo what it was sent.
"""

import json
import os
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from vlclip_dagster.errors import MissingRequirementError
from vlclip_dagster.hashing import content_hash
from vlclip_dagster.refinement import prompts
from vlclip_dagster.refinement.cache import AnswerCache, request_hash
from vlclip_dagster.refinement.prompts import Question
from vlclip_dagster.refinement.settings import RefinementSettings
from vlclip_dagster.refinement.types import Action, Draft, Failure, ProductText, Verdict

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.chat import ChatCompletion

_T = TypeVar("_T")
_PLACEHOLDER = "fence"
_MAX_RETRIES = 2
_MAX_TEXT = 400


class OpenAIBackend:
    """Summariser, Evaluator and Refiner as questions to a model."""

    name = "openai"

    def __init__(self, settings: RefinementSettings) -> None:
        self._settings = settings
        self._opened: AnswerCache | None = None

    def __repr__(self) -> str:
        """Name the model only."""
        return f"OpenAIBackend(model={self._settings.model!r})"

    @property
    def fingerprint(self) -> str:
        """The model, where it is asked, the prompts' version and text, and the parameters."""
        texts = prompts.SUMMARISE + prompts.EVALUATE + prompts.REFINE
        what = json.dumps([self._parameters(), self._settings.base_url, texts], sort_keys=True)
        return f"openai-{prompts.PROMPT_VERSION}-{content_hash(what.encode())[:16]}"

    def check(self) -> None:
        """Raise ``MissingRequirementError`` if the key is not in the environment."""
        self._key()

    def summarise(self, products: Sequence[ProductText]) -> list[str | Failure]:
        """Ask for each product's first query."""
        return self._ask([prompts.summarise(product) for product in products], _read_query)

    def evaluate(self, drafts: Sequence[Draft]) -> list[Verdict | Failure]:
        """Ask for a verdict on each draft."""
        return self._ask([prompts.evaluate(draft) for draft in drafts], _read_verdict)

    def refine(self, drafts: Sequence[Draft], verdicts: Sequence[Verdict]) -> list[str | Failure]:
        """Ask for each verdict to be carried out."""
        pairs = zip(drafts, verdicts, strict=True)
        return self._ask([prompts.refine(draft, verdict) for draft, verdict in pairs], _read_query)

    def _ask(self, questions: Sequence[Question], read: Callable[[Any], _T]) -> list[_T | Failure]:
        """Answer from the cache where possible; ask the rest, several at a time."""
        cache = self._cache()
        keys = [self._request_key(question) for question in questions]
        known = [cache.get(key) if cache is not None else None for key in keys]
        if all(answer is not None for answer in known):
            return [_parsed(answer or "", read) for answer in known]
        with self._client() as client, ThreadPoolExecutor(self._settings.concurrency) as pool:

            def answer(question: Question, key: str, stored: str | None) -> _T | Failure:
                if stored is not None:
                    return _parsed(stored, read)
                return self._call(client, question, key, read)

            return list(pool.map(answer, questions, keys, known))

    def _call(
        self, client: "OpenAI", question: Question, key: str, read: Callable[[Any], _T]
    ) -> _T | Failure:
        """Ask once; an answer is stored only if it is whole and has the promised shape."""
        from openai import APIError, OpenAIError

        try:
            completion = self._send(client, question)
        except APIError as error:
            return Failure(_fault(error))
        except (OpenAIError, ValueError) as error:
            return Failure(f"the answer could not be read ({type(error).__name__})")
        content = _content(completion)
        if isinstance(content, Failure):
            return content
        parsed = _parsed(content, read)
        cache = self._cache()
        if cache is not None and not isinstance(parsed, Failure):
            usage = completion.usage
            cache.put(
                key,
                content,
                prompt=usage.prompt_tokens if usage else 0,
                completion=usage.completion_tokens if usage else 0,
            )
        return parsed

    def _send(self, client: "OpenAI", question: Question) -> "ChatCompletion":
        send: Any = client.chat.completions.create
        completion: ChatCompletion = send(
            **self._parameters(),
            messages=question.messages(secrets.token_hex(8)),
            response_format=question.response_format,
        )
        return completion

    def _parameters(self) -> dict[str, Any]:
        settings = self._settings
        limit = {"max_completion_tokens": settings.max_tokens}
        if settings.temperature is None:
            return {"model": settings.model, **limit}
        return {"model": settings.model, "temperature": settings.temperature, **limit}

    def _request_key(self, question: Question) -> str:
        """Hash the request as it is sent, but for its fence, which is drawn anew each time."""
        return request_hash(
            {
                **self._parameters(),
                "endpoint": self._settings.base_url,
                "messages": question.messages(_PLACEHOLDER),
                "response_format": question.response_format,
                "prompt_version": prompts.PROMPT_VERSION,
            }
        )

    def _client(self) -> "OpenAI":
        # Importing openai takes about a second, so it is not done before it is needed.
        from openai import OpenAI

        return OpenAI(
            api_key=self._key(),
            base_url=self._settings.base_url,
            timeout=self._settings.timeout_s,
            max_retries=_MAX_RETRIES,
        )

    def _key(self) -> str:
        name = self._settings.api_key_env
        if not name:
            return "none"
        key = os.environ.get(name)
        if not key:
            raise MissingRequirementError(
                f"The language-model refiner needs an API key: set the environment variable {name},"
                " or set VLCLIP_REFINEMENT__BACKEND=rules."
            )
        return key

    def _cache(self) -> AnswerCache | None:
        if self._opened is None and self._settings.cache_path is not None:
            self._opened = AnswerCache(self._settings.cache_path)
        return self._opened


def _fault(error: Exception) -> str:
    """Name a fault by its kind and status, never by the server's own words."""
    status = getattr(error, "status_code", None)
    kind = type(error).__name__
    return f"{kind}, HTTP status {status}" if status is not None else kind


def _content(completion: "ChatCompletion") -> str | Failure:
    """The text of a completion that ended of its own accord."""
    if not getattr(completion, "choices", None):
        return Failure("the answer holds no choice")
    choice = completion.choices[0]
    if choice.finish_reason != "stop":
        return Failure(f"the answer ended early ({str(choice.finish_reason)[:20]})")
    if getattr(choice.message, "refusal", None):
        return Failure("the model refused")
    return choice.message.content or Failure("the answer is empty")


def _parsed(content: str, read: Callable[[Any], _T]) -> _T | Failure:
    try:
        return read(json.loads(content))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Failure("the answer does not have the promised shape")


def _read_query(data: Any) -> str:
    query = data["query"]
    if not isinstance(query, str) or not query.strip():
        raise ValueError("no query")
    return query.strip()[:_MAX_TEXT]


def _read_verdict(data: Any) -> Verdict:
    scores = tuple(min(5, max(1, int(data[name]))) for name in ("visible", "true", "concise"))
    return Verdict(
        action=Action(data["action"]),
        attribute=str(data["attribute"])[:_MAX_TEXT],
        justification=str(data["justification"])[:_MAX_TEXT],
        scores=(scores[0], scores[1], scores[2]),
    )
