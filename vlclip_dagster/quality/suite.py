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
    meaning = f"`{column}` is another in every row"
    return Rule(name, "ExpectColumnValuesToBeUnique", {"column": column}, True, meaning=meaning)


def present(name: str, column: str) -> Rule:
    """Blocks where a value is missing."""
    meaning = f"`{column}` is there in every row"
    return Rule(name, "ExpectColumnValuesToNotBeNull", {"column": column}, True, meaning=meaning)


def absent(name: str, column: str) -> Rule:
    """Warns where there is a value: it says what is wrong."""
    meaning = f"`{column}` is empty in every row"
    return Rule(name, "ExpectColumnValuesToBeNull", {"column": column}, meaning=meaning)


def holds(name: str, column: str) -> Rule:
    """Blocks unless a boolean column is true in every row."""
    arguments = {"column": column, "value_set": [True]}
    meaning = f"`{column}` is true in every row"
    return Rule(name, "ExpectColumnValuesToBeInSet", arguments, True, meaning=meaning)


def share(name: str, column: str, least: float, *, rows: str = "rows") -> Rule:
    """Warns when a boolean column is true in less than ``least`` of the rows."""
    arguments = {"column": column, "value_set": [True], "mostly": least}
    meaning = f"`{column}` is true in at least {least:.4g} of the rows"
    return Rule(name, "ExpectColumnValuesToBeInSet", arguments, rows=rows, meaning=meaning)


def one_of(name: str, column: str, values: tuple[str, ...]) -> Rule:
    """Warns of values that are not known."""
    arguments = {"column": column, "value_set": list(values)}
    meaning = f"`{column}`, where it is given, is one of {', '.join(values)}"
    return Rule(name, "ExpectColumnValuesToBeInSet", arguments, meaning=meaning)


def between(
    name: str, column: str, low: float | None, high: float | None, *, blocking: bool = False
) -> Rule:
    """Warns, or blocks, where a value lies outside of two others."""
    arguments = {"column": column, "min_value": low, "max_value": high}
    meaning = f"`{column}` {_within(low, high)} in every row"
    return Rule(name, "ExpectColumnValuesToBeBetween", arguments, blocking, meaning=meaning)


def mean(name: str, column: str, low: float | None, high: float | None, rows: str = "rows") -> Rule:
    """Warns when the mean of a column lies outside of two others."""
    arguments = {"column": column, "min_value": low, "max_value": high}
    meaning = f"the mean of `{column}` {_within(low, high)}"
    return Rule(name, "ExpectColumnMeanToBeBetween", arguments, rows=rows, meaning=meaning)


def equal(name: str, one: str, other: str, *, blocking: bool = False, rows: str = "rows") -> Rule:
    """Warns, or blocks, where two columns differ."""
    arguments = {"column_A": one, "column_B": other}
    meaning = f"`{one}` equals `{other}` in every row"
    return Rule(name, "ExpectColumnPairValuesToBeEqual", arguments, blocking, rows, meaning)


def _within(low: float | None, high: float | None) -> str:
    limits = {"at least": low, "at most": high}
    told = (f"{side} {limit:.10g}" for side, limit in limits.items() if limit is not None)
    return "is " + " and ".join(told)
