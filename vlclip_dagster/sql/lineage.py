"""The columns of each model, read out of its SQL: of which type, and made from what."""

from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.sql.models import MARTS, STAGING, Model, Models
from vlclip_dagster.sql.parsing import DIALECT
from vlclip_dagster.sql.sources import source_columns


@dataclass(frozen=True)
class Column:
    """One column of a model.

    Attributes:
        type: its type in SQL.
        made_from: columns of the tables and models that the model reads itself, each as
            (table or model, column); empty for what counts rows or is constant.
    """

    type: str
    made_from: tuple[tuple[str, str], ...]


def model_columns(models: Models) -> dict[str, dict[str, Column]]:
    """The columns of every model that others may read (all but tests), in their order.

    Raises:
        VlclipError: a model names a column that is not there, or one of its own has no name.
    """
    schema: dict[str, object] = dict(source_columns())
    found = {}
    for model in [*models.layer(STAGING), *models.layer(MARTS)]:
        found[model.name] = columns = _columns(model, schema)
        schema[model.name] = {name: column.type for name, column in columns.items()}
    return found


def _columns(model: Model, schema: dict[str, object]) -> dict[str, Column]:
    try:
        query = qualify(model.tree.copy(), dialect=DIALECT, schema=schema)
        typed = annotate_types(query, schema=schema, dialect=DIALECT)
        # Trimming makes its pictures of a query smaller, at four times the time; none is shown.
        nodes = lineage(
            None,
            typed,
            schema,
            dialect=DIALECT,
            scope=build_scope(typed),
            trim_selects=False,
            copy=False,
        )
    except SqlglotError as error:
        reason = str(error).splitlines()[0]
        raise VlclipError(f"{model.file}: its columns can't be told: {reason}") from None
    types = [select.type.sql(DIALECT) if select.type else "UNKNOWN" for select in typed.selects]
    origins = [_origins(node) for node in nodes.values()]
    return dict(zip(nodes, map(Column, types, origins), strict=True))


def _origins(node: Node) -> tuple[tuple[str, str], ...]:
    """Where the walk down from a column ends: the tables that the model itself reads."""
    ends = {
        (each.expression.name.lower(), exp.to_column(each.name).name)
        for each in node.walk()
        if isinstance(each.expression, exp.Table)
    }
    return tuple(sorted(ends))
