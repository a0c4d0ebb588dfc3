"""Kill builds at random, build on, and compare with a build that nobody killed.

Odd rounds build a catalog from nothing; even ones bring a built home up to a changed catalog:
other titles, other photographs, a product type that left and a new one, a training.
Each is killed with SIGKILL, its whole process group, again and again until a run gets through,
while a reader asks the tables, the collections, the checkpoint and the report what they hold.
Whatever it sees must be a state of a build that nobody killed; so must the end.

    python benchmarks/chaos.py --kills 50
    python benchmarks/chaos.py --kills 4 --seed 7 --json
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.contents import (
    Contents,
    Home,
    collections_in,
    contents,
    files_in,
    rows_in,
)
from benchmarks.shop import change, read_feed, write_feed
from vlclip_dagster.catalog.generated import write_sample
from vlclip_dagster.catalog.slug import leaf_type, slugify
from vlclip_dagster.runs import ALL_ASSETS

QUICK = {
    "VLCLIP_TRAINING__EPOCHS": "2",
    "VLCLIP_TRAINING__BATCH_SIZE": "16",
    "VLCLIP_REPORT__ABLATION": "false",
    "DAGSTER_DISABLE_TELEMETRY": "1",
}
ALL_TYPES = 17  # of a generated catalog
TYPES_BEFORE = {"handbag", "sofa"}
TYPES_AFTER = {"handbag", "vase"}
MOST_KILLS = 4  # of one home, so that there are many homes and late points of a build are hit
BREATH_S = 0.3  # between two looks


class Reader:
    """Reads a home again and again; remembers every state that it saw and all it stumbled over."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read_on)
        self.looks: Counter[str] = Counter()
        self.troubles: list[str] = []
        self._seen: defaultdict[str, set[str]] = defaultdict(set)

    def __enter__(self) -> "Reader":
        """Start to read."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._stop.set()
        self._thread.join()

    def wrong(self, allowed: Mapping[str, set[str]]) -> list[str]:
        """What it stumbled over, and what it saw in a state that is not ``allowed``."""
        return self.troubles + [
            f"{name} was seen in a state that no whole build has"
            for name, states in self._seen.items()
            if states - allowed.get(name, set())
        ]

    def _read_on(self) -> None:
        while not self._stop.wait(BREATH_S):
            for part in (rows_in, collections_in, files_in):
                self._look(part)

    def _look(self, part: Callable[[Home], Iterator[tuple[str, str]]]) -> None:
        try:
            for name, value in part(self._home):
                self._seen[name].add(value)
        except Exception as error:  # whatever a reader stumbles over is what is looked for
            self.troubles.append(f"{part.__name__}: {type(error).__name__}: {error}")
        self.looks[part.__name__] += 1


@dataclass(frozen=True)
class Stage:
    """Where builds start, what they may show on the way and must end with, how long they take."""

    name: str
    start: Home
    allowed: Mapping[str, set[str]]
    end: Contents
    seconds: float


@dataclass(frozen=True)
class Kill:
    """When a build was killed, in seconds from its start, and in which step."""

    after: float
    during: str


@dataclass(frozen=True)
class Round:
    """What came of one home that was killed until a run got through."""

    stage: str
    seed: int
    kills: list[Kill]
    looks: dict[str, int]
    wrong: list[str]


def play(stage: Stage, seed: int, place: Path, most: int, console: Console) -> Round:
    """Kill builds from ``stage`` at most ``most`` times, let one through, compare.

    Args:
        stage: where the builds start.
        seed: decides when they are killed.
        place: an empty folder.
        most: kills at most.
        console: told of each kill.
    """
    chance = random.Random(seed)
    home = stage.start.copy(place / "home")
    kills: list[Kill] = []

    def moment() -> float | None:
        return chance.random() * stage.seconds if len(kills) < most else None

    with Reader(home) as reader:
        while (run := home.run(moment())).killed:
            kills.append(Kill(round(run.seconds, 2), home.under_way(run.process)))
            console.print(f"  killed after {run.seconds:.1f} s in {kills[-1].during}")
    end = contents(home)
    wrong = reader.wrong(stage.allowed) + differences(end, stage.end) + home.left_over()
    return Round(stage.name, seed, kills, dict(reader.looks), list(dict.fromkeys(wrong)))


def differences(found: Contents, wanted: Contents) -> list[str]:
    """What is missing, too much or other than in the build that nobody killed."""
    names = sorted(found.keys() | wanted.keys())
    return [f"{name} ended otherwise" for name in names if found.get(name) != wanted.get(name)]


def states(*whole: Contents) -> dict[str, set[str]]:
    """Everything by name in each of its states."""
    names = {name for one in whole for name in one}
    return {name: {one[name] for one in whole if name in one} for name in names}


def stages(place: Path, products: int, console: Console) -> list[Stage]:
    """The two starting points, with what builds that nobody kills make of them."""
    before, after = place / "before", place / "after"
    write_sample(before, products=max(ALL_TYPES, ALL_TYPES * products // len(TYPES_BEFORE)), seed=5)
    shutil.copytree(before, after)
    keep_types(before, TYPES_BEFORE)
    keep_types(after, TYPES_AFTER)
    change_some(after)
    home = Home(place / "built", QUICK)
    home.drop(before)
    empty = home.copy(place / "empty")
    first = _watched(home)
    built = contents(home)
    home.drop(after)
    waiting = home.copy(place / "waiting")
    second = _watched(home)
    changed = contents(home)
    console.print(
        f"builds that nobody kills take {first:.1f} s from nothing, {second:.1f} s for changes"
    )
    return [
        Stage("from nothing", empty, states(built), built, first),
        Stage("a changed catalog", waiting, states(built, changed), changed, second),
    ]


def _watched(home: Home) -> float:
    """Build as slowly as under a reader, because that is what will be killed; in seconds."""
    with Reader(home):
        return home.run().seconds


def keep_types(folder: Path, slugs: set[str]) -> None:
    """Take all but a few types out of a catalog."""
    rows = read_feed(folder)
    write_feed(folder, [row for row in rows if slugify(leaf_type(row["product_type"])) in slugs])


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
    while (left := kills - sum(len(one.kills) for one in rounds)) > 0:
        at, stage = seed + len(rounds), both[len(rounds) % 2]
        console.print(f"round {len(rounds) + 1}, {stage.name}, seed {at}; {left} kills to go")
        with tempfile.TemporaryDirectory(dir=place) as folder:
            rounds.append(play(stage, at, Path(folder), min(left, MOST_KILLS), console))
        verdict = "; ".join(rounds[-1].wrong[:3]) or "equal"
        console.print(f"  {sum(rounds[-1].looks.values())} looks, its end: {verdict}")
    return rounds


def show(rounds: list[Round], console: Console) -> None:
    """Print what came of it, and where the kills hit."""
    table = Table("rounds", "kills", "looks", "stumbled, saw half or ended otherwise")
    looks = sum(sum(one.looks.values()) for one in rounds)
    kills = [kill for one in rounds for kill in one.kills]
    wrong = sum(bool(one.wrong) for one in rounds)
    table.add_row(*map(str, (len(rounds), len(kills), looks, f"{wrong} rounds")))
    console.print(table)
    hits = Counter(kill.during for kill in kills)
    where = Table("killed in", "times")
    for step in dict.fromkeys([*ALL_ASSETS, *sorted(hits)]):
        where.add_row(step, str(hits[step]))
    console.print(where)


def main() -> None:
    """Kill, compare, tell; exit with 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--products", type=int, default=30, help="of two types together")
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
