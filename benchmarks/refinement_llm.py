"""How fast and how dear is the loop with a language model, and does it hold against faults?

Asks a local server that answers like a good model, after a set latency, and bills tokens and
cached prefixes as OpenAI does. Three parts, on DROP, a generated catalog:

- throughput: time against calls × latency ÷ concurrency, without faults;
- faults: a fifth of all calls fail; every product must end with a query or a reason, the server's
  log must agree with the ledger, and a second run must ask nothing that was settled;
- cost per 1,000 products for two models at the prices of ``prices.toml``, from the server's
  tokens, beside two naive loops with the same texts. "fixed": every product, all five rounds,
  evaluator and refiner each (11 calls), a prompt that begins with the product and so is never
  cached. "stopping": as "fixed", but it stops where the evaluator does.
"""

import argparse
import json
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
from refinement_truth import read_products

from vlclip_dagster.refinement.loop import refine_all
from vlclip_dagster.refinement.openai_backend import OpenAIBackend
from vlclip_dagster.refinement.settings import RefinementSettings
from vlclip_dagster.refinement.spending import Usage, price_of
from vlclip_dagster.refinement.types import ProductText, RefinedQuery

MODELS = ("gpt-4o-mini", "gpt-4.1-mini")
CALLS_WITHOUT_STOP = 11
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
    found = {
        "products": len(products),
        "throughput": throughput(products, chosen.latency, chosen.concurrency),
        "faults": faults(products),
    }
    found["cost"] = costs(found["throughput"].pop("log"), len(products))
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


def refine(
    products: Sequence[ProductText], url: str, folder: str, **more: object
) -> tuple[list[RefinedQuery], OpenAIBackend, float]:
    settings = RefinementSettings(
        backend="openai",
        base_url=url,
        api_key_env=None,
        cache_path=Path(folder, "llm.db"),
        **more,
    )
    backend = OpenAIBackend(settings)
    started = time.perf_counter()
    results = refine_all(products, backend)
    return results, backend, time.perf_counter() - started


def throughput(products: Sequence[ProductText], latency: float, concurrency: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, server(latency=latency) as url:
        used = time.process_time()
        results, backend, seconds = refine(products, url, folder, concurrency=concurrency)
        used = time.process_time() - used
        log = log_of(url)
        _, again, _ = refine(products, url, folder, concurrency=concurrency)
        asked_again = len(log_of(url)) - len(log)
    ideal = len(log) * latency / concurrency
    return {
        "calls": len(log),
        "latency_s": latency,
        "concurrency": concurrency,
        "seconds": round(seconds, 1),
        "ideal_seconds": round(ideal, 1),
        "of_ideal": round(ideal / seconds, 3),
        "client_cpu_ms_per_call": round(1000 * used / len(log), 2),
        "calls_of_a_second_run": asked_again,
        "cache_hits_of_a_second_run": again.tally.cache_hits,
        "rounds": dict(sorted(Counter(one.rounds for one in results).items())),
        "refined": sum(one.source == "openai" for one in results),
        "log": log,
        "usd": backend.tally.usd,
    }


def faults(products: Sequence[ProductText]) -> dict[str, Any]:
    more = {"concurrency": 48, "timeout_s": 10.0}
    with tempfile.TemporaryDirectory() as folder, server(faults=0.2, hang=11) as url:
        results, backend, seconds = refine(products, url, folder, **more)
        log = log_of(url)
        again, second, _ = refine(products, url, folder, **more)
    usage = backend.tally.usage
    settled = [one for one in results if not one.provisional]
    kept = {one.item_id: one for one in again}
    return {
        "seconds": round(seconds, 1),
        "calls": len(log),
        "outcomes": dict(Counter(one["outcome"] for one in log).most_common()),
        "refined": sum(one.source == "openai" for one in results),
        "with_a_reason": sum(one.source == "rules" and bool(one.note) for one in results),
        "to_be_asked_again": sum(one.provisional for one in results),
        "calls_agree": backend.tally.calls == len(log),
        "tokens_agree": list(usage)
        == [sum(one[name] for one in log) for name in ("prompt", "cached", "completion")],
        "second_run_calls": second.tally.calls,
        "second_run_keeps_what_was_settled": all(kept[one.item_id] == one for one in settled),
    }


def costs(log: Log, products: int) -> dict[str, Any]:
    """US dollars per 1,000 products, from what the server counted."""
    measured = Usage(
        *(sum(one[name] for one in log) for name in ("prompt", "cached", "completion"))
    )
    stopping = measured._replace(cached=0)
    fixed = Usage(*(round(CALLS_WITHOUT_STOP * products * part / len(log)) for part in stopping))
    table = {}
    for model in MODELS:
        price = price_of(RefinementSettings(model=model))
        batch = price_of(RefinementSettings(model=model, mode="batch"))
        assert price is not None
        assert batch is not None
        each = 1000 / products
        ours, naive = price.usd(measured) * each, price.usd(fixed) * each
        table[model] = {
            "ours": round(ours, 4),
            "ours_by_batch": round(batch.usd(stopping) * each, 4),
            "naive_fixed": round(naive, 4),
            "naive_stopping": round(price.usd(stopping) * each, 4),
            "of_naive_fixed": round(ours / naive, 3),
            "of_naive_stopping": round(ours / (price.usd(stopping) * each), 3),
        }
    calls = {"calls_per_product": round(len(log) / products, 2)}
    tokens = {name: round(part / len(log)) for name, part in measured._asdict().items()}
    return {**calls, "tokens_per_call": tokens, "usd_per_1000_products": table}


def show(found: dict[str, Any]) -> None:
    ran, faulty, cost = found["throughput"], found["faults"], found["cost"]
    print(f"{found['products']} products, {ran['calls']} calls, rounds {ran['rounds']}")
    print(
        f"throughput: {ran['seconds']} s against {ran['ideal_seconds']} s of calls × latency ÷"
        f" concurrency: {ran['of_ideal']:.1%} (at least 85%);"
        f" {ran['client_cpu_ms_per_call']} ms of CPU per call"
    )
    print(
        f"second run: {ran['calls_of_a_second_run']} calls,"
        f" {ran['cache_hits_of_a_second_run']} answers from the cache"
    )
    print(f"a fifth of {faulty['calls']} calls fails: {faulty['outcomes']}")
    print(
        f"  {faulty['refined']} refined, {faulty['with_a_reason']} with a reason, of which"
        f" {faulty['to_be_asked_again']} will be asked again; calls agree:"
        f" {faulty['calls_agree']}, tokens agree: {faulty['tokens_agree']}; second run:"
        f" {faulty['second_run_calls']} calls"
    )
    print(f"{cost['calls_per_product']} calls per product, per call {cost['tokens_per_call']}")
    heads = ("ours", "batch", "fixed", "ratio", "stopping", "ratio")
    print(f"{'USD per 1,000':16}" + "".join(f"{head:>10}" for head in heads))
    for model, row in cost["usd_per_1000_products"].items():
        print(
            f"{model:16}{row['ours']:10.3f}{row['ours_by_batch']:10.3f}{row['naive_fixed']:10.3f}"
            f"{row['of_naive_fixed']:10.1%}{row['naive_stopping']:10.3f}"
            f"{row['of_naive_stopping']:10.1%}"
        )


if __name__ == "__main__":
    main()
