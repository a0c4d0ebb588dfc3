"""What Dagster costs: per step, and for a backfill of all product types over all their assets.

Takes a copy of a built home (or builds the demo's), and runs each product type's two jobs on it as
`vlclip run` does. Nothing changed, so what an asset says it took is reading; all else (events,
checks, planning) is overhead. It is held against the work of the build that made the home.

    python benchmarks/overhead.py --home built/home
    python benchmarks/overhead.py --products 1020 --json
"""

import argparse
import json
import os
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest.mock import patch

import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks.command import vlclip
from vlclip_dagster.automation import PRODUCT_ASSETS, SEARCH_ASSETS
from vlclip_dagster.definitions import build_defs
from vlclip_dagster.instance import open_instance
from vlclip_dagster.runs import QUIET
from vlclip_dagster.settings import Settings, load_settings
from vlclip_dagster.stages import StageLog
from vlclip_dagster.warehouse import Warehouse

TARGET = 0.20
JOBS = {"prepare_products": PRODUCT_ASSETS, "publish_search": SEARCH_ASSETS}


@dataclass(frozen=True)
class Run:
    """One job for one product type: its steps, and seconds in all, of processor, in its assets."""

    job: str
    slug: str
    steps: int
    seconds: float
    processor_seconds: float
    asset_seconds: float

    @property
    def overhead(self) -> float:
        """Seconds outside of the assets."""
        return self.seconds - self.asset_seconds


def backfill(settings: Settings) -> list[Run]:
    """Run both jobs for every product type, in this process."""
    definitions, warehouse = build_defs(settings), Warehouse(settings.home)
    slugs = sorted(warehouse.table("product_types").read(["slug"])["slug"])
    runs = []
    with patch.dict(os.environ), open_instance(settings) as instance:
        for slug in slugs:
            for job, assets in JOBS.items():
                started, spent = time.perf_counter(), time.process_time()
                done = definitions.resolve_job_def(job).execute_in_process(
                    instance=instance, partition_key=slug, run_config=QUIET
                )
                seconds, spent = time.perf_counter() - started, time.process_time() - spent
                steps = sum(event.is_step_success for event in done.all_events)
                log = StageLog(warehouse)
                inside = sum(line.seconds for name in assets if (line := log.last(name, slug)))
                runs.append(Run(job, slug, steps, seconds, spent, inside))
    return runs


def work_of(settings: Settings) -> pl.DataFrame:
    """Seconds of the build that made the home, by asset."""
    return StageLog(Warehouse(settings.home)).cost()


def figures(runs: list[Run], work: pl.DataFrame) -> dict[str, float]:
    """Overhead by step, by run and in all, and its share of the whole build."""
    overhead = sum(run.overhead for run in runs)
    # The first type also pays for what a process imports once.
    warm = [run for run in runs if run.slug != runs[0].slug] or runs
    worked = float(work["seconds"].sum())
    return {
        "types": len({run.slug for run in runs}),
        "steps": sum(run.steps for run in runs),
        "overhead_seconds": overhead,
        "overhead_per_step": sum(r.overhead for r in warm) / sum(r.steps for r in warm),
        "overhead_per_run": sum(r.overhead for r in warm) / len(warm),
        "processor_seconds_per_run": sum(r.processor_seconds for r in warm) / len(warm),
        "work_seconds": worked,
        "share": overhead / (overhead + worked),
        "target": TARGET,
    }


def show(told: dict[str, float]) -> None:
    """Print the figures as a table."""
    table = Table("figure", "value")
    for name, value in told.items():
        shown = f"{value:.1%}" if name in {"share", "target"} else f"{value:.3f}"
        table.add_row(name.replace("_", " "), shown)
    Console(width=80, highlight=False).print(table)


def main() -> None:
    """Copy or build, backfill, tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, help="a built home; it is copied")
    parser.add_argument("--products", type=int, default=1020, help="to build, without a home")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "home")
        if options.home:
            shutil.copytree(options.home, home)
        else:
            vlclip(home, "demo", "--products", str(options.products), "--json")
        os.environ.pop("DAGSTER_HOME", None)
        settings = load_settings({**os.environ, "VLCLIP_HOME": str(home)})
        work = work_of(settings)
        runs = backfill(settings)
    told = figures(runs, work)
    if options.json:
        print(json.dumps({**told, "runs": [*map(asdict, runs)]}, indent=2))
    else:
        show(told)


if __name__ == "__main__":
    main()
