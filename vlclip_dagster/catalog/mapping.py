"""Mapping files: what a shop's feed calls the columns and product types that are read here.

What belongs here: the schema of a mapping file, and a sentence for each mistake in one. What
does not: applying it to rows (``columns``, ``schema``).
"""

import codecs
import difflib
import itertools
import tomllib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, field_validator

from vlclip_dagster.catalog.columns import READ, check_template, column_name, is_template
from vlclip_dagster.catalog.slug import slugify
from vlclip_dagster.errors import VlclipError

MAPPING = "mapping.toml"
"""The mapping file that is found by its name beside a feed."""


class FeedKind(StrEnum):
    """The kinds of feed that are read; any but parquet may be packed with gzip or zstd."""

    CSV = "csv"
    JSONL = "jsonl"
    JSON = "json"
    XML = "xml"
    PARQUET = "parquet"
    ABO = "abo"


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class FeedMapping(BaseModel):
    """How one shop's feed is read.

    Attributes:
        format: the kind of feed, where it should not be recognised.
        encoding: Python's name of the text encoding, where it should not be recognised.
        columns: our column → the feed's column, or several of which the first that is filled
            in counts; ``images/{id}.jpg`` composes a value of columns.
        constants: our column → its value in rows that have none.
        product_types: product type as people read it → the feed's types that are merged in it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: FeedKind | None = None
    encoding: str | None = None
    columns: dict[str, Names] = {}
    constants: dict[str, str] = {}
    product_types: dict[str, Names] = {}

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, encoding: str | None) -> str | None:
        try:
            if encoding is None or codecs.lookup(encoding)._is_text_encoding:
                return encoding
        except LookupError:
            pass
        raise ValueError(f"'{encoding}' is no text encoding that Python knows, such as shift_jis")

    @field_validator("columns", "constants")
    @classmethod
    def _are_columns(cls, columns: dict[str, Any]) -> dict[str, Any]:
        for name in columns:
            if column_name(name) != name:
                raise ValueError(f"'{name}' is no column name: write '{column_name(name)}'")
            meant = difflib.get_close_matches(name, READ, n=1, cutoff=0.75)
            if name not in READ and meant:
                raise ValueError(f"'{name}' is not a column that is read: did you mean {meant[0]}?")
        return columns

    @field_validator("columns")
    @classmethod
    def _are_composed(cls, columns: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for header in filter(is_template, itertools.chain(*columns.values())):
            check_template(header)
        return columns

    @field_validator("product_types")
    @classmethod
    def _merge_once(cls, types: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        merged: dict[str, str] = {}
        for into, others in types.items():
            for other in others:
                if merged.setdefault(slugify(other), into) != into:
                    first = merged[slugify(other)]
                    raise ValueError(f"'{other}' can't be merged into both '{first}' and '{into}'")
        return types

    def type_names(self) -> dict[str, str]:
        """Key of each merged product type → the name that it goes by."""
        return {
            slugify(other): into for into, others in self.product_types.items() for other in others
        }


def load_mapping(path: Path) -> FeedMapping:
    """Read a mapping file (TOML).

    Raises:
        VlclipError: it is absent, or holds mistakes; one sentence for each.
    """
    try:
        return FeedMapping.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise VlclipError(f"the mapping {path} can't be read ({reason})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise VlclipError(f"the mapping {path} is not valid TOML: {error}") from error
    except ValidationError as error:
        told = "; ".join(_sentences(error))
        raise VlclipError(f"the mapping {path} can't be used: {told}") from error


def mapping_beside(folder: Path) -> FeedMapping:
    """The mapping that lies in ``folder``, or one that says nothing.

    Raises:
        VlclipError: see ``load_mapping``.
    """
    path = folder / MAPPING
    return load_mapping(path) if path.is_file() else FeedMapping()


def chosen_mapping(folder: Path, path: Path | None, kind: str | None) -> FeedMapping:
    """The mapping of ``path``, else the one in ``folder``; ``kind`` overrides its format.

    Raises:
        VlclipError: there is no such format; or see ``load_mapping``.
    """
    mapping = load_mapping(path) if path else mapping_beside(folder)
    if kind is None:
        return mapping
    try:
        return mapping.model_copy(update={"format": FeedKind(kind.lower())})
    except ValueError:
        known = ", ".join(FeedKind)
        raise VlclipError(f"'{kind}' is no format of a feed; choose one of {known}.") from None


def _sentences(error: ValidationError) -> Iterator[str]:
    for mistake in error.errors():
        where = ".".join(str(step) for step in mistake["loc"])
        if mistake["type"] == "extra_forbidden":
            known = ", ".join(FeedMapping.model_fields)
            yield f"'{where}' is not one of {known}"
        else:
            what = mistake["msg"].removeprefix("Value error, ")
            yield f"{where}: {what[:1].lower()}{what[1:]}"
