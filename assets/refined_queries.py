"""``refined_queries``: each product's text turned into a short visual query.

The key is made of the text fields alone, so a new photograph or price refines nothing again. What
counts as failed here is a query that stands in until its backend can be asked.
"""

import json
from dataclasses import replace
from typing import Any

import dagster as dg
import polars as pl

from assets.stage import Stage, picture, sample_table, user_errors
from resources.refiner import RefinerResource
from resources.warehouse import WarehouseResource
from vlclip_dagster.hashing import row_key
from vlclip_dagster.partitions import product_types
from vlclip_dagster.refinement.gate import GATED
from vlclip_dagster.refinement.histogram import bars
from vlclip_dagster.refinement.loop import refine_all
from vlclip_dagster.refinement.rules import RuleBackend
from vlclip_dagster.refinement.texts import TEXTS_VERSION, plain_texts
from vlclip_dagster.refinement.types import Backend, ProductText, RefinedQuery
from vlclip_dagster.warehouse import each, refresh

TEXT_FIELDS = (
    "product_type",
    "gender",
    "age_group",
    "title",
    "description",
    "color",
    "material",
    "pattern",
    "brand",
    "attributes",
)
# A wave holds this many products: an endpoint is asked for many answers at once, and a batch is
# worth its day. Answers are kept as they arrive, so a kill costs a wave no more than its time.
WAVE_ROWS = 2048
SHOWN = 10


@dg.asset(
    partitions_def=product_types,
    deps=["raw_catalog"],
    group_name="texts",
    kinds={"lance", "openai"},
    pool="llm_api",
)
@user_errors
def refined_queries(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, refiner: RefinerResource
) -> dg.MaterializeResult:
    """One row per product: summarised, then evaluated and refined up to five times."""
    home = warehouse.open()
    stage = Stage(context, home)
    slug = context.partition_key
    settings = refiner.refinement_settings()
    backend = refiner.backend(slug)
    products = home.table("raw_catalog", slug).read(["item_id", "error", *TEXT_FIELDS])
    wanted = wanted_queries(products, f"{backend.fingerprint}/{settings.max_rounds}")
    table = home.table("refined_queries", slug)
    counts = refresh(
        table,
        wanted,
        each(lambda rows: refine_rows(rows, backend, settings.max_rounds)),
        label=f"queries of {slug}",
        batch_rows=WAVE_ROWS,
    )
    provisional = wanted.join(table.keys(), on=["item_id", "key"], how="anti").height
    counts = replace(counts, computed=counts.computed - provisional, failed=provisional)
    shown = backend.tally.as_dict() | _shown(table.read(), products, backend.name)
    return stage.result(counts, table.data_version(), shown, backend.tally.usd)


def wanted_queries(products: pl.DataFrame, fingerprint: str) -> pl.DataFrame:
    """The products to refine, keyed by their text fields and the backend's fingerprint."""
    good = products.filter(pl.col("error").is_null()).drop("error")
    return good.with_columns(key=_keys(fingerprint))


def _keys(fingerprint: str) -> pl.Expr:
    return pl.struct(TEXT_FIELDS).map_elements(
        lambda text: row_key(fingerprint, TEXTS_VERSION, text), return_dtype=pl.String
    )


def refine_rows(rows: pl.DataFrame, backend: Backend, max_rounds: int) -> pl.DataFrame:
    """Refine a wave of wanted rows into rows of the table ``refined_queries``.

    A query that the rules wrote because the backend could not be asked carries the rules' key:
    the next run finds it out of date and asks again.
    """
    texts = [ProductText.from_row(row) for row in rows.iter_rows(named=True)]
    refined = refine_all(texts, backend, max_rounds=max_rounds)
    lines = [_line(text, query) for text, query in zip(texts, refined, strict=True)]
    provisional = pl.Series([query.provisional for query in refined], dtype=pl.Boolean)
    keyed = rows.with_columns(
        pl.when(provisional).then(_keys(RuleBackend().fingerprint)).otherwise("key").alias("key")
    )
    return keyed.select("item_id", "key").hstack(
        pl.DataFrame(lines, schema_overrides={"note": pl.String, "texts": pl.List(pl.String)})
    )


def _line(text: ProductText, refined: RefinedQuery) -> dict[str, object]:
    return {
        "query": refined.query,
        "summary": refined.summary,
        "converged": refined.converged,
        "rounds": refined.rounds,
        "source": refined.source,
        "words": refined.words,
        "history": refined.history_json(),
        "note": refined.note,
        "texts": plain_texts(text),
    }


def _shown(queries: pl.DataFrame, products: pl.DataFrame, backend: str) -> dict[str, Any]:
    """Convergence, rounds, and the raw text beside the refined query."""
    if queries.is_empty():
        return {}
    rounds = {int(number): count for number, count in queries["rounds"].value_counts().rows()}
    examples = queries.sort("item_id").join(
        products.select("item_id", "title", "description"), on="item_id"
    )
    # Those with the longest way first: they show what the loop does.
    telling = examples.sort("rounds", descending=True, maintain_order=True)
    return {
        "not_converged": int((~queries["converged"]).sum()),
        "fallbacks": int((queries["source"] != backend).sum()),
        "gate_refusals": int(queries["note"].str.contains(GATED, literal=True).sum()),
        "mean_words": round(float(queries["words"].mean() or 0), 2),  # type: ignore[arg-type]
        "rounds": picture(bars(rounds, "products by rounds"), "rounds", "image/svg+xml"),
        "raw_beside_refined": sample_table(
            examples.select("title", "description", "query", "rounds").rows(named=True)
        ),
        "history": sample_table([_told(row) for row in telling.head(SHOWN).rows(named=True)]),
    }


def _told(row: dict[str, Any]) -> dict[str, str]:
    """How one query came about, step by step."""
    steps = [f"{one['action']} {one['attribute']}".strip() for one in json.loads(row["history"])]
    return {
        "title": row["title"],
        "summary": row["summary"],
        "verdicts": " → ".join(steps),
        "query": row["query"],
        "note": row["note"] or "",
    }
