"""The log of stages: what each artifact was made from, what that did, how long it took.

A line is written when an artifact of one product type is finished. From the lines follows
what is out of date: an artifact whose inputs, as they stand now, differ from those its last
line names. Nothing here knows how an artifact is computed, or Dagster.
"""

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from vlclip_dagster.hashing import row_key
from vlclip_dagster.warehouse import Counts, Warehouse

CODE = "code"  # the name under which the step's own version stands among its inputs


@dataclass(frozen=True)
class StageRun:
    """The last line of one (asset, product type); ``slug`` is None for an asset for all types."""

    asset: str
    slug: str | None
    counts: Counts
    rows: int
    seconds: float
    output_version: str
    inputs: Mapping[str, str]
    finished_at: str
    usd: float | None = 0.0


class StageLog:
    """Reads and writes the log; a reading is a snapshot, taken when the object is made.

    Args:
        warehouse: whose log.
        where: which lines to read (see ``Table.read``); all of them if None.
    """

    def __init__(self, warehouse: Warehouse, where: str | None = None) -> None:
        self._table = warehouse.table("stage_runs")
        self._lines = self._table.read(where=where)
        self._latest = _latest(self._lines)

    def last(self, asset: str, slug: str | None) -> StageRun | None:
        """The newest line of ``asset`` for ``slug``, or None when it was never finished."""
        return self._latest.get((asset, slug))

    def all_of(self, asset: str) -> list[StageRun]:
        """The newest line of every product type of ``asset``."""
        return [run for (name, _), run in sorted(self._latest.items(), key=str) if name == asset]

    def cost(self) -> pl.DataFrame:
        """What the newest run that computed something cost, summed over product types.

        Returns:
            Columns ``asset``, ``rows`` (held), ``computed``, ``seconds``; one row per asset in the
            order of finishing.
        """
        worked = self._lines.filter(pl.col("computed") > 0).sort("finished_at")
        newest = worked.group_by("asset", "slug", maintain_order=True).last()
        return newest.group_by("asset", maintain_order=True).agg(
            pl.col("rows", "computed", "seconds").sum()
        )

    def inputs(
        self, code: str, deps: Iterable[str], slug: str | None, slugs: Iterable[str]
    ) -> dict[str, str]:
        """Versions of everything that the artifact of ``slug`` is made from, as of now.

        Args:
            code: version of the step and fingerprint of its settings.
            deps: the assets it reads.
            slug: its product type; None reads the types ``slugs`` of each partitioned asset.
            slugs: the product types that exist.
        """
        versions = {CODE: code}
        for dep in deps:
            single = self.last(dep, slug) or self.last(dep, None)
            if single is not None:
                versions[dep] = single.output_version
            elif slug is None:
                runs = {key: self.last(dep, key) for key in sorted(slugs)}
                versions[dep] = row_key({k: r.output_version for k, r in runs.items() if r})
        return versions

    def record(
        self,
        asset: str,
        slug: str | None,
        counts: Counts,
        *,
        seconds: float,
        output_version: str,
        inputs: Mapping[str, str],
        usd: float | None = 0.0,
    ) -> None:
        """Append a line for an artifact that was just finished; ``usd`` is what it was charged."""
        rows = counts.kept + counts.computed + counts.failed
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        self.append(
            [StageRun(asset, slug, counts, rows, seconds, output_version, inputs, now, usd)]
        )

    def append(self, runs: Iterable[StageRun]) -> None:
        """Append lines in one commit."""
        lines = [
            {
                "run_id": uuid.uuid4().hex,
                "key": run.output_version,
                "asset": run.asset,
                "slug": run.slug,
                "rows": run.rows,
                "seconds": run.seconds,
                "usd": run.usd,
                "inputs": json.dumps(run.inputs, sort_keys=True),
                "finished_at": run.finished_at,
                **run.counts.as_dict(),
            }
            for run in runs
        ]
        if lines:
            self._table.append(
                pl.DataFrame(lines, schema_overrides={"slug": pl.String, "usd": pl.Float64})
            )


def why_stale(last: StageRun | None, inputs: Mapping[str, str]) -> str | None:
    """Say in a few words why an artifact is out of date; None when it is up to date."""
    if last is None:
        return "never built"
    changed = [name for name in inputs if last.inputs.get(name) != inputs[name]]
    if CODE in changed:
        return "its settings or its code changed"
    if changed:
        return f"{' and '.join(changed)} changed"
    return f"{last.counts.failed} rows failed" if last.counts.failed else None


def _latest(lines: pl.DataFrame) -> dict[tuple[str, str | None], StageRun]:
    newest = lines.sort("finished_at").group_by("asset", "slug", maintain_order=True).last()
    return {(row["asset"], row["slug"]): _stage_run(row) for row in newest.iter_rows(named=True)}


def _stage_run(row: Mapping[str, Any]) -> StageRun:
    return StageRun(
        asset=row["asset"],
        slug=row["slug"],
        counts=Counts(row["kept"], row["computed"], row["deleted"], row["failed"]),
        rows=row["rows"],
        seconds=row["seconds"],
        output_version=row["key"],
        inputs=json.loads(row["inputs"]),
        finished_at=row["finished_at"],
        usd=row["usd"],
    )
