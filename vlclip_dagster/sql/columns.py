"""Which columns of the tables a query needs: a question about one column reads one column."""

from collections.abc import Collection, Iterable, Mapping

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from vlclip_dagster.sql.parsing import DIALECT

Columns = Mapping[str, Collection[str]]
# What may stand for columns that the text does not name.
_OPAQUE = (exp.Columns, exp.TableColumn, exp.Pivot)


def needed_columns(
    named: Iterable[tuple[str, exp.Query]], tables: Columns
) -> dict[str, list[str]] | None:
    """The columns of ``tables`` that the queries read, by table and in the table's order.

    Args:
        named: queries with the names that later ones know them by, in the order of reading.
        tables: the columns of each table.

    Returns:
        None when it can't be told from the text alone: then all of them are needed.
    """
    schema: dict[str, object] = {
        name: dict.fromkeys(columns, "unknown") for name, columns in tables.items()
    }
    needed: dict[str, set[str]] = {}
    for name, tree in named:
        try:
            query = qualify(tree.copy(), dialect=DIALECT, schema=schema)
        except SqlglotError:
            return None
        if not isinstance(query, exp.Query) or query.find(*_OPAQUE) is not None:
            return None
        schema[name] = dict.fromkeys(query.named_selects, "unknown")
        for table, column in _columns_read(query):
            needed.setdefault(table, set()).add(column)
    return {
        table: [column for column in columns if column in needed.get(table, ())]
        for table, columns in tables.items()
    }


def _columns_read(query: exp.Query) -> Iterable[tuple[str, str]]:
    for scope in traverse_scope(query):
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table):
                yield source.name.lower(), column.name.lower()
