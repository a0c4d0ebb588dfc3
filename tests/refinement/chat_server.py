"""A local server that answers chat completions and batches, well or badly.

It counts and bills every request in a log of its own, remembers prompt prefixes as OpenAI does,
and injects faults at a set rate. Run as a program it serves until it is killed and prints its
address; ``GET /log`` returns the log. How all that travels is in ``chat_wire``.
"""

import argparse
import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chat_wire import Listener

from vlclip_dagster.hashing import content_hash
from vlclip_dagster.refinement.rules import RuleBackend
from vlclip_dagster.refinement.types import Action, Draft, ProductText, Verdict

FAULTS = ("429", "500", "hang", "truncated", "malformed", "length", "content_filter", "html")
_PREFIX_TOKENS, _PREFIX_STEP = 1024, 128
_RULES = RuleBackend()

Brain = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True)
class Logged:
    """One request as the server saw it; ``outcome`` is "answered" or the fault's name.

    ``question`` hashes what was asked, the same whenever it is asked again.
    """

    title: str
    step: str
    question: str
    outcome: str
    prompt: int
    cached: int
    completion: int
    at: float


@dataclass
class Manners:
    """How the server behaves."""

    latency_s: float = 0.0
    fault_rate: float = 0.0
    faults: Sequence[str] = FAULTS
    hang_s: float = 1.0
    forms: Sequence[str | None] = ("json_schema", "json_object", None)
    brain: Brain = field(default_factory=lambda: wise)
    headers: dict[str, str] = field(default_factory=dict)
    seed: int = 7
    welcome: int = 200
    script: Callable[[dict[str, Any], int], tuple[int, Any]] | None = None


def data_of(request: dict[str, Any]) -> dict[str, Any]:
    """The data between the fences of a request."""
    users = [one["content"] for one in request["messages"] if one["role"] == "user"]
    return json.loads(users[0].split("\n", 1)[1].rsplit("\n", 1)[0])


def step_of(data: dict[str, Any]) -> str:
    if "verdict" in data:
        return "refine"
    return "evaluate" if "query" in data else "summarise"


def product_of(data: dict[str, Any]) -> ProductText:
    told = data["product"]
    names = ("gender", "age_group", "color", "material", "pattern", "description")
    return ProductText(
        "x",
        told.get("product_type", ""),
        told.get("title", ""),
        brand=told.get("brand_to_leave_out"),
        attributes=told.get("attributes", {}),
        **{name: told[name] for name in names if name in told},
    )


def wise(data: dict[str, Any]) -> dict[str, Any]:
    """Answer as a good model would: the rules' answers, in a model's shape."""
    product, step = product_of(data), step_of(data)
    if step == "summarise":
        return {"query": _RULES.summarise([product])[0]}
    draft = Draft(product, data["query"])
    if step == "refine":
        told = data["verdict"]
        verdict = Verdict(Action(told["action"]), told["attribute"], told["justification"])
        return {"query": _RULES.refine([draft], [verdict])[0]}
    return verdict_data(_RULES.evaluate([draft])[0])


def verdict_data(verdict: Verdict) -> dict[str, Any]:
    visible, true, concise = verdict.scores
    return {
        "visible": visible,
        "true": true,
        "concise": concise,
        "action": verdict.action.value,
        "attribute": verdict.attribute,
        "justification": verdict.justification,
    }


def tokens(text: str) -> int:
    """Four characters each: within 2% of OpenAI's ``o200k_base`` on these questions."""
    return -(-len(text) // 4)


class ChatServer:
    """What the server knows and answers; ``Listener`` puts it on the wire."""

    def __init__(self, manners: Manners) -> None:
        self.manners = manners
        self.log: list[Logged] = []
        self.requests: list[dict[str, Any]] = []
        self.authorizations: list[str] = []
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.in_flight = self.most_in_flight = 0
        self._random = random.Random(manners.seed)
        self._prefixes: set[str] = set()
        self.lock = threading.Lock()
        self.http = Listener(self)
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"

    def complete(self, request: dict[str, Any]) -> tuple[int, bytes | None, str]:
        """Status, body (None: no answer at all) and outcome of one chat request."""
        if self.manners.script is not None:
            status, payload = self.manners.script(request, len(self.requests))
            return status, json.dumps(payload).encode(), "scripted"
        data = data_of(request)
        with self.lock:
            fault = None
            if self._random.random() < self.manners.fault_rate:
                fault = self._random.choice(self.manners.faults)
            cached = self._remember(request["messages"][0]["content"])
        prompt = sum(tokens(one["content"]) for one in request["messages"])
        form = (request.get("response_format") or {}).get("type")
        if form not in self.manners.forms:
            return 400, _error("response_format", "unsupported_parameter"), "form"
        if fault in {"429", "500"}:
            return int(fault), _error("no", "rate_limit_exceeded"), fault
        if fault == "hang":
            return 0, None, fault
        if fault == "html":
            return 200, b"<html>gateway</html>", fault
        answer = self.manners.brain(data)
        content = answer if isinstance(answer, str) else json.dumps(answer)
        finish = "stop"
        if fault == "malformed":
            content = content[: len(content) // 2]
        elif fault in {"length", "content_filter"}:
            content, finish = content[:10], fault
        usage = (prompt, min(cached, prompt), tokens(content))
        # What never arrives whole is logged as free: its receiver cannot know what it cost.
        usage = (0, 0, 0) if fault == "truncated" else usage
        self._log(data, fault or "answered", usage)
        body = json.dumps(completion(content, finish, usage)).encode()
        return 200, body, fault or "answered"

    def _remember(self, prefix: str) -> int:
        """Cached tokens of a prompt that begins so: what was seen before, in whole steps."""
        known, length = prefix in self._prefixes, tokens(prefix)
        self._prefixes.add(prefix)
        return length // _PREFIX_STEP * _PREFIX_STEP if known and length >= _PREFIX_TOKENS else 0

    def _log(self, data: dict[str, Any], outcome: str, usage: tuple[int, int, int]) -> None:
        title = data["product"].get("title", "")
        question = content_hash(json.dumps(data).encode())[:16]
        logged = Logged(title, step_of(data), question, outcome, *usage, time.monotonic())
        with self.lock:
            self.log.append(logged)

    def note(self, request: dict[str, Any], outcome: str) -> None:
        """Log a request that was turned away or lost: it costs nothing."""
        self._log(data_of(request), outcome, (0, 0, 0))

    def work(self, *, leave_out: int = 0, status: str = "completed") -> int:
        """Finish the batches that are out; ``leave_out`` questions of each are not reached."""
        done = 0
        for batch in self.batches.values():
            if batch["status"] != "in_progress":
                continue
            lines = self.files[batch["input_file_id"]].decode().splitlines()
            answered = [self._line(json.loads(line)) for line in lines[: len(lines) - leave_out]]
            batch["status"] = status
            batch["output_file_id"] = name = f"file-out-{batch['id']}"
            self.files[name] = "\n".join(answered).encode()
            done += 1
        return done

    def _line(self, line: dict[str, Any]) -> str:
        status, body, outcome = self.complete(line["body"])
        if outcome in {"429", "500", "hang", "html", "form"}:
            self.note(line["body"], outcome)
            status, body = status or 500, b"{}"
        response = {"status_code": status, "request_id": "r", "body": json.loads(body or b"{}")}
        return json.dumps({"id": "l", "custom_id": line["custom_id"], "response": response})


def completion(content: str, finish: str = "stop", usage: tuple[int, ...] = (90, 0, 10)) -> dict:
    prompt, cached, written = usage
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 0,
        "model": "fake",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "message": {"role": "assistant", "content": content},
            }
        ],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": written,
            "total_tokens": prompt + written,
            "prompt_tokens_details": {"cached_tokens": cached},
        },
    }


def _error(message: str, code: str) -> bytes:
    return json.dumps({"error": {"message": message, "code": code}}).encode()


@contextmanager
def serving(**manners: Any) -> Iterator[ChatServer]:
    """Serve from a thread until the block is left."""
    server = ChatServer(Manners(**manners))
    thread = threading.Thread(target=server.http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        server.http.server_close()
        thread.join(5)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--faults", type=float, default=0.0)
    parser.add_argument("--hang", type=float, default=1.0)
    chosen = parser.parse_args()
    manners = Manners(latency_s=chosen.latency, fault_rate=chosen.faults, hang_s=chosen.hang)
    server = ChatServer(manners)
    print(server.url, flush=True)
    server.http.serve_forever()


if __name__ == "__main__":
    main()
