"""A home that is built in processes of its own, and everything that it holds, as hashes.

What belongs here: starting and killing a build, and reading its end. What does not: when it is
killed, and what its end is compared with (``chaos``).
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import dagster as dg

from vlclip_dagster.catalog.drops import prepare_drop, write_drop
from vlclip_dagster.checkpoints import CheckpointStore
from vlclip_dagster.encoder.checkpoint import load_metrics, load_provenance
from vlclip_dagster.hashing import content_hash
from vlclip_dagster.index import build_index
from vlclip_dagster.instance import PROCESS_TAG, open_instance
from vlclip_dagster.runs import Platform
from vlclip_dagster.settings import Settings, load_settings
from vlclip_dagster.tables import TABLES
from vlclip_dagster.warehouse import Warehouse

# What a build leaves that depends on when it ran, or on how often it was started.
LOGS = {"stage_runs", "drops"}
TIMES = ("_at", "seconds")
TIMED_KEYS = {"retrieval_scores"}
TIMED_FIGURES = {"generated_at", "stages", "seconds"}
EVERYTHING = 10_000  # hits asked of a collection: more than it holds
BETWEEN_STEPS = "between steps"
# Says when it is ready, so that a kill hits the build and not Python's start.
READY = """
import sys
import vlclip_dagster.runs
import lance, torch
from vlclip_dagster.cli import main
print("ready", flush=True)
sys.argv = ["vlclip", "run", "--json"]
main()
"""

Contents = Mapping[str, str]


@dataclass(frozen=True)
class Run:
    """One start of a build: its process, and the seconds from ready to its end, or to its kill."""

    process: int
    seconds: float
    killed: bool


class Home:
    """A ``VLCLIP_HOME`` that is built in processes of its own."""

    def __init__(self, path: Path, variables: Mapping[str, str]) -> None:
        self.path = path
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("VLCLIP_", "DAGSTER_"))}
        here = {"VLCLIP_HOME": str(path), "DAGSTER_HOME": str(path / "dagster")}
        self.environment = {**kept, **variables, **here}

    @property
    def settings(self) -> Settings:
        """The settings that its processes see."""
        return load_settings(self.environment)

    def copy(self, path: Path) -> "Home":
        """The same state in another place."""
        shutil.copytree(self.path, path)
        return Home(path, self.environment)

    def drop(self, catalog: Path) -> None:
        """Put a catalog into the inbox."""
        write_drop(prepare_drop(catalog, shop="shop"), self.settings.inbox)

    def run(self, seconds: float | None = None) -> Run:
        """Build; after ``seconds`` of it, if it takes so long, kill its process group."""
        with subprocess.Popen(
            [sys.executable, "-c", READY],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            started = time.monotonic()
            try:
                out, err = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                return Run(process.pid, time.monotonic() - started, killed=True)
        if process.returncode:
            raise SystemExit(f"a build of {self.path} failed: {err or out}")
        return Run(process.pid, time.monotonic() - started, killed=False)

    def under_way(self, process: int) -> str:
        """The step that ``process`` was in when it was killed."""
        tags = {PROCESS_TAG: str(process)}
        with self._instance() as instance:
            for run in instance.get_runs(dg.RunsFilter(tags=tags), limit=1):
                for step in instance.get_run_step_stats(run.run_id):
                    if step.end_time is None:
                        return step.step_key
        return BETWEEN_STEPS

    def left_over(self) -> list[str]:
        """What is to be done, Dagster runs that never ended, and pool slots that they hold."""
        with self._instance() as instance:
            due = Platform(self.settings, instance).all_due()
            open_runs = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
            runs = instance.get_runs(open_runs)
            slots = instance.event_log_storage.get_concurrency_info("accelerator").claimed_slots
        left = [*due, *(run.run_id for run in runs), *slots]
        return [f"{one} is left over" for one in left]

    @contextmanager
    def _instance(self) -> Iterator[dg.DagsterInstance]:
        with patch.dict(os.environ, self.environment), open_instance(self.settings) as instance:
            yield instance


def contents(home: Home) -> dict[str, str]:
    """Everything that a home holds, by name, each as a hash: rows, collections, report, model."""
    return dict(rows_in(home)) | dict(collections_in(home)) | dict(files_in(home))


def rows_in(home: Home) -> Iterator[tuple[str, str]]:
    """Name and hash of every row of every table, times left out.

    Raises:
        ValueError: an id is there twice.
    """
    warehouse = Warehouse(home.path)
    for name in sorted(TABLES.keys() - LOGS):
        for dataset in sorted((home.path / "tables" / name).glob("*.lance")):
            slug = dataset.stem.partition("=")[2] or None
            table = warehouse.table(name, slug)
            timed = (*TIMES, "key") if name in TIMED_KEYS else TIMES
            columns = [column for column in table.schema.columns if not column.endswith(timed)]
            rows = table.read(columns)
            if rows[table.id_column].n_unique() != rows.height:
                raise ValueError(f"{name} of {slug} holds an id twice")
            for row in rows.iter_rows():
                yield f"{name}/{slug}/{row[0]}", content_hash(repr(row).encode())


def collections_in(home: Home) -> Iterator[tuple[str, str]]:
    """Name and hash of every published collection: all its points, found by exact search.

    Raises:
        ValueError: a point is there twice.
    """
    index = build_index(home.settings.index)
    for slug in index.product_types():
        vectors = Warehouse(home.path).table("embeddings", slug).read(["image"])["image"]
        hits = index.search([slug], vectors[0].to_numpy(), k=EVERYTHING, exact=True)
        found = sorted((hit.item_id, json.dumps(hit.payload, sort_keys=True)) for hit in hits)
        if len({item for item, _ in found}) != len(found):
            raise ValueError(f"the collection of {slug} holds a point twice")
        yield f"collection/{slug}", content_hash(repr(found).encode())


def files_in(home: Home) -> Iterator[tuple[str, str]]:
    """Name and hash of the checkpoint in use, of the decisions and of the report, without times.

    Raises:
        ValueError: the report's page is cut short.
    """
    checkpoints = CheckpointStore(home.path)
    current = checkpoints.current()
    if current is not None:
        provenance = load_provenance(current.folder)
        recalls = [epoch.recall_at_10 for epoch in load_metrics(current.folder)]
        told = repr((current.fingerprint, provenance.fingerprint, recalls))
        yield "checkpoint", content_hash(told.encode())
        decisions = [(d.fingerprint, d.promoted, d.reason) for d in checkpoints.decisions()]
        yield "decisions", content_hash(repr(decisions).encode())
    folder = home.settings.report_folder
    if (folder / "report.json").exists():
        figures = json.loads((folder / "report.json").read_text())
        yield "report", content_hash(json.dumps(_lasting(figures), sort_keys=True).encode())
        if not (folder / "report.html").read_text().rstrip().endswith("</html>"):
            raise ValueError("report.html is cut short")


def _lasting(figures: Any) -> Any:
    """The figures without those that are times."""
    if isinstance(figures, list):
        return [_lasting(one) for one in figures]
    if isinstance(figures, dict):
        return {k: _lasting(v) for k, v in figures.items() if k not in TIMED_FIGURES}
    return figures
