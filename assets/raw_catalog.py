"""``raw_catalog``: the valid products of one type, with clean text and known attributes."""

import dagster as dg
import polars as pl

from assets.stage import Stage, sample_table, user_errors
from resources.warehouse import WarehouseResource
from vlclip_dagster.partitions import product_types
from vlclip_dagster.warehouse import any_of, each, refresh

CATALOG_ROWS = 25_000  # per commit: text alone, so many fit
SHOWN = ("id", "title", "gender", "color", "material", "pattern", "price", "currency")


@dg.asset(
    partitions_def=product_types, deps=["landed"], group_name="catalog", kinds={"lance", "polars"}
)
@user_errors
def raw_catalog(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource
) -> dg.MaterializeResult:
    """One row per product of this type, over all shops."""
    home = warehouse.open()
    stage = Stage(context, home)
    slug = context.partition_key
    wanted = home.table("landed").read(where=any_of("slug", [slug])).drop("error")
    table = home.table("raw_catalog", slug)
    counts = refresh(
        table, wanted, each(lambda rows: rows), label=f"catalog of {slug}", batch_rows=CATALOG_ROWS
    )
    rejected = home.table("rejected_products").read(["slug", "reasons"])
    mine = rejected.filter(pl.col("slug") == slug)
    reasons = mine.explode("reasons").group_by("reasons").len().sort("len", descending=True)
    shown = {
        "product_type": stage.slugs.get(slug, slug),
        "shops": ", ".join(sorted(wanted["shop"].unique())),
        "rejected": mine.height,
        "products": sample_table(wanted.sort("item_id").select(SHOWN).rows(named=True)),
    }
    if mine.height:
        shown["rejected_because"] = sample_table(reasons.rows(named=True))
    return stage.result(counts, table.data_version(), shown)
