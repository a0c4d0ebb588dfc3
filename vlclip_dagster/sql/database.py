"""Running SQL: in-memory DuckDB that holds the tables a query reads, and can reach nothing else."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl
import polars.selectors as cs

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.sql.columns import needed_columns
from vlclip_dagster.sql.models import Models, nearest
from vlclip_dagster.sql.parsing import parse_select, tables_of
from vlclip_dagster.sql.sources import read_source, source_columns
from vlclip_dagster.warehouse import Warehouse

if TYPE_CHECKING:
    import duckdb

# In this order: nothing of the file system can be set once external access is off, and nothing
# at all once the configuration is locked.
LOCKDOWN = (
    "SET temp_directory = ''",
    "SET enable_external_access = false",
    "SET autoload_known_extensions = false",
    "SET python_enable_replacements = false",
    "SET enable_progress_bar = false",
    "SET TimeZone = 'UTC'",
    "SET lock_configuration = true",
)


def query(warehouse: Warehouse, models: Models, text: str) -> pl.DataFrame:
    """Answer a SELECT over models and sources by their names.

    Raises:
        VlclipError: it is not one SELECT, names what does not exist, or can't be computed.
    """
    what = "the query"
    tree = parse_select(text, what)
    sources = source_columns()
    known = {*sources, *(model.name for model in models)}
    for name in sorted(tables_of(tree) - known):
        raise VlclipError(f"{what} reads {name!r}, which is no table; {nearest(name, known)}")
    used = models.upstream(tables_of(tree))
    read = tables_of(tree).union(*(model.sources for model in used)) & sources.keys()
    named = [*((model.name, model.tree) for model in used), (what, tree)]
    needed = needed_columns(named, sources)
    columns = sources if needed is None else needed
    tables = {name: read_source(warehouse, name, columns[name]) for name in sorted(read)}
    return run(tables, {model.name: model.sql for model in used}, text)


def listing(models: Models) -> pl.DataFrame:
    """What can be asked: columns ``name``, ``kind`` and ``holds``, the marts first."""
    kinds = {"marts": "mart", "staging": "staging model", "tests": "test"}
    rows = [(m.name, kinds[layer], m.description) for layer in kinds for m in models.layer(layer)]
    rows += [(name, "table", ", ".join(names)) for name, names in source_columns().items()]
    return pl.DataFrame(rows, schema=["name", "kind", "holds"], orient="row")


def run(tables: Mapping[str, pl.DataFrame], views: Mapping[str, str], text: str) -> pl.DataFrame:
    """Run ``text`` in a database of its own that holds ``tables`` and ``views`` and is locked.

    Args:
        tables: frames by the names that SQL calls them.
        views: SELECTs by name, each after those that it reads.
        text: the SELECT.

    Raises:
        VlclipError: DuckDB refuses it, in DuckDB's words.
    """
    import duckdb

    with duckdb.connect(":memory:") as connection:
        for setting in LOCKDOWN:
            connection.execute(setting)
        for name, rows in tables.items():
            connection.register(name, rows.to_arrow())
        try:
            for name, select in views.items():
                connection.execute(f'CREATE VIEW "{name}" AS {select}')
            return _plain(connection.sql(text))
        except duckdb.Error as error:
            reason = " ".join(str(error).split("\n\nLINE", maxsplit=1)[0].split())
            raise VlclipError(f"the query can't be answered: {reason}") from None


def _plain(answer: "duckdb.DuckDBPyRelation") -> pl.DataFrame:
    """The rows with numbers that everything can write: no decimals, no huge integers."""
    try:
        rows = answer.pl()
    except pl.exceptions.ComputeError:
        raise VlclipError(
            "the query's answer holds a type that can't be shown, such as an interval; cast it "
            "to text"
        ) from None
    whole = [
        name
        for name, kind in rows.schema.items()
        if kind == pl.Int128 or (isinstance(kind, pl.Decimal) and kind.scale == 0)
    ]
    return rows.with_columns(pl.col(whole).cast(pl.Int64)).cast({cs.decimal(): pl.Float64})
