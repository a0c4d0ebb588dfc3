"""What SQL may be: one SELECT that reads named tables and writes nothing.

DuckDB is locked besides; what is refused here is refused with a sentence, and before any
table is read.
"""

import logging

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.optimizer.scope import traverse_scope

from vlclip_dagster.errors import VlclipError

DIALECT = "duckdb"
ONLY_READS = "SQL only reads here: make it one SELECT"
# It warns of statements that it only half understands; those are refused with a sentence.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


def parse_select(text: str, what: str) -> exp.Query:
    """Parse ``text`` and make sure that it is one SELECT, or a UNION of them.

    Args:
        text: SQL in DuckDB's dialect.
        what: how a refusal calls it, such as the model's file.

    Raises:
        VlclipError: it can't be parsed, is not one statement, writes, or reads a file.
    """
    statements = _statements(text, what)
    if len(statements) != 1:
        raise VlclipError(f"{what} holds {len(statements)} statements; make it one SELECT")
    tree = statements[0]
    if not isinstance(tree, exp.Query):
        first = sqlglot.tokenize(text, dialect=DIALECT)[0].text
        raise VlclipError(f"{what} is no SELECT, but begins with {first[:40]!r}; {ONLY_READS}")
    write = tree.find(exp.DML, exp.DDL, exp.Into)
    if write is not None:
        raise VlclipError(f"{what} writes ({write.key.upper()}); {ONLY_READS}")
    for table in tree.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier | exp.GenerateSeries):
            raise VlclipError(
                f"{what} reads {table.sql(DIALECT)[:80]}; only the warehouse's tables can be read"
            )
    return tree


def tables_of(tree: exp.Query) -> set[str]:
    """Lower-case names of the tables that ``tree`` reads; its own CTEs are none."""
    return {
        ".".join(part.name for part in source.parts).lower()
        for scope in traverse_scope(tree)
        for source in scope.sources.values()
        if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier)
    }


def _statements(text: str, what: str) -> list[exp.Expr]:
    try:
        parsed = sqlglot.parse(text, dialect=DIALECT)
    except ParseError as error:
        first = error.errors[0]
        place = f"line {first['line']}, column {first['col']}"
        raise VlclipError(f"{what} is no SQL: {first['description']} ({place})") from None
    except SqlglotError as error:
        raise VlclipError(f"{what} is no SQL: {str(error).splitlines()[0]}") from None
    return [tree for tree in parsed if tree is not None and not isinstance(tree, exp.Semicolon)]
