"""What the platform's tests stand on: a shop's folder that can change, and a home to build in."""

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import dagster as dg
import polars as pl

from vlclip_dagster.catalog.drops import prepare_drop, write_drop
from vlclip_dagster.catalog.slug import leaf_type, slugify
from vlclip_dagster.instance import open_instance
from vlclip_dagster.runs import Outcome, Platform, Status
from vlclip_dagster.serving.local import open_search
from vlclip_dagster.serving.search import SearchService
from vlclip_dagster.settings import Settings, load_settings
from vlclip_dagster.warehouse import Table, Warehouse

# How well it is trained is measured elsewhere; here it only has to be trained.
QUICK = {
    "VLCLIP_TRAINING__EPOCHS": "1",
    "VLCLIP_TRAINING__BATCH_SIZE": "16",
    "VLCLIP_REPORT__ABLATION": "false",
}
VLCLIP = "from vlclip_dagster.cli import main; main()"
PROJECT = Path(__file__).resolve().parents[2]
ROW_TABLES = ("raw_catalog", "photographs", "deduped_images", "grounded_crops", "refined_queries")


class Shop:
    """A feed and its photographs, copied from a generated catalog without its truth."""

    def __init__(self, folder: Path, rows: list[dict[str, str]]) -> None:
        self.folder = folder
        self.rows = rows

    @classmethod
    def of_types(cls, sample: Path, folder: Path, slugs: set[str]) -> "Shop":
        rows = [row for row in read_feed(sample) if slug_of(row) in slugs]
        shop = cls(folder, rows)
        (folder / "images").mkdir(parents=True)
        for row in rows:
            for link in links_of(row):
                shutil.copyfile(sample / link, folder / link)
        shop.write()
        return shop

    def copy(self, folder: Path) -> "Shop":
        shutil.copytree(self.folder, folder)
        return Shop(folder, [dict(row) for row in self.rows])

    def write(self) -> None:
        with (self.folder / "feed.tsv").open("w", encoding="utf-8", newline="") as file:
            sheet = csv.DictWriter(file, list(self.rows[0]), delimiter="\t")
            sheet.writeheader()
            sheet.writerows(self.rows)

    def of(self, slug: str) -> list[dict[str, str]]:
        return [row for row in self.rows if slug_of(row) == slug]

    def lone(self, slug: str, duplicates: set[str]) -> dict[str, str]:
        """A product whose text and photograph are nobody else's."""
        groups = [row["item_group_id"] for row in self.rows]
        return next(
            row
            for row in self.of(slug)
            if groups.count(row["item_group_id"]) == 1 and row["id"] not in duplicates
        )


def read_feed(folder: Path) -> list[dict[str, str]]:
    with (folder / "feed.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def slug_of(row: dict[str, str]) -> str:
    return slugify(leaf_type(row["product_type"]))


def links_of(row: dict[str, str]) -> list[str]:
    return [row["image_link"], *filter(None, row["additional_image_link"].split(","))]


@dataclass
class Home:
    """One ``VLCLIP_HOME`` with a Dagster instance of its own."""

    path: Path
    variables: dict[str, str] = field(default_factory=lambda: dict(QUICK))

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make any process work in this home."""
        return {
            "VLCLIP_HOME": str(self.path),
            "DAGSTER_HOME": str(self.path / "dagster"),
            "DAGSTER_DISABLE_TELEMETRY": "1",
            **self.variables,
        }

    @property
    def settings(self) -> Settings:
        return load_settings(self.environment)

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.path)

    def copy(self, path: Path, **variables: str) -> "Home":
        """The same state in another place, perhaps with other settings."""
        shutil.copytree(self.path, path)
        return Home(path, self.variables | variables)

    def drop(self, folder: Path, shop: str = "shop") -> None:
        write_drop(prepare_drop(folder, shop=shop), self.settings.inbox)

    @contextmanager
    def instance(self) -> Iterator[dg.DagsterInstance]:
        with patch.dict(os.environ, self.environment), open_instance(self.settings) as instance:
            yield instance

    def run(self) -> Outcome:
        with self.instance() as instance:
            return Platform(self.settings, instance).run_out_of_date()

    def status(self) -> Status:
        with self.instance() as instance:
            return Platform(self.settings, instance).status()

    def search(self) -> SearchService:
        return open_search(self.settings)

    def table(self, name: str, slug: str | None = None) -> Table:
        return self.warehouse.table(name, slug)

    def rows(self, name: str, slug: str, *columns: str) -> pl.DataFrame:
        return self.table(name, slug).read(list(columns) or None)

    def keys(self, name: str, slug: str) -> dict[str, str]:
        """Id to row key of one table."""
        table = self.table(name, slug)
        return dict(table.read([table.id_column, "key"]).iter_rows())

    def materialized(self, asset: str, slug: str | None = None) -> dict[str, object]:
        """Metadata of the newest materialization, as the UI shows it."""
        of = dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[slug] if slug else None)
        with self.instance() as instance:
            (record,) = instance.fetch_materializations(of, limit=1).records
        shown = record.asset_materialization.metadata
        return {name: value.value for name, value in shown.items()}

    def slugs(self) -> list[str]:
        return sorted(self.table("product_types").read(["slug"])["slug"])

    def vlclip(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Type a command in a process of its own."""
        return command(["-c", VLCLIP, *words], self.environment | variables)


def command(words: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        env=clean_environment() | environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=280,
    )


def clean_environment() -> dict[str, str]:
    """The environment without what a developer has set for himself."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("VLCLIP_", "DAGSTER_"))}


def counts_of(outcome: Outcome, asset: str, slug: str | None = None) -> dict[str, int] | None:
    """Counts of one stage of an outcome; None when it did not run."""
    found = [run.counts.as_dict() for run in outcome.ran if (run.asset, run.slug) == (asset, slug)]
    return found[0] if found else None


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """Ids that are new or have another key."""
    return {item for item, key in after.items() if before.get(item) != key}
