"""Tables of the warehouse and ``refresh``, the one way a row-wise asset is built.

One Lance dataset per (asset, product type) under ``$VLCLIP_HOME``: each write is one atomic
commit, so a reader sees the table before it or after it, never half of it. What the columns
mean is in ``tables``; how a row is computed is the business of the assets.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import polars as pl

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.progress import report
from vlclip_dagster.storage import lance_options
from vlclip_dagster.tables import TABLES, TableSchema

if TYPE_CHECKING:
    import lance

# Readers that opened an old version keep it for this long after a newer one replaced it.
OLD_VERSION_GRACE = timedelta(hours=1)
# Below this many fragments a scan costs nothing that compaction would win back.
FRAGMENTS_BEFORE_COMPACTION = 12
# Tells Lance by which column it sees that two writers insert the same row; the later one tries
# again and finds the row there.
PRIMARY_KEY = {"lance-schema:unenforced-primary-key": "true"}


class RowStore(Protocol):
    """Where ``refresh`` keeps rows: a warehouse table, or a vector collection being built."""

    id_column: str

    def keys(self) -> pl.DataFrame:
        """What is stored now: columns ``<id_column>``, ``key``, ``failed`` (bool)."""

    def upsert(self, rows: pl.DataFrame) -> None:
        """Insert or replace rows, atomically."""

    def delete(self, ids: Sequence[str]) -> None:
        """Remove rows, atomically; ids that are not there are ignored."""

    def finish(self) -> None:
        """Tidy up after the last write of a refresh; publish, where readers see copies."""


class Table:
    """One Lance dataset, addressed by the id column that its schema names."""

    def __init__(self, uri: str, schema: TableSchema) -> None:
        self.uri = uri
        self.schema = schema
        self.id_column = schema.id_column

    def read(
        self,
        columns: Sequence[str] | None = None,
        ids: Sequence[str] | None = None,
        where: str | None = None,
    ) -> pl.DataFrame:
        """Read rows as a frame: all of them, those that fit ``where``, or ``ids`` in order.

        A table that was never written reads as empty; an id that is not stored reads as a row
        of nulls, so that the result always lines up with ``ids``.
        """
        names = list(columns) if columns is not None else list(self.schema.columns)
        if ids is None:
            return self._scan(names, where)
        wanted = list(dict.fromkeys([self.id_column, *names]))
        order = pl.DataFrame({self.id_column: list(ids)}, schema={self.id_column: pl.String})
        found = "false" if order.is_empty() else any_of(self.id_column, ids)
        rows = self._scan(wanted, found)
        return order.join(rows, on=self.id_column, how="left", maintain_order="left").select(names)

    def good(self, columns: Sequence[str]) -> pl.DataFrame:
        """Read ``columns`` and ``key`` of the rows that did not fail."""
        rows = self.read([*columns, "key", "error"])
        return rows.filter(pl.col("error").is_null()).drop("error")

    def keys(self) -> pl.DataFrame:
        """Stored keys: columns ``<id_column>``, ``key``, ``failed``."""
        rows = self.read([self.id_column, "key", "error"])
        return rows.select(self.id_column, "key", failed=pl.col("error").is_not_null())

    def upsert(self, rows: pl.DataFrame) -> None:
        """Insert or replace ``rows`` by id in one commit; missing columns become null."""
        if rows.is_empty():
            return
        arrow = self.schema.conform(rows).to_arrow()
        dataset = self._open_to_write()
        merge = dataset.merge_insert(self.id_column)
        merge.when_matched_update_all().when_not_matched_insert_all().execute(arrow)

    def append(self, rows: pl.DataFrame) -> None:
        """Add ``rows`` without looking for equal ids: for logs, whose ids never repeat.

        A log is tidied up once its fragments have added up, since looking for old versions takes
        longer the more lines were just written.
        """
        dataset = self._open_to_write()
        dataset.insert(self.schema.conform(rows).to_arrow(), mode="append")
        if len(dataset.get_fragments()) > FRAGMENTS_BEFORE_COMPACTION:
            self.finish()

    def delete(self, ids: Sequence[str]) -> None:
        """Remove the rows with ``ids`` in one commit."""
        dataset = self._open()
        if dataset is not None and ids:
            dataset.delete(any_of(self.id_column, ids))

    def finish(self) -> None:
        """Compact small fragments and drop versions older than the grace time."""
        dataset = self._open()
        if dataset is None:
            return
        if len(dataset.get_fragments()) > FRAGMENTS_BEFORE_COMPACTION:
            try:
                dataset.optimize.compact_files()
            except OSError as error:
                # Another run writes at this moment; there is always a next time to compact.
                if "conflict" not in str(error).lower():
                    raise
        dataset.cleanup_old_versions(older_than=OLD_VERSION_GRACE)

    def count(self) -> int:
        """Number of rows, failed ones included."""
        dataset = self._open()
        return 0 if dataset is None else dataset.count_rows()

    def data_version(self) -> str:
        """Hash of the sorted (id, key) pairs of all good rows: equal content, equal version."""
        good = self.keys().filter(~pl.col("failed"))
        return data_version(good.select(self.id_column, "key"))

    def _scan(self, columns: list[str], where: str | None) -> pl.DataFrame:
        dataset = self._open()
        if dataset is None:
            return self.schema.empty().select(columns)
        stored = [name for name in columns if name in dataset.schema.names]
        rows = _to_polars(dataset.to_table(columns=stored or [self.id_column], filter=where))
        return self.schema.conform(rows).select(columns) if len(stored) < len(columns) else rows

    def _open_to_write(self) -> "lance.LanceDataset":
        """Open or create the table, and add columns that came after it was written."""
        dataset = self._open() or self._create()
        declared = self.schema.empty().to_arrow().schema
        missing = [field for field in declared if field.name not in dataset.schema.names]
        if missing:
            dataset.add_columns(missing)
        return dataset

    def _create(self) -> "lance.LanceDataset":
        """Commit the empty table; when another process was faster, open what it wrote."""
        import lance

        empty = self.schema.empty().to_arrow().schema
        key = empty.field(0).with_nullable(False).with_metadata(PRIMARY_KEY)
        try:
            # Not `write_dataset(mode="create")`: the slower of two at once would be replayed as
            # an overwrite, over the rows of the faster. A commit on version 0, tried once,
            # fails instead.
            return lance.LanceDataset.commit(
                self.uri,
                lance.LanceOperation.Overwrite(empty.set(0, key), []),
                read_version=0,
                storage_options=lance_options(self.uri),
                max_retries=0,
            )
        except OSError:
            dataset = self._open()
            if dataset is None:
                raise
            return dataset

    def _open(self) -> "lance.LanceDataset | None":
        import lance

        try:
            return lance.dataset(self.uri, storage_options=lance_options(self.uri))
        except (ValueError, FileNotFoundError) as error:
            if "not found" in str(error).lower():
                return None
            raise VlclipError(
                f"the table at {self.uri} cannot be read ({error}); restore it from a backup, "
                "or delete it to have it built again"
            ) from error


class Warehouse:
    """All tables under one home, a folder or an ``s3://`` prefix."""

    def __init__(self, home: str | Path) -> None:
        self.home = str(home).rstrip("/")

    def table(self, name: str, product_type: str | None = None) -> Table:
        """Open table ``name`` of one product type (its slug), or of all for ``None``.

        Raises:
            KeyError: no table of that name is declared in ``tables``.
        """
        schema = TABLES[name]
        partition = f"product_type={product_type}" if product_type is not None else "all"
        return Table(f"{self.home}/tables/{name}/{partition}.lance", schema)


@dataclass(frozen=True)
class Counts:
    """What one refresh did, in rows. ``computed`` excludes the failed ones."""

    kept: int = 0
    computed: int = 0
    deleted: int = 0
    failed: int = 0

    def as_dict(self) -> dict[str, int]:
        """The four counts by name."""
        return asdict(self)


Compute = Callable[[Iterator[pl.DataFrame]], Iterable[pl.DataFrame]]


def each(function: Callable[[pl.DataFrame], pl.DataFrame]) -> Compute:
    """Turn a function of one batch into a ``Compute`` over all batches."""
    return lambda batches: map(function, batches)


def refresh(
    store: RowStore,
    wanted: pl.DataFrame,
    compute: Compute,
    *,
    label: str,
    batch_rows: int = 64,
    due: Collection[str] = (),
) -> Counts:
    """Bring ``store`` to exactly the rows of ``wanted``, computing only what is missing.

    Args:
        store: a table or a collection.
        wanted: one row per row that should exist: the store's id column, ``key`` (the hash of
            what the row is made from), and whatever ``compute`` needs.
        compute: maps batches of ``wanted`` to finished rows (same ids and keys, an ``error``
            column for those that failed). Each result is committed before the next is drawn.
        label: what progress reports call this work.
        batch_rows: rows per batch, and so per commit.
        due: ids of rows that are computed anew although their key is the wanted one.

    A stored row is kept when its key is the wanted one and it did not fail; failed rows are
    tried again. A kill between two commits loses the batch in flight and nothing else.

    Raises:
        RuntimeError: ``compute`` gave back more rows or fewer than it was asked for.
    """
    stored = store.keys()
    stays = ~pl.col("failed") & ~pl.col(store.id_column).is_in(list(due))
    good = stored.filter(stays).select(store.id_column, "key")
    missing = wanted.join(good, on=[store.id_column, "key"], how="anti")
    gone = stored.join(wanted, on=store.id_column, how="anti")[store.id_column].to_list()

    failed = 0
    report(label, 0, missing.height)
    done = 0
    for rows in compute(missing.iter_slices(batch_rows)):
        store.upsert(rows)
        done += rows.height
        failed += rows.height - rows["error"].null_count() if "error" in rows.columns else 0
        report(label, done, missing.height)
    if done != missing.height:
        raise RuntimeError(f"{label}: {missing.height} rows were asked for and {done} came back")
    store.delete(gone)
    # Also when there was nothing to do: a kill may have come between the last write and this.
    store.finish()
    return Counts(wanted.height - missing.height, done - failed, len(gone), failed)


def data_version(rows: pl.DataFrame) -> str:
    """Hash of (id, key) rows, whatever their order: the DataVersion of one asset partition."""
    item, key = rows.columns
    line = pl.format("{}:{}={};", pl.col(item).str.len_chars(), item, key)
    content = rows.sort(item, key).select(line.str.join("")).item()
    return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()


EMPTY_VERSION = data_version(pl.DataFrame(schema={"id": pl.String, "key": pl.String}))
"""The version of a partition without rows."""


def any_of(column: str, values: Iterable[str]) -> str:
    """A condition for ``Table.read``: the column's value is one of ``values``."""
    return f"{column} IN ({', '.join(map(_quoted, values))})"


def after(column: str, value: str) -> str:
    """A condition for ``Table.read``: the column's value comes after ``value``."""
    return f"{column} > {_quoted(value)}"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _to_polars(table: object) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame
