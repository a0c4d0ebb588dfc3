"""How long a whole build takes, and what grounding and refinement gain by it.

Generates a catalog, drops it into an empty home and builds it through the command line, twice.
Prints the seconds of each stage, the ablation with its intervals, and the second run's time.

    python benchmarks/build.py --products 2550
    python benchmarks/build.py --products 102 --json
"""

import argparse
import json
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.command import vlclip

FULL, BASELINE = "full", "no_grounding_no_refinement"


class Builder:
    """Types commands in one home and takes the time of each."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.seconds: dict[str, float] = {}

    def type(self, label: str, *words: str) -> str:
        """Run ``vlclip`` with ``words``; what it printed."""
        started = time.perf_counter()
        printed = vlclip(self._home, *words)
        self.seconds[label] = round(time.perf_counter() - started, 2)
        return printed


def build(products: int, seed: int, place: Path) -> dict[str, Any]:
    """Build a generated catalog under ``place``; everything that was measured."""
    builder, catalog = Builder(place / "home"), place / "catalog"
    builder.type("sample", "sample", str(catalog), "--products", str(products), "--seed", str(seed))
    builder.type("drop", "drop", str(catalog), "--shop", "sample")
    ran = json.loads(builder.type("first run", "run", "--json"))["ran"]
    again = json.loads(builder.type("second run", "run", "--json"))["ran"]
    report = json.loads(builder.type("report", "report", "--json"))
    builder.type("search", "search", "black polka dot dress")
    return {
        "products": products,
        "seed": seed,
        "machine": {"processor": platform.machine(), "cores": os.cpu_count()},
        "seconds": builder.seconds,
        "stages": stages(ran),
        "rerun_stages": len(again),
        "ablation": report["ablation"],
        "ablation_same_queries": report["ablation_same_queries"],
        "comparisons": report["ablation_comparisons"],
        "verdict": report["ablation_verdict"],
    }


def stages(ran: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows and seconds per asset, summed over product types."""
    names = dict.fromkeys(run["asset"] for run in ran)
    return [
        {
            "asset": name,
            "types": sum(run["asset"] == name for run in ran),
            "rows": sum(run["rows"] for run in ran if run["asset"] == name),
            "seconds": round(sum(run["seconds"] for run in ran if run["asset"] == name), 2),
        }
        for name in names
    ]


def ratio(figures: dict[str, Any]) -> str:
    """How much the whole method finds for each find of it without its two steps."""
    for pair in figures["comparisons"]:
        if (pair["queries"], pair["better"], pair["worse"]) == ("own", FULL, BASELINE):
            if pair["hits@5_ratio"] is None:
                return f"{BASELINE} finds nothing, so there is no ratio"
            low, high = pair["ci95"]["hits@5_ratio"]
            apart = "apart" if pair["intervals_apart"] else "not apart"
            return f"{pair['hits@5_ratio']:.2f} ({low:.2f} to {high:.2f}), intervals {apart}"
    return "not measured"


def show(figures: dict[str, Any]) -> None:
    console = Console(width=110, highlight=False)
    table = Table("asset", "types", "rows", "seconds", title=f"{figures['products']} products")
    for stage in figures["stages"]:
        table.add_row(stage["asset"], *(str(stage[n]) for n in ("types", "rows", "seconds")))
    work = sum(stage["seconds"] for stage in figures["stages"])
    total = figures["seconds"]["first run"]
    table.add_row("Dagster, imports and landing", "", "", f"{total - work:.2f}")
    console.print(table)
    columns = "variant", "HITS@5", "95% interval", "MRR", "type@1", "type@5", "queries"
    variants = Table(*columns, title="own queries")
    for row in figures["ablation"]:
        low, high = row["ci95"]["hits@5"]
        of_type = row["precision"]["type"]
        numbers = [row["hits@5"], row["mrr"], of_type["p@1"], of_type["p@5"]]
        hits, *others = (f"{number:.3f}" for number in numbers)
        interval = f"{low:.3f} to {high:.3f}"
        variants.add_row(row["variant"], hits, interval, *others, str(row["queries"]))
    console.print(variants)
    for label, spent in figures["seconds"].items():
        console.print(f"{label:<11} {spent:8.1f} s")
    console.print(f"HITS@5, {FULL} over {BASELINE}: {ratio(figures)}")
    for text in dict.fromkeys(figures["verdict"].values()):
        console.print(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--products", type=int, default=2550)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", type=Path, help="build here and keep it (an empty folder)")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        figures = build(options.products, options.seed, options.keep.absolute())
    else:
        with tempfile.TemporaryDirectory() as place:
            figures = build(options.products, options.seed, Path(place))
    print(json.dumps(figures, indent=2)) if options.json else show(figures)


if __name__ == "__main__":
    main()
