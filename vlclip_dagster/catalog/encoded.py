"""Whole columns as JSON text and as row keys; equal, byte for byte, to doing it row by row.

What belongs here: columnar twins of ``json.dumps`` and ``hashing.row_key``. What does not:
which columns a key is made from.
"""

import hashlib
import json

import polars as pl


def json_object(frame: pl.DataFrame, height: int | None = None) -> pl.Series:
    """Each row as a JSON object of its values that are not null, as ``json.dumps`` writes it.

    Args:
        frame: columns of text.
        height: number of rows, where there may be no column.
    """
    if not frame.width:
        return pl.Series(["{}"] * (len(frame) if height is None else height), dtype=pl.String)
    pairs = [
        pl.when(pl.col(name).is_not_null()).then(
            pl.lit(f"{json.dumps(name, ensure_ascii=False)}: ") + json_text(frame[name])
        )
        for name in frame.columns
    ]
    joined = pl.concat_str(pairs, separator=", ", ignore_nulls=True)
    return frame.select(pl.format("{{{}}}", joined).alias("json"))["json"]


def json_text(values: pl.Series) -> pl.Series:
    """Each value as JSON, in the shortest form and with the letters as they are."""
    if isinstance(values.dtype, pl.Struct):
        return values.struct.json_encode()
    encoded = pl.select(pl.struct(values.alias("v")).struct.json_encode()).to_series()
    return encoded.str.strip_prefix('{"v":').str.strip_suffix("}").alias(values.name)


def row_keys(first: str, *parts: pl.Series) -> pl.Series:
    """``hashing.row_key(first, *parts)`` of each row.

    Args:
        first: the part that all rows share.
        parts: text, numbers, lists, or structs whose fields stand in the order of their names.
    """
    pieces: list[pl.Expr | pl.Series] = [pl.lit(f"[{json.dumps(first, ensure_ascii=False)}")]
    for part in parts:
        pieces += [pl.lit(","), json_text(part)]
    encoded = pl.select(pl.concat_str(*pieces, pl.lit("]"))).to_series().cast(pl.Binary)
    digests = [hashlib.blake2b(row, digest_size=16).digest() for row in encoded.to_list()]
    return pl.Series(digests, dtype=pl.Binary).bin.encode("hex")
