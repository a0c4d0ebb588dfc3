"""What a suite is: one asset's rows, and the rules for them.

What belongs here: the shape that all suites share. What does not: which artifact has which rules
(``products`` for those of one product type, ``model`` for those of all), and how a rule is
judged (``expectations``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from vlclip_dagster.checkpoints import CheckpointStore
from vlclip_dagster.index.types import VectorIndex
from vlclip_dagster.quality.expectations import Rule
from vlclip_dagster.warehouse import Warehouse

Frames = dict[str, pl.DataFrame]


@dataclass(frozen=True)
class Artifacts:
    """Where a suite finds what it judges.

    Attributes:
        tables: the warehouse.
        checkpoints: the checkpoints, and what was decided about each.
        report: the folder of the report.
        index: opens the vector index.
        slugs: the product types that it is about: one, or all of them.
    """

    tables: Warehouse
    checkpoints: CheckpointStore
    report: Path
    index: Callable[[], VectorIndex]
    slugs: tuple[str, ...]

    @property
    def slug(self) -> str:
        """The one product type."""
        (slug,) = self.slugs
        return slug

    def read(self, table: str, *columns: str) -> pl.DataFrame:
        """Columns of a table of the one product type."""
        return self.tables.table(table, self.slug).read(columns)


@dataclass(frozen=True)
class Suite:
    """What one asset is expected to be.

    Attributes:
        asset: its name.
        read: what is judged: a frame per question, one row per thing that can be wrong.
        rules: what is expected of the frames.
    """

    asset: str
    read: Callable[[Artifacts], Frames]
    rules: tuple[Rule, ...]


def unique(name: str, column: str) -> Rule:
    """Blocks where a value comes twice."""
    return Rule(name, "ExpectColumnValuesToBeUnique", {"column": column}, True)


def present(name: str, column: str) -> Rule:
    """Blocks where a value is missing."""
    return Rule(name, "ExpectColumnValuesToNotBeNull", {"column": column}, True)


def absent(name: str, column: str) -> Rule:
    """Warns where there is a value: it says what is wrong."""
    return Rule(name, "ExpectColumnValuesToBeNull", {"column": column})


def holds(name: str, column: str) -> Rule:
    """Blocks unless a boolean column is true in every row."""
    return Rule(name, "ExpectColumnValuesToBeInSet", {"column": column, "value_set": [True]}, True)


def share(name: str, column: str, least: float, *, rows: str = "rows") -> Rule:
    """Warns when a boolean column is true in less than ``least`` of the rows."""
    arguments = {"column": column, "value_set": [True], "mostly": least}
    return Rule(name, "ExpectColumnValuesToBeInSet", arguments, rows=rows)


def one_of(name: str, column: str, values: tuple[str, ...]) -> Rule:
    """Warns of values that are not known."""
    return Rule(name, "ExpectColumnValuesToBeInSet", {"column": column, "value_set": list(values)})


def between(
    name: str, column: str, low: float | None, high: float | None, *, blocking: bool = False
) -> Rule:
    """Warns, or blocks, where a value lies outside of two others."""
    arguments = {"column": column, "min_value": low, "max_value": high}
    return Rule(name, "ExpectColumnValuesToBeBetween", arguments, blocking)


def mean(name: str, column: str, low: float | None, high: float | None, rows: str = "rows") -> Rule:
    """Warns when the mean of a column lies outside of two others."""
    arguments = {"column": column, "min_value": low, "max_value": high}
    return Rule(name, "ExpectColumnMeanToBeBetween", arguments, rows=rows)


def equal(name: str, one: str, other: str, *, blocking: bool = False, rows: str = "rows") -> Rule:
    """Warns, or blocks, where two columns differ."""
    arguments = {"column_A": one, "column_B": other}
    return Rule(name, "ExpectColumnPairValuesToBeEqual", arguments, blocking, rows)
