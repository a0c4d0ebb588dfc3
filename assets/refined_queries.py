"""``refined_queries``: each product's text turned into a short visual query.

The key is made of the text fields alone, so a new photograph or price refines nothing again.
"""

import dagster as dg
import polars as pl

from assets.stage import Stage, sample_table, user_errors
from resources.refiner import RefinerResource
from resources.warehouse import WarehouseResource
from vlclip_dagster.hashing import row_key
from vlclip_dagster.partitions import product_types
from vlclip_dagster.refinement.loop import refine_all
from vlclip_dagster.refinement.texts import plain_texts
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
# A wave holds this many products, so that an endpoint is asked for many answers at once.
WAVE_ROWS = 256


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
    backend = refiner.backend()
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
    queries = table.read(["item_id", "query", "converged", "rounds", "source", "words", "error"])
    return stage.result(counts, table.data_version(), _shown(queries, products))


def wanted_queries(products: pl.DataFrame, fingerprint: str) -> pl.DataFrame:
    """The products to refine, keyed by their text fields and the backend's fingerprint."""
    good = products.filter(pl.col("error").is_null()).drop("error")
    key = pl.struct(TEXT_FIELDS).map_elements(
        lambda text: row_key(fingerprint, text), return_dtype=pl.String
    )
    return good.with_columns(key=key)


def refine_rows(rows: pl.DataFrame, backend: Backend, max_rounds: int) -> pl.DataFrame:
    """Refine a wave of wanted rows into rows of the table ``refined_queries``."""
    texts = [ProductText.from_row(row) for row in rows.iter_rows(named=True)]
    refined = refine_all(texts, backend, max_rounds=max_rounds)
    lines = [_line(text, query) for text, query in zip(texts, refined, strict=True)]
    return rows.select("item_id", "key").hstack(
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


def _shown(queries: pl.DataFrame, products: pl.DataFrame) -> dict[str, object]:
    """Convergence, rounds, and the raw text beside the refined query."""
    if queries.is_empty():
        return {}
    examples = queries.sort("item_id").join(
        products.select("item_id", "title", "description"), on="item_id"
    )
    rounds = queries.group_by("rounds").len().sort("rounds")
    return {
        "converged": int(queries["converged"].sum()),
        "mean_words": round(float(queries["words"].mean() or 0), 2),  # type: ignore[arg-type]
        "rounds": ", ".join(f"{number}: {count}" for number, count in rounds.iter_rows()),
        "raw_beside_refined": sample_table(
            examples.select("title", "description", "query", "rounds").rows(named=True)
        ),
    }
