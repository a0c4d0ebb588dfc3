"""What the command line shows: tables, one moving line of progress, or JSON.

Product text is printed as text: markup and control characters in it do nothing.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from vlclip_dagster.progress import listening

if TYPE_CHECKING:
    import polars as pl

    from vlclip_dagster.forecast import Forecast
    from vlclip_dagster.index.types import Hit
    from vlclip_dagster.runs import Outcome, Status

# A pipe has no width of its own; tables in it should not be folded to a screen's.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
UNFOLDED = 10_000  # columns of a screen that folds nothing
FACTS = ("product_type", "color", "pattern", "material", "gender")


def say(text: str) -> None:
    """Print a line as it is."""
    console.print(Text(text), soft_wrap=True)


def say_json(value: Any) -> None:
    """Print ``value`` as JSON on standard output; dataclasses become objects."""
    json.dump(value, sys.stdout, default=_plain, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


@contextmanager
def progress_shown(*, enabled: bool = True) -> Iterator[None]:
    """Show the progress of what runs inside as one line that moves; nothing when not a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    shown = enabled and console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=not shown) as progress:
        task = progress.add_task("", visible=False)
        shown_label = ""

        def listen(label: str, done: int, total: int) -> None:
            nonlocal shown_label
            if label != shown_label:
                shown_label = label
                progress.reset(task)
            progress.update(task, description=label, completed=done, total=total, visible=total > 0)

        with listening(listen):
            yield


def show_job(job: str, slug: str | None) -> None:
    """Say which job starts."""
    say(f"{job.replace('_', ' ')}{f': {slug}' if slug else ''}")


def show_outcome(outcome: "Outcome") -> None:
    """Tell what landed, what each asset computed, and what failed."""
    for drop in outcome.drops:
        if drop.problem:
            say(f"drop {drop.drop} was not landed: {drop.problem}")
        else:
            say(f"landed {drop.shop}: {drop.products} products, {drop.rejected} rejected")
        for note in drop.notes:
            say(f"  {note}")
    if outcome.ran:
        _show_stages(outcome)
    for failure in outcome.failures:
        say(f"failed: {failure}")
    if not outcome.ran and not outcome.failures:
        say("everything is up to date")


def _show_stages(outcome: "Outcome") -> None:
    names = ("kept", "computed", "deleted", "failed")
    table = _table("asset", "types", *names, "seconds")
    for asset in dict.fromkeys(run.asset for run in outcome.ran):
        runs = [run for run in outcome.ran if run.asset == asset]
        sums = [sum(getattr(run.counts, name) for run in runs) for name in names]
        seconds = sum(run.seconds for run in runs)
        table.add_row(asset, str(len(runs)), *map(str, sums), f"{seconds:.1f}")
    console.print(table)


def show_hits(hits: "Sequence[Hit]") -> None:
    """Print search results, best first: score and title, then what is known of the product."""
    for place, hit in enumerate(hits, start=1):
        known = hit.payload
        facts = [str(known[name]) for name in FACTS if known.get(name)]
        if known.get("price"):
            facts.append(f"{known['price']:.2f} {known.get('currency', '')}".strip())
        say(f"{place:>2}  {hit.score:.3f}  {known.get('title', '')}")
        say(f"           {' · '.join([hit.item_id, *facts])}")
    if not hits:
        say("nothing found")


def show_report(figures: Mapping[str, Any], folder: Path) -> None:
    """Print the report's table, what the ablation shows, and where its page is."""
    from vlclip_dagster.evaluation.tables import summary_table

    heading, *rows = summary_table(figures)
    table = _table(*heading)
    for row in rows:
        table.add_row(*row)
    console.print(table)
    for verdict in dict.fromkeys(figures["ablation_verdict"].values()):
        say(verdict)
    say(f"the whole report: {folder / 'report.html'}")


def show_forecast(found: "Forecast") -> None:
    """Print how many queries a run would refine, and what an endpoint would take for it."""
    total = sum(found.products.values())
    say(f"{total:,} queries to refine in {len(found.products)} product types")
    if (asked := found.answers) is None:
        say("the rules refine them and cost nothing")
        return
    usage = asked.usage
    cost = "at a price that is not known" if asked.usd is None else f"about {asked.usd:.2f} USD"
    say(
        f"{asked.model}: about {asked.calls:,} calls for {asked.products:,} products, "
        f"{usage.prompt:,} prompt tokens ({usage.cached:,} of them cached) and "
        f"{usage.completion:,} answer tokens, {cost}; {asked.answered:,} are answered already"
    )
    if asked.max_usd is not None:
        say(f"no more than {asked.max_usd:g} USD will ever be spent from this home")


def show_status(status: "Status") -> None:
    """Print rows and last counts per asset and type, then what is out of date."""
    for problem in status.problems:
        say(f"drop not landed: {problem}")
    if status.retired:
        say(f"left the catalog: {', '.join(status.retired.values())}")
    if not status.product_types:
        say(f"{status.home} holds no catalog yet: vlclip drop PATH, then vlclip run")
        return
    rows = {(run.asset, run.slug): run.rows for run in status.artifacts}
    due = {(one.asset, one.slug) for one in status.due}
    assets = list(dict.fromkeys(asset for asset, slug in rows if slug is not None))
    table = _table("rows", *(asset.rpartition("_")[2] for asset in assets))
    for slug, name in status.product_types.items():
        cells = [
            f"{rows.get((asset, slug), 0)}{'*' if (asset, slug) in due else ''}" for asset in assets
        ]
        table.add_row(Text(name), *cells)
    console.print(table)
    if status.unseen_share:
        say(
            f"the checkpoint never saw {status.unseen_share:.0%} of the products; "
            "train anew with: vlclip run --retrain"
        )
    if status.decision and not status.decision.promoted:
        say(f"checkpoint {status.decision.fingerprint} is not in use: {status.decision.reason}")
    for reason, many in Counter((one.asset, one.reason) for one in status.due).items():
        say(f"out of date*: {reason[0]}, {many} of them: {reason[1]}")
    if not status.due:
        say("everything is up to date")


def show_rows(rows: "pl.DataFrame") -> None:
    """Print rows as a table; as wide as it is where no terminal would fold it."""
    table = _table(*map(escape, rows.columns))
    for column, kind in zip(table.columns, rows.dtypes, strict=True):
        column.justify = "right" if kind.is_numeric() else "left"
    for row in rows.iter_rows():
        table.add_row(*(Text(_visible(cell)) for cell in row))
    where = console if console.is_terminal else Console(highlight=False, width=UNFOLDED)
    where.print(table)
    say(f"{rows.height} {'row' if rows.height == 1 else 'rows'}")


def show_rejected(rows: "pl.DataFrame") -> None:
    """Print rejected rows: where each stands, and why it was rejected."""
    if rows.is_empty():
        return say("no row is rejected")
    table = _table("shop", "feed", "row", "id", "reasons")
    for row in rows.select("shop", "feed", "row_number", "id", "reasons").iter_rows():
        *place, reasons = row
        table.add_row(*(Text(_visible(cell)) for cell in (*place, "; ".join(reasons))))
    console.print(table)
    say(f"{rows.height} {'row' if rows.height == 1 else 'rows'}; in full with --json")


def _visible(cell: object) -> str:
    """A cell on one line; what would move the cursor or colour the screen is shown as a mark."""
    text = "" if cell is None else str(cell)
    return "".join(
        c if c.isprintable() else " " if c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def _table(first: str, *rest: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in (first, *rest):
        table.add_column(name, overflow="fold")
    return table
