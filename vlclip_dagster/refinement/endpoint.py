"""One chat-completions endpoint: sending a question and naming what came back.

What belongs here: the wire, and which trouble is whose. What does not: whether to ask again
(``asking``). The API key is read from the environment where the client is built and is
kept nowhere else; no message of the server is ever quoted, since a server may echo what it was
sent.
"""

import os
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from vlclip_dagster.errors import MissingRequirementError
from vlclip_dagster.refinement.pace import retry_after
from vlclip_dagster.refinement.prompts import FORMS, Form, Question
from vlclip_dagster.refinement.settings import RefinementSettings
from vlclip_dagster.refinement.spending import NOTHING, Usage

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.chat import ChatCompletion

_BAD_REQUEST, _UNPROCESSABLE, _TOO_MANY = 400, 422, 429
_CLOSED = frozenset({401, 402, 403, 404, 405})
_UNWELCOME = frozenset({"content_filter", "content_policy_violation"})
# What a server may not know or a model not take, and what stands in for it, if anything.
_DISPENSABLE = {
    "temperature": None,
    "max_completion_tokens": "max_tokens",
    "store": None,
    "prompt_cache_key": None,
}
_GREETING_S = 10.0
# What a server is sent that wants no key; the client insists on one.
NO_KEY = "none"
# A server's own word for a fault is repeated only if it cannot hold a secret.
_WORD = re.compile(r"[a-z_.]{1,40}\Z")


@dataclass(frozen=True)
class Reply:
    """A whole answer: its text, and the tokens it took."""

    content: str
    usage: Usage
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Trouble:
    """Why there is no answer, and what could help.

    ``cure`` is "wait" for the server's own troubles (``wait_s`` where it named a time), "form"
    where it does not take the answer's schema, "parameter" where it does not take another part of
    the request, which is left out from then on, "room" where the answer was cut short, "none"
    where the model will not answer this question, and "closed" where it would be the same with
    every question.
    """

    reason: str
    cure: Literal["wait", "form", "parameter", "room", "none", "closed"]
    usage: Usage = NOTHING
    wait_s: float | None = None
    too_many: bool = False


class Endpoint:
    """A server that speaks chat completions; several threads may share one object.

    ``form`` is the strictest way to ask for an answer's shape that the server took so far.
    """

    def __init__(self, settings: RefinementSettings) -> None:
        self._settings = settings
        self.form: Form = FORMS[0]
        self._refused: frozenset[str] = frozenset()
        self._connecting = threading.Lock()

    @property
    def parameters(self) -> dict[str, Any]:
        """What every request to the model says beside its messages."""
        settings = self._settings
        given = {"model": settings.model, "max_completion_tokens": settings.max_tokens}
        if settings.temperature is not None:
            given["temperature"] = settings.temperature
        return given

    def request(self, question: Question, form: Form, room: int = 1) -> dict[str, Any]:
        """The body of a request, its fence drawn anew; ``room`` multiplies the longest answer."""
        body = self.parameters
        body["max_completion_tokens"] *= room
        body["messages"] = question.messages(secrets.token_hex(8), form)
        if (shape := question.response_format(form)) is not None:
            body["response_format"] = shape
        if self._settings.base_url is None:
            # OpenAI's own: kept nowhere there, and one cache of prefixes for each step.
            body |= {"store": False, "prompt_cache_key": f"vlclip-{question.step}"}
        for name in self._refused & body.keys():
            value = body.pop(name)
            if other := _DISPENSABLE[name]:
                body[other] = value
        return body

    def greet(self) -> None:
        """Ask for the list of models, which costs nothing.

        Raises:
            MissingRequirementError: there is no key, nobody answers, or the key is refused.
        """
        from openai import APIConnectionError, APIStatusError, AuthenticationError

        client = self.client.with_options(timeout=_GREETING_S)
        place = f"the language model's server at {client.base_url.netloc.decode()}"
        try:
            client.models.with_raw_response.list()
        except AuthenticationError as error:
            name = self._settings.api_key_env or "that VLCLIP_REFINEMENT__API_KEY_ENV names"
            raise MissingRequirementError(
                f"{place} refuses the key: put the right one into the environment variable {name}"
            ) from error
        except APIConnectionError as error:
            raise MissingRequirementError(
                f"{place} does not answer: start it, or set VLCLIP_REFINEMENT__BASE_URL"
            ) from error
        except APIStatusError:
            # Not every server lists its models, and not every key may read the list.
            return

    def send(self, body: dict[str, Any]) -> Reply | Trouble:
        """Send a request once."""
        from openai import APIStatusError, OpenAIError

        try:
            raw = self.client.chat.completions.with_raw_response.create(**body)
            completion: ChatCompletion = raw.parse()
        except APIStatusError as error:
            trouble = refused(error.status_code, error.code, error.param, error.response.headers)
            if trouble.cure == "form" and self.does_without(error.param or error.body, body):
                return replace(trouble, cure="parameter")
            return trouble
        except (OpenAIError, ValueError) as error:
            return Trouble(type(error).__name__, "wait")
        return self.read(completion, raw.headers)

    def does_without(self, told: object, body: Mapping[str, Any]) -> bool:
        """Whether a refusal names a part of the request that can be left out; it is from now on."""
        named = {name for name in _DISPENSABLE if name in body and name in str(told)}
        with self._connecting:
            self._refused |= named
        return bool(named)

    def read(self, completion: "ChatCompletion", headers: Mapping[str, str]) -> Reply | Trouble:
        """The text of a completion that ended of its own accord, or why there is none."""
        outcome = read_completion(completion, headers)
        if isinstance(outcome, Reply) and (key := self.key()) != NO_KEY and key in outcome.content:
            return Trouble("the answer repeats the API key", "none", outcome.usage)
        return outcome

    @property
    def client(self) -> "OpenAI":
        """The client, built when it is first needed; it never repeats a call by itself."""
        with self._connecting:
            return self._client

    @cached_property
    def _client(self) -> "OpenAI":
        # Importing openai takes about a second, so it is not done before it is needed.
        from openai import OpenAI

        settings = self._settings
        return OpenAI(
            api_key=self.key(),
            base_url=settings.base_url,
            timeout=settings.timeout_s,
            max_retries=0,
        )

    def key(self) -> str:
        """The API key.

        Raises:
            MissingRequirementError: the variable that should hold it is empty.
        """
        name = self._settings.api_key_env
        if not name:
            return NO_KEY
        key = os.environ.get(name)
        if not key:
            raise MissingRequirementError(
                f"the language-model refiner needs an API key: set the environment variable {name},"
                " or set VLCLIP_REFINEMENT__BACKEND=rules"
            )
        return key


def longest_answer(body: Mapping[str, Any]) -> int:
    """The tokens that the answer to a request may have."""
    return int(body.get("max_completion_tokens") or body["max_tokens"])


def refused(status: int, code: object, param: object, headers: Mapping[str, str]) -> Trouble:
    """Name a refusal by its status and the server's code, never by its message."""
    words = [str(word) for word in (code, param) if word and _WORD.match(str(word))]
    reason = ", ".join([f"HTTP status {status}", *words])
    if status in _CLOSED or code == "insufficient_quota":
        return Trouble(reason, "closed")
    if code in _UNWELCOME:
        return Trouble(reason, "none")
    if status in (_BAD_REQUEST, _UNPROCESSABLE):
        return Trouble(reason, "form")
    return Trouble(reason, "wait", wait_s=retry_after(headers), too_many=status == _TOO_MANY)


def read_completion(completion: "ChatCompletion", headers: Mapping[str, str]) -> Reply | Trouble:
    """The text of a completion that ended of its own accord, or why it is none."""
    usage = usage_of(completion)
    if not getattr(completion, "choices", None):
        return Trouble("the answer holds no choice", "wait", usage)
    choice = completion.choices[0]
    if choice.finish_reason == "length":
        return Trouble("the answer ended early (length)", "room", usage)
    if choice.finish_reason != "stop":
        return Trouble(f"the answer ended early ({str(choice.finish_reason)[:20]})", "none", usage)
    if getattr(choice.message, "refusal", None):
        return Trouble("the model refused", "none", usage)
    if not choice.message.content:
        return Trouble("the answer is empty", "wait", usage)
    return Reply(choice.message.content, usage, headers)


def usage_of(completion: "ChatCompletion") -> Usage:
    """The tokens that a completion reports; none where it reports nothing."""
    told = getattr(completion, "usage", None)
    if told is None:
        return NOTHING
    details = getattr(told, "prompt_tokens_details", None)
    cached = getattr(details, "cached_tokens", None) or 0
    return Usage(told.prompt_tokens or 0, cached, told.completion_tokens or 0)
