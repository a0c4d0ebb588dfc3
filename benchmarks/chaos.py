"""Kill builds at random, build on, and compare with a build that nobody killed.

Odd rounds build a catalog from nothing, even ones bring a built home up to a changed catalog.
Each is killed with SIGKILL, its whole process group, again and again until a run gets through,
while a reader asks the tables, the collections, the checkpoint and the report what they hold.
Whatever it sees must be a state of a build that nobody killed; so must the end.

    python benchmarks/chaos.py --kills 50
    python benchmarks/chaos.py --kills 4 --seed 7 --json
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import dagster as dg
from rich.console import Console
from rich.table import Table

from benchmarks.shop import change, read_feed, write_feed
from vlclip_dagster.catalog.drops import prepare_drop, write_drop
from vlclip_dagster.catalog.generated import write_sample
from vlclip_dagster.catalog.slug import leaf_type, slugify
from vlclip_dagster.checkpoints import CheckpointStore
from vlclip_dagster.encoder.checkpoint import load_metrics, load_provenance
from vlclip_dagster.hashing import content_hash
from vlclip_dagster.index import build_index
from vlclip_dagster.runs import Platform, open_instance
from vlclip_dagster.settings import Settings, load_settings
from vlclip_dagster.tables import TABLES
from vlclip_dagster.warehouse import Warehouse

QUICK = {
    "VLCLIP_TRAINING__EPOCHS": "2",
    "VLCLIP_TRAINING__BATCH_SIZE": "16",
    "VLCLIP_REPORT__ABLATION": "false",
    "OMP_WAIT_POLICY": "PASSIVE",
    "DAGSTER_DISABLE_TELEMETRY": "1",
}
TYPES = ("dress", "handbag", "sofa", "vase")
# What a build leaves that depends on when it ran, or on how often it was started.
LOGS = {"stage_runs", "drops"}
TIMES = ("_at", "seconds")
TIMED_KEYS = {"retrieval_scores"}
TIMED_FIGURES = {"generated_at", "stages", "seconds"}
EVERYTHING = 10_000  # hits asked of a collection: more than it holds
# Says when it is ready, so that a kill hits the build and not Python's start.
READY = """
import sys
import dagster, lance, torch
import vlclip_dagster.runs
from vlclip_dagster.cli import main
print("ready", flush=True)
sys.argv = ["vlclip", "run", "--json"]
main()
"""

Contents = Mapping[str, str]


class Home:
    """A ``VLCLIP_HOME`` that is built in processes of its own."""

    def __init__(self, path: Path, variables: Mapping[str, str] = QUICK) -> None:
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

    def run(self, seconds: float | None = None) -> "Run":
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
                return Run(time.monotonic() - started, killed=True)
        if process.returncode:
            raise SystemExit(f"a build of {self.path} failed: {err or out}")
        return Run(time.monotonic() - started, killed=False)


@dataclass(frozen=True)
class Run:
    """One start of a build: seconds from ready to its end, and whether that was a kill."""

    seconds: float
    killed: bool


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
    """Name and hash of every published collection: all its points, found by exact search."""
    index = build_index(home.settings.index)
    for slug in index.product_types():
        vectors = Warehouse(home.path).table("embeddings", slug).read(["image"])["image"]
        hits = index.search([slug], vectors[0].to_numpy(), k=EVERYTHING, exact=True)
        found = sorted((hit.item_id, json.dumps(hit.payload, sort_keys=True)) for hit in hits)
        if len({item for item, _ in found}) != len(found):
            raise ValueError(f"the collection of {slug} holds a point twice")
        yield f"collection/{slug}", content_hash(repr(found).encode())


def files_in(home: Home) -> Iterator[tuple[str, str]]:
    """Name and hash of the checkpoint in use and of the report, times left out.

    Raises:
        ValueError: the report's page is cut short.
    """
    current = CheckpointStore(home.path).current()
    if current is not None:
        provenance = load_provenance(current.folder)
        recalls = [epoch.recall_at_10 for epoch in load_metrics(current.folder)]
        told = repr((current.fingerprint, provenance.fingerprint, recalls))
        yield "checkpoint", content_hash(told.encode())
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


class Reader:
    """Reads a home again and again; remembers what no uninterrupted build ever held."""

    def __init__(self, home: Home, allowed: Mapping[str, set[str]]) -> None:
        self._home, self._allowed = home, allowed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read_on)
        self.looks: Counter[str] = Counter()
        self.wrong: list[str] = []

    def __enter__(self) -> "Reader":
        """Start to read."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._stop.set()
        self._thread.join()

    def _read_on(self) -> None:
        while not self._stop.wait(0.05):
            for part in (rows_in, collections_in, files_in):
                self._look(part)

    def _look(self, part: Callable[[Home], Iterator[tuple[str, str]]]) -> None:
        try:
            seen = dict(part(self._home))
        except Exception as error:  # whatever a reader stumbles over is what is looked for
            self.wrong.append(f"{part.__name__}: {type(error).__name__}: {error}")
            return
        self.looks[part.__name__] += 1
        self.wrong += [
            f"{name} was seen in a state that no whole build has"
            for name, value in seen.items()
            if value not in self._allowed.get(name, ())
        ]


@dataclass
class Stage:
    """What a round starts with, what it may show on the way, and what it must end with."""

    name: str
    start: Home
    end: Contents
    seconds: float
    allowed: dict[str, set[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Round:
    """What came of one home that was killed until a run got through."""

    stage: str
    seed: int
    killed_after: list[float]
    looks: dict[str, int]
    wrong: list[str]


def play(stage: Stage, seed: int, place: Path, most: int) -> Round:
    """Kill builds from ``stage`` at most ``most`` times, let one through, compare.

    Args:
        stage: where the builds start.
        seed: decides when they are killed.
        place: an empty folder.
        most: kills at most.
    """
    chance = random.Random(seed)
    home = stage.start.copy(place / "home")
    killed = []
    with Reader(home, stage.allowed) as reader:
        run = home.run(chance.random() * stage.seconds)
        while run.killed and len(killed) < most - 1:
            killed.append(round(run.seconds, 2))
            # The next one has less to do; it shall be killed within that, too.
            run = home.run(chance.random() * stage.seconds / (1 + len(killed)))
        if run.killed:
            killed.append(round(run.seconds, 2))
            run = home.run()
    wrong = reader.wrong + differences(contents(home), stage.end) + left_over(home)
    return Round(stage.name, seed, killed, dict(reader.looks), list(dict.fromkeys(wrong)))


def differences(found: Contents, wanted: Contents) -> list[str]:
    """What is missing, too much or other than in the build that nobody killed."""
    names = sorted(found.keys() | wanted.keys())
    return [f"{name} ended otherwise" for name in names if found.get(name) != wanted.get(name)]


def left_over(home: Home) -> list[str]:
    """What is still to be done, Dagster runs that never ended, and pool slots that they hold."""
    with patch.dict(os.environ, home.environment), open_instance(home.settings) as instance:
        due = Platform(home.settings, instance).all_due()
        open_runs = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
        runs = instance.get_runs(open_runs)
        slots = instance.event_log_storage.get_concurrency_info("accelerator").claimed_slots
    left = [*due, *(run.run_id for run in runs), *slots]
    return [f"{one} is left over" for one in left]


def stages(place: Path, products: int, console: Console) -> list[Stage]:
    """The two starting points, with what builds that nobody kills make of them."""
    catalog, changed = place / "catalog", place / "changed"
    small_catalog(catalog, products)
    shutil.copytree(catalog, changed)
    change_some(changed)
    home = Home(place / "built")
    home.drop(catalog)
    empty = home.copy(place / "empty")
    first = home.run()
    console.print(f"a build that nobody kills takes {first.seconds:.1f} s")
    start = Stage("from nothing", empty, contents(home), first.seconds)
    home.drop(changed)
    waiting = home.copy(place / "waiting")
    second = home.run()
    console.print(f"and {second.seconds:.1f} s for a changed catalog")
    follow = Stage("a changed catalog", waiting, contents(home), second.seconds)
    start.allowed = {name: {value} for name, value in start.end.items()}
    follow.allowed = {
        name: {states[name] for states in (start.end, follow.end) if name in states}
        for name in start.end.keys() | follow.end.keys()
    }
    return [start, follow]


def small_catalog(folder: Path, products: int) -> None:
    """Write a generated catalog of a few types with about ``products`` products."""
    write_sample(folder, products=max(17, 17 * products // len(TYPES)), seed=5)
    rows = read_feed(folder)
    write_feed(folder, [row for row in rows if slugify(leaf_type(row["product_type"])) in TYPES])


def change_some(folder: Path) -> None:
    """Give each fourth product another title, a fifth another photograph, take the last away."""
    ids = [row["id"] for row in read_feed(folder)]
    change(folder, "text", ids[::4])
    change(folder, "image", ids[::5])
    write_feed(folder, read_feed(folder)[:-1])


def torment(place: Path, kills: int, products: int, seed: int, console: Console) -> list[Round]:
    """Play rounds until ``kills`` builds were killed."""
    rounds: list[Round] = []
    both = stages(place, products, console)
    while (left := kills - sum(len(one.killed_after) for one in rounds)) > 0:
        at = seed + len(rounds)
        with tempfile.TemporaryDirectory(dir=place) as folder:
            rounds.append(play(both[len(rounds) % 2], at, Path(folder), left))
        told = rounds[-1]
        verdict = "; ".join(told.wrong[:3]) or "equal"
        console.print(f"{told.stage}, seed {at}: killed after {told.killed_after} s: {verdict}")
    return rounds


def show(rounds: list[Round], console: Console) -> None:
    """Print what came of it."""
    table = Table("rounds", "kills", "looks", "ended otherwise or seen half")
    looks = sum(sum(one.looks.values()) for one in rounds)
    kills = sum(len(one.killed_after) for one in rounds)
    table.add_row(*map(str, (len(rounds), kills, looks, sum(bool(one.wrong) for one in rounds))))
    console.print(table)


def main() -> None:
    """Kill, compare, tell; exit with 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--products", type=int, default=80)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args()
    console = Console(stderr=options.json, width=140, highlight=False)
    with tempfile.TemporaryDirectory() as place:
        rounds = torment(Path(place), options.kills, options.products, options.seed, console)
    if options.json:
        print(json.dumps([asdict(one) for one in rounds], indent=2))
    else:
        show(rounds, console)
    sys.exit(any(one.wrong for one in rounds))


if __name__ == "__main__":
    main()
