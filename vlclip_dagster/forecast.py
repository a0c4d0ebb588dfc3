"""What a run would do and cost, without doing it: the answer to ``vlclip run --dry-run``.

Drops that wait in the inbox are landed in a scratch copy of the tables that landing touches, so
that a catalog can be priced before anything of it is built.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from assets.refined_queries import wanted_queries
from vlclip_dagster.inbox import land_pending
from vlclip_dagster.refinement.estimate import Estimate, estimate
from vlclip_dagster.refinement.openai_backend import OpenAIBackend
from vlclip_dagster.refinement.settings import build_backend
from vlclip_dagster.refinement.types import ProductText
from vlclip_dagster.settings import Settings
from vlclip_dagster.warehouse import Warehouse

_LANDING_TABLES = ("landed", "drops", "product_types", "stage_runs")


@dataclass(frozen=True)
class Forecast:
    """How many products would be refined, by slug, and what the endpoint would take for it."""

    products: dict[str, int]
    answers: Estimate | None


def forecast(settings: Settings) -> Forecast:
    """Count the queries that are out of date, waiting drops included, and price them."""
    path = settings.refinement.cache_path
    known = path if path is not None and path.exists() else None
    backend = build_backend(settings.refinement.model_copy(update={"cache_path": known}))
    fingerprint = f"{backend.fingerprint}/{settings.refinement.max_rounds}"
    due = dict(_due(settings, fingerprint))
    texts = [text for those in due.values() for text in those]
    asked = estimate(texts, backend) if isinstance(backend, OpenAIBackend) else None
    return Forecast({slug: len(those) for slug, those in due.items() if those}, asked)


def _due(settings: Settings, fingerprint: str) -> Iterator[tuple[str, list[ProductText]]]:
    home = Warehouse(settings.home)
    with TemporaryDirectory() as scratch:
        landed = _landed_ahead(home, Path(scratch), settings.inbox)
        for (slug,), products in sorted(landed.partition_by("slug", as_dict=True).items()):
            stored = home.table("refined_queries", str(slug)).keys()
            wanted = wanted_queries(products, fingerprint)
            missing = wanted.join(stored, on=["item_id", "key"], how="anti")
            yield str(slug), [ProductText.from_row(row) for row in missing.iter_rows(named=True)]


def _landed_ahead(home: Warehouse, scratch: Path, inbox: Path) -> pl.DataFrame:
    """The landed products as they will be when the inbox is empty; ``home`` stays as it is."""
    ahead = Warehouse(scratch)
    for table in _LANDING_TABLES:
        ahead.table(table).upsert(home.table(table).read())
    land_pending(ahead, inbox)
    return ahead.table("landed").read()
