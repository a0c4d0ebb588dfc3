"""How long what starts often takes to start: the code location, and a search.

Prints the median wall time of several fresh processes, and whether it stays under the bound.

    python benchmarks/import_time.py
    VLCLIP_HOME=.vlclip python benchmarks/import_time.py      # with a search over what is there
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

from benchmarks.command import VLCLIP

BOUND_S = 3.0
CODE_LOCATION = "from vlclip_dagster.definitions import build_defs; build_defs()"
SEARCH_MODULES = "import vlclip_dagster.serving.local"


def seconds(words: list[str], times: int) -> float:
    """Median wall time of a Python process with ``words``, start of the interpreter included."""
    spent = []
    for _ in range(times):
        started = time.perf_counter()
        done = subprocess.run([sys.executable, *words], capture_output=True, text=True)
        spent.append(time.perf_counter() - started)
        if done.returncode:
            sys.exit(f"{' '.join(words)[:80]} failed: {done.stderr.strip()[-500:]}")
    return statistics.median(spent)


def commands(query: str) -> dict[str, list[str]]:
    from vlclip_dagster.checkpoints import CheckpointStore
    from vlclip_dagster.settings import load_settings

    timed = {
        "import the code location": ["-c", CODE_LOCATION],
        "import what a search needs": ["-c", SEARCH_MODULES],
    }
    if CheckpointStore(load_settings().home).current():
        timed["vlclip search, cold"] = ["-c", VLCLIP, "search", query]
    return timed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=5, help="processes per median")
    parser.add_argument("--query", default="black polka dot dress")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args()
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    figures = {
        name: round(seconds(words, options.times), 3)
        for name, words in commands(options.query).items()
    }
    if options.json:
        print(json.dumps(figures, indent=2))
    else:
        for name, spent in figures.items():
            verdict = "ok" if spent < BOUND_S else f"over the bound of {BOUND_S:g} s"
            print(f"{name:<28} {spent:6.2f} s  {verdict}")
    sys.exit(any(spent >= BOUND_S for spent in figures.values()))


if __name__ == "__main__":
    main()
