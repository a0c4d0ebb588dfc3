"""Rows that lie on disk between reading a feed and storing its products.

What belongs here: frames written one after another and read back in parts, so that memory holds
a batch and never a feed. What does not: what the rows mean.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl

PLACE = {"part": pl.UInt32, "row": pl.UInt32}
"""Where a row lies in a spool."""


class Spool:
    """Frames of one schema in a temporary folder, which goes when the spool does."""

    def __init__(self, schema: dict[str, pl.DataType | type[pl.DataType]]) -> None:
        self._schema = schema
        self._folder = tempfile.TemporaryDirectory(prefix="vlclip-")
        self._parts: list[Path] = []
        self.height = 0

    def add(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Write ``rows``; returns the place (``PLACE``) of each."""
        part = len(self._parts)
        file = Path(self._folder.name, f"{part}.arrow")
        rows.select(self._schema.keys()).write_ipc(file)
        self._parts.append(file)
        self.height += len(rows)
        return pl.DataFrame(
            {"part": pl.repeat(part, len(rows), eager=True), "row": range(len(rows))}, schema=PLACE
        )

    def read(self, places: pl.DataFrame) -> pl.DataFrame:
        """The rows at ``places``, in that order."""
        wanted = places.select(PLACE.keys()).with_row_index("order")
        found = [pl.DataFrame(schema=self._schema)]
        orders = [wanted["order"].clear()]
        for (part,), group in wanted.partition_by("part", as_dict=True).items():
            stored, chosen = self._part(int(part)), group["row"]
            first, last = int(chosen[0]), int(chosen[-1])
            is_run = last - first + 1 == len(chosen) and chosen.is_sorted()
            found.append(stored.slice(first, len(chosen)) if is_run else stored[chosen])
            orders.append(group["order"])
        rows, order = pl.concat(found), pl.concat(orders)
        return rows if order.is_sorted() else rows[order.arg_sort()]

    def __iter__(self) -> Iterator[pl.DataFrame]:
        return map(self._part, range(len(self._parts)))

    def _part(self, part: int) -> pl.DataFrame:
        return pl.read_ipc(self._parts[part])
