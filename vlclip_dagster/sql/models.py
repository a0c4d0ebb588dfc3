"""The models of ``dbt_like_sql``: one file each, and which reads which.

``{{ ref('model') }}`` and ``{{ source('table') }}`` are all there is of templates; both become
plain names. A model that is not sound is refused when it is loaded, by the name of its file.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from importlib.resources.abc import Traversable

from sqlglot import exp

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.sql.parsing import parse_select, tables_of
from vlclip_dagster.tables import TABLES

STAGING, MARTS, TESTS = LAYERS = ("staging", "marts", "tests")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CALL = re.compile(r"\{\{\s*(ref|source)\(\s*'([^']*)'\s*\)\s*\}\}")


@dataclass(frozen=True)
class Model:
    """One file.

    Attributes:
        name: the file's name without its ending; what SQL calls the model.
        layer: the folder: ``staging``, ``marts`` or ``tests``.
        sql: its SELECT, with plain names for what it refers to.
        refs: the models that it reads, in the order of the text.
        sources: the warehouse's tables that it reads, in the order of the text.
        description: the comment at the file's top, as one line.
    """

    name: str
    layer: str
    sql: str
    refs: tuple[str, ...]
    sources: tuple[str, ...]
    description: str

    @property
    def file(self) -> str:
        """Where it stands, for people."""
        return f"dbt_like_sql/{self.layer}/{self.name}.sql"

    @cached_property
    def tree(self) -> exp.Query:
        """The parsed SELECT; not to be changed."""
        return parse_select(self.sql, self.file)


class Models:
    """All models, each after those that it reads.

    Args:
        models: in any order.

    Raises:
        VlclipError: a name is taken twice, a reference leads nowhere or round in a circle, or
            a model reads something else than it says.
    """

    def __init__(self, models: Iterable[Model]) -> None:
        named: dict[str, Model] = {}
        for model in models:
            if model.name in named or model.name in TABLES:
                other = named[model.name].file if model.name in named else "a table"
                raise VlclipError(f"{model.file} has the name of {other}; rename it")
            named[model.name] = model
        for model in named.values():
            _check_references(model, named)
        self._named = {name: named[name] for name in _ordered(named)}

    def __iter__(self) -> Iterator[Model]:
        return iter(self._named.values())

    def __getitem__(self, name: str) -> Model:
        return self._named[name]

    def layer(self, layer: str) -> list[Model]:
        """The models of one folder."""
        return [model for model in self if model.layer == layer]

    def upstream(self, names: Collection[str]) -> list[Model]:
        """The models among ``names`` and all that these read, each after what it reads."""
        wanted = set(names)
        for model in reversed(self._named.values()):
            if model.name in wanted:
                wanted.update(model.refs)
        return [model for model in self if model.name in wanted]


def load_models(folder: Traversable | None = None) -> Models:
    """Read all models of ``folder``, by default those that come with the project.

    Raises:
        VlclipError: one of them is not sound; the sentence names its file.
    """
    root = folder if folder is not None else files("dbt_like_sql")
    return Models(
        read_model(layer, path.name, path.read_text(encoding="utf-8"))
        for layer in LAYERS
        if root.joinpath(layer).is_dir()
        for path in sorted(root.joinpath(layer).iterdir(), key=lambda path: path.name)
        if path.name.endswith(".sql")
    )


def read_model(layer: str, file_name: str, text: str) -> Model:
    """Make a model of a file's text.

    Raises:
        VlclipError: its name is no name for a table, or it holds a template that is unknown.
    """
    file = f"dbt_like_sql/{layer}/{file_name}"
    name = file_name.removesuffix(".sql")
    if not _NAME.fullmatch(name):
        raise VlclipError(f"{file}: name it with lower-case letters, digits and underscores")
    calls = _CALL.findall(text)
    sql = _CALL.sub(r'"\2"', text)
    if "{{" in sql or "{%" in sql:
        raise VlclipError(
            f"{file} holds a template that is neither {{{{ ref('model') }}}} nor "
            "{{ source('table') }}"
        )
    return Model(
        name=name,
        layer=layer,
        sql=sql.strip().removesuffix(";"),
        refs=_called("ref", calls),
        sources=_called("source", calls),
        description=_top_comment(text),
    )


def nearest(name: str, known: Collection[str]) -> str:
    """The end of a sentence about an unknown name: what was probably meant, or what there is."""
    meant = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {meant[0]}?" if meant else f"there are {', '.join(sorted(known))}"


def _called(kind: str, calls: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for called, name in calls if called == kind))


def _top_comment(text: str) -> str:
    lines = text.lstrip().splitlines()
    end = next((at for at, line in enumerate(lines) if not line.startswith("--")), len(lines))
    return " ".join(line.removeprefix("--").strip() for line in lines[:end])


def _check_references(model: Model, named: Collection[str]) -> None:
    for name in model.refs:
        if name not in named:
            raise VlclipError(
                f"{model.file} refers to {name!r}, which is no model; {nearest(name, named)}"
            )
    for name in model.sources:
        if name not in TABLES:
            raise VlclipError(
                f"{model.file} reads the source {name!r}, which is no table of the warehouse; "
                f"{nearest(name, TABLES)}"
            )
    said, read = {*model.refs, *model.sources}, tables_of(model.tree)
    if said != read:
        names = ", ".join(sorted(said ^ read))
        raise VlclipError(
            f"{model.file}: what it reads and what it names by ref or source differ in {names}"
        )


def _ordered(named: dict[str, Model]) -> list[str]:
    try:
        return list(TopologicalSorter({name: named[name].refs for name in named}).static_order())
    except CycleError as error:
        circle = error.args[1][::-1]  # graphlib lists it from what is read to who reads it
        path = " → ".join(named[name].file for name in circle)
        raise VlclipError(f"these models refer to each other in a circle: {path}") from None
