"""What the eight assets share: one materialization, from its start to what people see of it.

Nothing of the method belongs here; the assets call it and hand their counts over.
"""

import base64
import functools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

import dagster as dg
import polars as pl

from resources.warehouse import WarehouseResource
from vlclip_dagster.alone import alone
from vlclip_dagster.disk import disk_troubles_told
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.stages import StageLog
from vlclip_dagster.transient import is_transient
from vlclip_dagster.warehouse import Counts, Warehouse

P = ParamSpec("P")
R = TypeVar("R")
RETRIES = 3
FIRST_WAIT_S = 10.0
SAMPLE_ROWS = 10  # rows shown in a metadata table: enough to judge by, small enough to store


class Stage:
    """One materialization of one asset and product type; made when the work starts.

    The inputs are noted at the start: what arrives while it runs makes the artifact out of
    date again instead of slipping in unseen.
    """

    def __init__(self, context: dg.AssetExecutionContext, warehouse: Warehouse) -> None:
        self._started = time.monotonic()
        self._log = StageLog(warehouse)
        self.asset = context.asset_key.to_python_identifier()
        self.slug = context.partition_key if context.has_partition_key else None
        self.slugs = registered_types(warehouse)
        definition = context.assets_def
        self._inputs = self._log.inputs(
            code=definition.code_versions_by_key[context.asset_key] or "",
            deps=sorted(key.to_python_identifier() for key in definition.dependency_keys),
            slug=self.slug,
            slugs=self.slugs,
        )

    def result(
        self,
        counts: Counts,
        output_version: str,
        metadata: Mapping[str, Any] | None = None,
        usd: float | None = 0.0,
    ) -> dg.MaterializeResult:
        """Record the stage and build what Dagster keeps of it.

        Args:
            counts: what the refresh did.
            output_version: content hash of the artifact; becomes its DataVersion.
            metadata: tables, pictures and figures beside the counts.
            usd: what an endpoint charged for it, in US dollars; None if its price is not known.
        """
        seconds = round(time.monotonic() - self._started, 3)
        self._log.record(
            self.asset,
            self.slug,
            counts,
            seconds=seconds,
            output_version=output_version,
            inputs=self._inputs,
            usd=usd,
        )
        told = {
            name: round(value, 3) if isinstance(value, float) else value
            for name, value in (metadata or {}).items()
        }
        shown = {
            "dagster/row_count": counts.kept + counts.computed,
            **counts.as_dict(),
            "seconds": seconds,
            **told,
        }
        return dg.MaterializeResult(metadata=shown, data_version=dg.DataVersion(output_version))


def user_errors(function: Callable[P, R]) -> Callable[P, R]:
    """Let a step run alone, try again what passes by itself, and fail with a user's sentence.

    A server that is away or a lock that is held is asked for again after ``FIRST_WAIT_S``, twice
    that, and so on; a user's mistake is told at once, without a stack trace.
    """

    @functools.wraps(function)
    def telling(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with _alone(kwargs.get("warehouse")):
                return function(*args, **kwargs)
        except Exception as error:
            if is_transient(error):
                _try_again_later(error)
            if isinstance(error, VlclipError):
                raise dg.Failure(str(error), allow_retries=False) from None
            raise

    return telling


@contextmanager
def _alone(warehouse: object) -> Iterator[None]:
    """One run of a step and product type at a time; a second one waits.

    Then it finds everything done. Unserialised, both would pay for the same rows and trainings.
    What has no warehouse writes nothing.
    """
    if not isinstance(warehouse, WarehouseResource):
        yield
        return
    context = dg.OpExecutionContext.get()
    partition = context.partition_key if context.has_partition_key else "all"
    with (
        disk_troubles_told(warehouse.home),
        alone(warehouse.home, f"{context.op_def.name}-{partition}"),
    ):
        yield


def _try_again_later(error: Exception) -> None:
    """Ask Dagster for another attempt, unless this was the last one."""
    tried = dg.OpExecutionContext.get().retry_number
    if tried < RETRIES:
        wait = FIRST_WAIT_S * 2**tried
        raise dg.RetryRequested(max_retries=RETRIES, seconds_to_wait=wait) from error


def registered_types(warehouse: Warehouse) -> dict[str, str]:
    """The product types that some shop sells: slug → display name, sorted by slug."""
    return _types(warehouse, pl.col("retired_at").is_null())


def retired_types(warehouse: Warehouse) -> dict[str, str]:
    """The product types that left the catalog: slug → display name, sorted by slug."""
    return _types(warehouse, pl.col("retired_at").is_not_null())


def _types(warehouse: Warehouse, which: pl.Expr) -> dict[str, str]:
    rows = warehouse.table("product_types").read(["slug", "product_type", "retired_at"])
    return dict(rows.filter(which).sort("slug").select("slug", "product_type").iter_rows())


def picture(data: bytes, alt: str, media_type: str = "image/jpeg") -> dg.MetadataValue:
    """A picture that the Dagster UI shows in place; ``data`` is an encoded image."""
    encoded = base64.b64encode(data).decode("ascii")
    return dg.MetadataValue.md(f"![{_markdown_safe(alt)}](data:{media_type};base64,{encoded})")


def sample_table(rows: Sequence[Mapping[str, Any]]) -> dg.MetadataValue:
    """The first rows as a table in the UI; cells are text, shortened and harmless."""
    shown = rows[:SAMPLE_ROWS]
    if not shown:
        return dg.MetadataValue.md("none")
    names = list(shown[0])
    lines = [" | ".join(names), " | ".join("---" for _ in names)]
    lines += [" | ".join(_markdown_safe(str(row[name])) for name in names) for row in shown]
    return dg.MetadataValue.md("\n".join(f"| {line} |" for line in lines))


def _markdown_safe(text: str) -> str:
    """Product text inside Markdown: no markup, no line breaks, no links, at most 240 characters."""
    shortened = text if len(text) <= 240 else text[:239] + "…"
    escaped = shortened.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join("\\" + c if c in "\\`*_{}[]()#+!|~" else c for c in escaped.replace("\n", " "))
