"""What a second run costs: nothing changed, or 1% of the products by text, photograph or both.

Builds a generated catalog, or takes a copy of a built home with the catalog it was built from.
Each change is dropped and built through the command line; the rows that each asset computed
must be the rows that the change touches, and the time is held against that of the whole build.

    python benchmarks/incremental.py --products 2550
    python benchmarks/incremental.py --home built/home --catalog built/catalog --json
"""

import argparse
import json
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks.command import vlclip
from benchmarks.shop import change, read_feed
from vlclip_dagster.encoder.checkpoint import load_metrics
from vlclip_dagster.warehouse import Warehouse

SHOP = "sample"
# Which halves of a product an asset reads: what each must compute of a changed one.
READS = {
    "raw_catalog": {"text", "image"},
    "deduped_images": {"image"},
    "grounded_crops": {"image"},
    "refined_queries": {"text"},
    "embeddings": {"text", "image"},
    "qdrant_collections": {"text", "image"},
}
TARGETS = {"nothing": 0.05, "text": 0.10, "image": 0.10, "both": 0.10}


@dataclass(frozen=True)
class Cost:
    """One run: seconds by the clock and of processors, and rows computed beside rows touched."""

    change: str
    seconds: float
    processor_seconds: float
    computed: dict[str, int]
    touched: dict[str, int]

    @property
    def exact(self) -> bool:
        """Whether each asset computed what the change touches and no more."""
        return all(self.computed.get(name, 0) == rows for name, rows in self.touched.items())


def timed_run(home: Path, kind: str, products: int) -> Cost:
    """Run what is out of date after ``products`` products were changed in ``kind``."""
    spent = _processor_seconds()
    started = time.perf_counter()
    ran = json.loads(vlclip(home, "run", "--json"))["ran"]
    seconds = time.perf_counter() - started
    computed: Counter[str] = Counter()
    for run in ran:
        computed[run["asset"]] += run["counts"]["computed"]
    halves = {"nothing": set(), "both": {"text", "image"}}.get(kind, {kind})
    touched = {name: products * bool(reads & halves) for name, reads in READS.items()}
    return Cost(
        kind,
        round(seconds, 2),
        round(_processor_seconds() - spent, 2),
        dict(computed),
        touched | {"finetuned_checkpoint": 0},
    )


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def lone_products(home: Path) -> list[str]:
    """Ids, as the feed has them, of products whose photograph is nobody else's; even over types."""
    warehouse = Warehouse(home)
    frames = [
        warehouse.table("deduped_images", slug)
        .read(["item_id", "group_size"])
        .with_columns(slug=pl.lit(slug))
        for slug in sorted(warehouse.table("product_types").read(["slug"])["slug"])
    ]
    lone = pl.concat(frames).filter(pl.col("group_size") == 1).sort("slug", "item_id")
    place = pl.int_range(pl.len()).over("slug")
    return [name.partition("/")[2] for name in lone.sort(place, "slug")["item_id"]]


def whole_build(home: Path) -> tuple[float, float]:
    """Seconds from the first landing to the first report, and how many of them were training."""
    log = Warehouse(home).table("stage_runs").read().sort("finished_at")
    ended = pl.col("finished_at").map_elements(_moment, pl.Float64)
    began = log.select(ended - pl.col("seconds")).item(0, 0)
    first_report = log.filter(pl.col("asset") == "eval_report").select(ended).item(0, 0)
    made = (path for path in (home / "checkpoints").iterdir() if path.is_dir())
    # Later trainings belong to later runs; a copy of a folder keeps its time.
    folders = [path for path in made if path.stat().st_mtime <= first_report]
    training = sum(epoch.seconds for folder in folders for epoch in load_metrics(folder))
    return first_report - began, training


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def measure(home: Path, catalog: Path) -> list[Cost]:
    """The four second runs, each on top of the one before."""
    costs = [timed_run(home, "nothing", 0)]
    lone = lone_products(home)
    products = max(1, round(0.01 * len(read_feed(catalog))))
    for number, kind in enumerate(("text", "image", "both")):
        change(catalog, kind, lone[number * products : (number + 1) * products])
        vlclip(home, "drop", str(catalog), "--shop", SHOP)
        costs.append(timed_run(home, kind, products))
    return costs


def built(options: argparse.Namespace, place: Path) -> tuple[Path, Path]:
    """A home that may be changed and the catalog in it: copied, or generated and built."""
    home, catalog = place / "home", place / "catalog"
    if options.home:
        shutil.copytree(options.home, home)
        shutil.copytree(options.catalog, catalog)
    else:
        vlclip(home, "sample", str(catalog), "--products", str(options.products))
        vlclip(home, "drop", str(catalog), "--shop", SHOP)
        vlclip(home, "run", "--json")
    return home, catalog


def show(whole: float, training: float, costs: list[Cost]) -> None:
    """Print what each run cost, and what it computed."""
    console = Console(width=120, highlight=False)
    console.print(f"the whole build: {whole:.0f} s, of these {training:.0f} s training")
    shares = "of the build", "of the build without training", "target"
    table = Table("changed", "seconds", "processor seconds", *shares)
    for cost in costs:
        seconds = f"{cost.seconds:.1f}", f"{cost.processor_seconds:.1f}"
        parts = (cost.seconds / whole, cost.seconds / (whole - training))
        target = f"< {TARGETS[cost.change]:.0%}"
        table.add_row(cost.change, *seconds, *(f"{part:.1%}" for part in parts), target)
    console.print(table)
    rows = Table("rows computed / touched", *(cost.change for cost in costs))
    for name in costs[0].touched:
        counts = (f"{cost.computed.get(name, 0)} / {cost.touched[name]}" for cost in costs)
        rows.add_row(name, *counts)
    console.print(rows)


def main() -> None:
    """Build or copy, change, run, tell; exit with 1 when a row was computed in vain."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--products", type=int, default=2550)
    parser.add_argument("--home", type=Path, help="a built home; it is copied")
    parser.add_argument("--catalog", type=Path, help="the catalog it was built from, as a shop")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args()
    if bool(options.home) != bool(options.catalog):
        parser.error("--home and --catalog go together")
    with tempfile.TemporaryDirectory() as folder:
        home, catalog = built(options, Path(folder))
        whole, training = whole_build(home)
        costs = measure(home, catalog)
    if options.json:
        told = {"seconds": whole, "training_seconds": training, "runs": [*map(asdict, costs)]}
        print(json.dumps(told, indent=2))
    else:
        show(whole, training, costs)
    sys.exit(not all(cost.exact for cost in costs))


if __name__ == "__main__":
    main()
