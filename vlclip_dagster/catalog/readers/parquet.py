"""Parquet feeds, also those that hold their photographs, as Hugging Face exports them.

What belongs here: typed columns as text, and photographs as files. What does not: decoding a
photograph (``images``).
"""

import hashlib
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from vlclip_dagster.catalog.readers.json_records import as_text
from vlclip_dagster.catalog.table import BATCH_ROWS, Batch, Source, batch_of

_ROWS_WITH_PHOTOGRAPHS = 500
_PHOTOGRAPH_NAMES = ("image", "img", "picture", "photo")
_BYTES = "bytes"


def read(source: Source) -> Iterator[Batch]:
    """Read a parquet file: numbers as text, nested values as JSON text, photographs as files.

    A column of bytes whose name speaks of an image, or of structs with a field ``bytes``, holds
    photographs; each becomes a file of ``source.store`` that is named by its content. Other
    columns of bytes are left out with a note.

    Raises:
        pyarrow.ArrowException: the file is damaged.
    """
    from pyarrow.parquet import ParquetFile

    with ParquetFile(source.path) as file:
        schema = pl.from_arrow(file.schema_arrow.empty_table()).schema  # type: ignore[union-attr]
        photographs = [name for name, kind in schema.items() if _holds_photographs(name, kind)]
        others = [name for name in schema if name not in photographs]
        for name in [name for name in others if schema[name] == pl.Binary]:
            others.remove(name)
            source.note(f"its column '{name}' holds bytes and was left out")
        columns = others + (photographs if source.store else [])
        rows = _ROWS_WITH_PHOTOGRAPHS if photographs and source.store else BATCH_ROWS
        first = 1
        for arrow in file.iter_batches(rows, columns=columns):
            frame = pl.DataFrame(pl.from_arrow(arrow))
            yield Batch(_rows(source, frame, photographs, first))
            first += len(frame)


def _holds_photographs(name: str, kind: Any) -> bool:
    if isinstance(kind, pl.Struct):
        return any(field.name == _BYTES and field.dtype == pl.Binary for field in kind.fields)
    return bool(kind == pl.Binary) and any(word in name.lower() for word in _PHOTOGRAPH_NAMES)


def _rows(source: Source, frame: pl.DataFrame, photographs: list[str], first: int) -> pl.DataFrame:
    texts = {column.name: _texts(column) for column in frame.drop(photographs, strict=False)}
    rows = batch_of(source, range(first, first + len(frame)), texts)
    if not photographs:
        return rows
    if source.store is None:
        return rows.with_columns(pl.lit(None, pl.String).alias("image_link"))
    kept = zip(*(_links(frame[name], source.store) for name in photographs), strict=True)
    links = [[link for link in links if link] for links in kept]
    return rows.with_columns(
        pl.Series("image_link", [json.dumps(found) if found else None for found in links]),
        root=pl.lit(str(source.store)),
    )


def _links(photographs: pl.Series, store: Path) -> list[str | None]:
    """The link, relative to ``store``, of each photograph; None where there is none."""
    if photographs.dtype != pl.Binary:
        photographs = photographs.struct.field(_BYTES)
    return [None if data is None else _kept(data, store) for data in photographs]


def _kept(data: bytes, store: Path) -> str:
    """Write a photograph under its content's hash, unless it is there; its name in ``store``."""
    digest = hashlib.sha256(data).hexdigest()
    file = store / digest[:2] / digest
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(f".{digest}.{uuid.uuid4().hex}")
        partial.write_bytes(data)
        partial.replace(file)
    return f"{digest[:2]}/{digest}"


def _texts(series: pl.Series) -> list[str | None] | pl.Series:
    if series.dtype.is_nested():
        return [as_text(value) for value in series.to_list()]
    return series.cast(pl.String)
