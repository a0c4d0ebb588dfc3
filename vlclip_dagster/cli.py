"""The command ``vlclip``: what a person types, and what they see.

Commands import what they need when they run, so that a search does not wait for Dagster and a
help text for nothing at all. Each answers in words, or with ``--json`` in data.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vlclip_dagster.errors import VlclipError

if TYPE_CHECKING:
    from vlclip_dagster.catalog.drops import DropManifest, Mode
    from vlclip_dagster.catalog.generated import SampleSummary
    from vlclip_dagster.catalog.mapping import FeedMapping
    from vlclip_dagster.runs import Outcome, Platform
    from vlclip_dagster.serving.search import SearchService

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="From a product catalog to a visual search index and a report that proves it. "
    "Everything is kept in $VLCLIP_HOME (default: .vlclip).",
)

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Count = Annotated[int, typer.Option("-k", min=1, max=1000, help="How many results.")]
OneType = Annotated[str | None, typer.Option("--type", help="Search this product type only.")]
DEMO_QUERY = "lavender polka dot dress"


@app.command()
def sample(
    out: Annotated[Path, typer.Argument(help="Folder to write the catalog to.")],
    products: Annotated[int, typer.Option(min=17, help="How many products.")] = 2550,
    seed: Annotated[int, typer.Option(help="Another seed, another catalog.")] = 7,
) -> None:
    """Write a generated catalog: a feed, its photographs, and the truth beside it."""
    from vlclip_dagster.terminal import say

    summary = _write_sample(out, products, seed, shown=True)
    say(f"{summary.products} products written to {out}; land them with: vlclip drop {out}")


@app.command()
def drop(
    path: Annotated[Path, typer.Argument(help="A folder with a feed, or a feed.")],
    shop: Annotated[str | None, typer.Option(help="Name of the shop (default: folder).")] = None,
    delta: Annotated[bool, typer.Option(help="Changes only, not the whole catalog.")] = False,
    kind: Annotated[
        str | None, typer.Option("--format", help="csv, jsonl, json, xml, parquet or abo.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(help="TOML: what the feed calls its columns and types.")
    ] = None,
) -> None:
    """Put a catalog into the inbox; `vlclip run` or the sensor takes it from there."""
    from vlclip_dagster.catalog.mapping import chosen_mapping
    from vlclip_dagster.terminal import say

    folder = path if path.is_dir() else path.parent
    manifest, folder = _drop(path, shop, delta=delta, mapping=chosen_mapping(folder, mapping, kind))
    feeds = "1 feed" if len(manifest.feeds) == 1 else f"{len(manifest.feeds)} feeds"
    say(
        f"{manifest.shop}: {feeds} and {len(manifest.images)} photographs "
        f"in {folder}; build with: vlclip run"
    )


@app.command()
def run(
    retrain: Annotated[bool, typer.Option("--retrain", help="Train anew in any case.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what it costs.")] = False,
    as_json: AsJson = False,
) -> None:
    """Build everything that is out of date, in this process, as recorded Dagster runs."""
    from vlclip_dagster.terminal import say_json

    if dry_run:
        _forecast(as_json=as_json)
        return
    outcome = _run(retrain=retrain, shown=not as_json)
    if as_json:
        say_json(outcome)
    _fail_on_problems(outcome)


@app.command()
def search(
    text: Annotated[str | None, typer.Argument(help="What to look for.")] = None,
    image: Annotated[Path | None, typer.Option(help="Search by a photograph instead.")] = None,
    product_type: OneType = None,
    k: Count = 5,
    gender: str | None = None,
    age_group: str | None = None,
    color: str | None = None,
    material: str | None = None,
    pattern: str | None = None,
    min_price: float | None = None,
    max_price: float | None = None,
    shop: str | None = None,
    as_json: AsJson = False,
) -> None:
    """Find products by what they look like: a text or a photograph against the images."""
    from vlclip_dagster.index.filters import Filters
    from vlclip_dagster.terminal import say_json, show_hits

    if (text is None) == (image is None):
        raise VlclipError("give either a text to look for, or a photograph with --image")
    service = _search_service()
    where = Filters(
        gender=gender,
        age_group=age_group,
        color=color,
        material=material,
        pattern=pattern,
        price_min=min_price,
        price_max=max_price,
        shop=shop,
    )
    if image is not None:
        hits = service.image(_read(image), product_type=product_type, k=k, filters=where)
    else:
        hits = service.text(text or "", product_type=product_type, k=k, filters=where)
    say_json(hits) if as_json else show_hits(hits)


@app.command()
def similar(
    item_id: Annotated[str, typer.Argument(help="A product's id, or shop/id.")],
    product_type: OneType = None,
    k: Count = 5,
    as_json: AsJson = False,
) -> None:
    """Find products that look like one, its own variants left out."""
    from vlclip_dagster.terminal import say_json, show_hits

    hits = _search_service().similar(item_id, product_type=product_type, k=k)
    say_json(hits) if as_json else show_hits(hits)


@app.command()
def report(as_json: AsJson = False) -> None:
    """Show the report's figures and where its page is."""
    from vlclip_dagster.evaluation.report import load_report
    from vlclip_dagster.settings import load_settings
    from vlclip_dagster.terminal import say_json, show_report

    folder = load_settings().report_folder
    figures = load_report(folder)
    say_json(figures) if as_json else show_report(figures, folder)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Tell, per asset and product type, the rows, the last counts and what is out of date."""
    from vlclip_dagster.terminal import say_json, show_status

    current = _platform().status()
    say_json(current) if as_json else show_status(current)


@app.command()
def rollback(
    checkpoint: Annotated[
        str | None, typer.Argument(help="How its fingerprint begins (default: the one before).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put an earlier checkpoint back into use; `vlclip run` or the automation embeds with it."""
    from vlclip_dagster.terminal import say, say_json

    decision = _platform().roll_back(checkpoint)
    said = f"checkpoint {decision.fingerprint} is in use again; searches follow with: vlclip run"
    say_json(decision) if as_json else say(said)


@app.command()
def rejected(
    product_type: Annotated[
        str | None, typer.Option("--type", help="Rows of this product type only.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the rows of feeds that could not be used, and why; the data has each in full."""
    from vlclip_dagster.catalog.rejected import listed
    from vlclip_dagster.catalog.slug import slugify
    from vlclip_dagster.settings import load_settings
    from vlclip_dagster.terminal import say_json, show_rejected
    from vlclip_dagster.warehouse import Warehouse, any_of

    where = any_of("slug", [slugify(product_type)]) if product_type else None
    rows = Warehouse(load_settings().home).table("rejected_products").read(where=where)
    rows = listed(rows)
    say_json(rows.rows(named=True)) if as_json else show_rejected(rows)


@app.command()
def sql(
    query: Annotated[str | None, typer.Argument(help="One SELECT; without it, the tables.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask the marts, staging models and tables a question in SQL; nothing is changed."""
    from vlclip_dagster.settings import load_settings
    from vlclip_dagster.sql.database import listing
    from vlclip_dagster.sql.database import query as answer
    from vlclip_dagster.sql.models import load_models
    from vlclip_dagster.terminal import say_json, show_rows
    from vlclip_dagster.warehouse import Warehouse

    models = load_models()
    if query is None:
        rows = listing(models)
    else:
        rows = answer(Warehouse(load_settings().home), models, query)
    say_json(rows.rows(named=True)) if as_json else show_rows(rows)


@app.command()
def dev(
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Port of the UI on this machine.")
    ] = 3000,
) -> None:
    """Open the Dagster UI, its sensors and schedules on this home."""
    from vlclip_dagster.instance import open_instance
    from vlclip_dagster.settings import load_settings

    with open_instance(load_settings()) as instance:
        workspace = str(Path(instance.root_directory, "workspace.yaml"))
    # A tick lands what waits; a catalog of a million rows takes longer than Dagster's minute.
    os.environ.setdefault("DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS", "600")
    command = ["dagster", "dev", "--workspace", workspace, "--host", "127.0.0.1"]
    os.execv(sys.executable, [sys.executable, "-m", *command, "--port", str(port)])


@app.command()
def demo(
    products: Annotated[int, typer.Option(min=17, help="How many products.")] = 1020,
    seed: int = 7,
    as_json: AsJson = False,
) -> None:
    """Generate a catalog, build everything, show the report's table and a search."""
    from vlclip_dagster.evaluation.report import load_report
    from vlclip_dagster.settings import load_settings
    from vlclip_dagster.storage import working_folder
    from vlclip_dagster.terminal import say, say_json, show_hits, show_report

    settings = load_settings()
    folder = working_folder(settings.home) / f"sample-{products}-{seed}"
    if not (folder / "feed.tsv").exists():
        _write_sample(folder, products, seed, shown=not as_json)
    _drop(folder, "sample", delta=False)
    outcome = _run(retrain=False, shown=not as_json)
    figures = load_report(settings.report_folder)
    hits = _search_service().text(DEMO_QUERY)
    if as_json:
        say_json({"run": outcome, "report": figures, "search": hits})
    else:
        show_report(figures, settings.report_folder)
        say(f'\nvlclip search "{DEMO_QUERY}"')
        show_hits(hits)
    _fail_on_problems(outcome)


def _write_sample(out: Path, products: int, seed: int, *, shown: bool) -> "SampleSummary":
    from vlclip_dagster.catalog.generated import write_sample
    from vlclip_dagster.terminal import progress_shown

    try:
        with progress_shown(enabled=shown):
            return write_sample(out, products=products, seed=seed)
    except OSError as error:
        raise VlclipError(
            f"{out} can't be written ({error.strerror}); name another place"
        ) from None


def _drop(
    path: Path, shop: str | None, *, delta: bool, mapping: "FeedMapping | None" = None
) -> "tuple[DropManifest, Path]":
    from vlclip_dagster.catalog.drops import prepare_drop, write_drop
    from vlclip_dagster.settings import load_settings

    mode: Mode = "delta" if delta else "snapshot"
    manifest = prepare_drop(path, shop=shop, mode=mode, mapping=mapping)
    return manifest, write_drop(manifest, load_settings().inbox)


def _platform() -> "Platform":
    from vlclip_dagster.instance import open_instance
    from vlclip_dagster.runs import Platform
    from vlclip_dagster.settings import load_settings

    settings = load_settings()
    return Platform(settings, open_instance(settings))


def _run(*, retrain: bool, shown: bool) -> "Outcome":
    from vlclip_dagster.disk import disk_troubles_told
    from vlclip_dagster.settings import load_settings
    from vlclip_dagster.terminal import progress_shown, show_job, show_outcome

    with progress_shown(enabled=shown), disk_troubles_told(load_settings().home):
        outcome = _platform().run_out_of_date(retrain=retrain, on_job=show_job if shown else None)
    if shown:
        show_outcome(outcome)
    return outcome


def _forecast(*, as_json: bool) -> None:
    from vlclip_dagster.forecast import forecast
    from vlclip_dagster.settings import load_settings
    from vlclip_dagster.terminal import say_json, show_forecast

    found = forecast(load_settings())
    say_json(found) if as_json else show_forecast(found)


def _fail_on_problems(outcome: "Outcome") -> None:
    if outcome.failures or any(landed.problem for landed in outcome.drops):
        raise typer.Exit(1)


def _search_service() -> "SearchService":
    from vlclip_dagster.serving.local import open_search
    from vlclip_dagster.settings import load_settings

    return open_search(load_settings())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise VlclipError(f"{path} cannot be read ({error.strerror}); name a photograph") from None


def main() -> None:
    """Run the command line; a user's mistake is one sentence on stderr and exit code 2."""
    try:
        app()
    except VlclipError as error:
        print(f"vlclip: {error}", file=sys.stderr)
        sys.exit(2)
