"""How fast and how dear is the loop with a language model, and does it hold against faults?

Asks a local server that answers like a good model, after a set latency, and bills tokens and
cached prefixes as OpenAI does. Three parts, on a generated catalog:

- the loop, once without faults and once with a fifth of all calls failing: time against calls ×
  latency ÷ concurrency, every product with a query or a reason, the ledger beside the server's
  log, and a second run that must ask nothing that was settled;
- a kill -9 in the middle: how many answers the next run has to pay again;
- cost per 1,000 products for two models at the prices of ``prices.toml``, from the server's
  tokens, beside a naive loop with the same instructions, examples and model: every query goes to
  the evaluator, and to the refiner unless that stops; the product comes before the instructions,
  so that no prefix is ever cached. "cached" is the same loop with the instructions first: what
  is left of the difference are the verdicts that the rules give without asking.

    python benchmarks/refinement_llm.py OUT_OF_VLCLIP_SAMPLE --limit 500
"""

import argparse
import json
import math
import multiprocessing
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "refinement"))

import chat_server

from benchmarks.refinement_truth import read_products
from vlclip_dagster.refinement.answers import read_answer
from vlclip_dagster.refinement.examples import load_examples
from vlclip_dagster.refinement.loop import refine_all
from vlclip_dagster.refinement.openai_backend import OpenAIBackend
from vlclip_dagster.refinement.prompts import Prompter, Question
from vlclip_dagster.refinement.settings import RefinementSettings
from vlclip_dagster.refinement.spending import Usage, price_of
from vlclip_dagster.refinement.types import Action, Draft, ProductText, RefinedQuery, Round, Verdict

MODELS = ("gpt-4o-mini", "gpt-4.1-mini")
FAULT_RATE = 0.2
# A call may take so many times the latency; one that hangs does not end before that.
TIMEOUT, HANG = 4, 5
KILL_LATENCY_S = 0.1
Log = list[dict[str, Any]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("drop", type=Path)
    parser.add_argument("--limit", type=int, default=2000, help="products")
    parser.add_argument("--latency", type=float, default=0.5, help="seconds per call")
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--json", action="store_true", dest="as_json")
    chosen = parser.parse_args()
    products = list(read_products(chosen.drop))[: chosen.limit]
    pace = {"latency": chosen.latency, "concurrency": chosen.concurrency}
    smooth, log = run(products, 0.0, **pace)
    found = {
        "products": len(products),
        "without_faults": smooth,
        "with_faults": run(products, FAULT_RATE, **pace)[0],
        "kill": kill(products, chosen.concurrency),
        "cost": costs(usage_of(log), naive(products), len(products)),
    }
    print(json.dumps(found, indent=2)) if chosen.as_json else show(found)


@contextmanager
def server(**options: float) -> Iterator[str]:
    """A chat server in a process of its own; yields its address."""
    given = [f"--{name}={value}" for name, value in options.items()]
    script = [sys.executable, chat_server.__file__, *given]
    with subprocess.Popen(script, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def log_of(url: str) -> Log:
    with urllib.request.urlopen(url.removesuffix("/v1") + "/log") as answer:
        return json.load(answer)


def usage_of(log: Log) -> Usage:
    return Usage(*(sum(one[name] for one in log) for name in ("prompt", "cached", "completion")))


def calls_of(products: Sequence[ProductText], folder: str) -> Counter[tuple[str, str]]:
    """How often the ledger says that each product's title was asked about, by step."""
    titles = {one.item_id: one.title for one in products}
    with sqlite3.connect(Path(folder, "llm.db")) as ledger:
        rows = ledger.execute("SELECT item_id, step FROM calls").fetchall()
    return Counter((titles[item_id], step) for item_id, step in rows)


def refine(
    products: Sequence[ProductText], url: str, folder: str, **more: object
) -> tuple[list[RefinedQuery], OpenAIBackend]:
    settings = RefinementSettings(
        backend="openai",
        base_url=url,
        api_key_env=None,
        cache_path=Path(folder, "llm.db"),
        **more,
    )
    backend = OpenAIBackend(settings)
    return refine_all(products, backend), backend


def run(
    products: Sequence[ProductText], fault_rate: float, latency: float, concurrency: int
) -> tuple[dict[str, Any], Log]:
    """Refine twice against one server; returns what came of it, and the log of the first time."""
    more = {"concurrency": concurrency, "timeout_s": TIMEOUT * latency}
    manners = {"latency": latency, "faults": fault_rate, "hang": HANG * latency}
    with tempfile.TemporaryDirectory() as folder, server(**manners) as url:
        started, cpu = time.perf_counter(), time.process_time()
        results, backend = refine(products, url, folder, **more)
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
        log = log_of(url)
        calls = calls_of(products, folder)
        again, second = refine(products, url, folder, **more)
    price = price_of(backend.settings)
    assert price is not None
    outcomes = Counter(one["outcome"] for one in log)
    hung = outcomes["hang"] * (TIMEOUT - 1)
    kept = {one.item_id: one for one in again}
    told = {
        "calls": len(log),
        "outcomes": dict(outcomes.most_common()),
        "seconds": round(seconds, 1),
        "ideal_seconds": round(len(log) * latency / concurrency, 1),
        "of_ideal": round(len(log) * latency / concurrency / seconds, 3),
        "of_ideal_with_timeouts": round((len(log) + hung) * latency / concurrency / seconds, 3),
        "client_cpu_ms_per_call": round(1000 * cpu / len(log), 2),
        "rounds": dict(sorted(Counter(one.rounds for one in results).items())),
        "refined": sum(one.source == "openai" for one in results),
        "with_a_reason": sum(one.source == "rules" and bool(one.note) for one in results),
        "to_be_asked_again": sum(one.provisional for one in results),
        "calls_agree": calls == Counter((one["title"], one["step"]) for one in log),
        "tokens_agree": backend.tally.usage == usage_of(log),
        "usd_agree": math.isclose(backend.tally.usd or 0, price.usd(usage_of(log))),
        "second_run_calls": second.tally.calls,
        "second_run_keeps_what_was_settled": all(
            kept[one.item_id] == one for one in results if not one.provisional
        ),
    }
    return told, log


def kill(products: Sequence[ProductText], concurrency: int) -> dict[str, int]:
    """Kill a run once it has asked a question for each product, and let another one go on."""
    with tempfile.TemporaryDirectory() as folder, server(latency=KILL_LATENCY_S) as url:
        given = {"products": products, "url": url, "folder": folder, "concurrency": concurrency}
        child = multiprocessing.get_context("spawn").Process(target=refine, kwargs=given)
        child.start()
        while (asked := len(log_of(url))) < len(products) and child.is_alive():
            time.sleep(0.2)
        child.kill()
        child.join()
        refine(**given)
        times = Counter(one["question"] for one in log_of(url))
    return {
        "calls_before": asked,
        "calls": times.total(),
        "repeated": times.total() - len(times),
        "in_flight": concurrency,
    }


def naive(products: Sequence[ProductText]) -> Log:
    """The log of a loop that walks one product at a time and leaves all to the model."""
    model = chat_server.ChatServer(chat_server.Manners())
    prompter = Prompter(load_examples(None))

    def ask(question: Question) -> Any:
        request = {
            "messages": question.messages("fence"),
            "response_format": question.response_format("json_schema"),
        }
        body = json.loads(model.complete(request)[1] or b"")
        return read_answer(question.step, body["choices"][0]["message"]["content"])

    for product in products:
        query, rounds = ask(prompter.summarise(product)), ()
        for _ in range(5):
            draft = Draft(product, query, rounds)
            verdict: Verdict = ask(prompter.evaluate(draft))
            if verdict.action is Action.STOP:
                break
            query = ask(prompter.refine(draft, verdict))
            rounds = (*rounds, Round(draft.query, verdict, query))
    model.http.server_close()
    return [vars(one) for one in model.log]


def costs(ours: Usage, naive_log: Log, products: int) -> dict[str, Any]:
    """US dollars per 1,000 products, from what the server counted."""
    naive_cached, each = usage_of(naive_log), 1000 / products
    naive_usage = naive_cached._replace(cached=0)
    table = {}
    for model in MODELS:
        price = price_of(RefinementSettings(model=model))
        batch = price_of(RefinementSettings(model=model, mode="batch"))
        assert price is not None
        assert batch is not None
        table[model] = {
            "ours": round(price.usd(ours) * each, 4),
            "ours_by_batch": round(batch.usd(ours._replace(cached=0)) * each, 4),
            "naive": round(price.usd(naive_usage) * each, 4),
            "of_naive": round(price.usd(ours) / price.usd(naive_usage), 3),
            "naive_cached": round(price.usd(naive_cached) * each, 4),
            "of_naive_cached": round(price.usd(ours) / price.usd(naive_cached), 3),
        }
    return {
        "tokens_per_product": {
            "ours": {name: round(part / products) for name, part in ours._asdict().items()},
            "naive": {name: round(part / products) for name, part in naive_usage._asdict().items()},
        },
        "naive_calls": len(naive_log),
        "usd_per_1000_products": table,
    }


def show(found: dict[str, Any]) -> None:
    for name in ("without_faults", "with_faults"):
        show_run(name.replace("_", " "), found[name])
    killed, cost = found["kill"], found["cost"]
    print(
        f"killed after {killed['calls_before']} of {killed['calls']} calls:"
        f" {killed['repeated']} repeated (at most the {killed['in_flight']} in flight)"
    )
    asked = found["without_faults"]["calls"] / found["products"]
    asked_naively = cost["naive_calls"] / found["products"]
    print(f"calls per product: {asked:.2f}, the naive loop's {asked_naively:.2f}")
    print(f"tokens per product: {cost['tokens_per_product']}")
    heads = ("ours", "by batch", "naive", "ratio", "cached", "ratio")
    print(f"{'USD per 1,000':16}" + "".join(f"{head:>10}" for head in heads))
    for model, row in cost["usd_per_1000_products"].items():
        print(
            f"{model:16}{row['ours']:10.3f}{row['ours_by_batch']:10.3f}{row['naive']:10.3f}"
            f"{row['of_naive']:10.1%}{row['naive_cached']:10.3f}{row['of_naive_cached']:10.1%}"
        )


def show_run(name: str, ran: dict[str, Any]) -> None:
    print(
        f"{name}: {ran['calls']} calls {ran['outcomes']}, rounds {ran['rounds']}\n"
        f"  {ran['seconds']} s against {ran['ideal_seconds']} s of calls × latency ÷ concurrency:"
        f" {ran['of_ideal']:.1%} (at least 85%), {ran['of_ideal_with_timeouts']:.1%} where a call"
        f" that hung counts until its timeout; {ran['client_cpu_ms_per_call']} ms of CPU per call\n"
        f"  {ran['refined']} refined, {ran['with_a_reason']} with a reason, of which"
        f" {ran['to_be_asked_again']} will be asked again; beside the server's log"
        f" calls of each product agree: {ran['calls_agree']}, tokens: {ran['tokens_agree']},"
        f" dollars: {ran['usd_agree']}; second run: {ran['second_run_calls']} calls,"
        f" the same queries: {ran['second_run_keeps_what_was_settled']}"
    )


if __name__ == "__main__":
    main()
