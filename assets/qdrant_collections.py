"""``qdrant_collections``: one searchable collection per product type.

One point per canonical photograph: products that share it are its variants, so that a
duplicate stays findable. What is stored is asked of the index itself, not remembered beside
it, so a kill between the two can't make them disagree.
"""

import json
from typing import TYPE_CHECKING

import dagster as dg
import polars as pl

from assets.stage import Stage, picture, sample_table, user_errors
from resources.encoder import EncoderResource
from resources.index import IndexResource
from resources.warehouse import WarehouseResource
from vlclip_dagster.hashing import row_key
from vlclip_dagster.images.sheet import contact_sheet
from vlclip_dagster.index.types import VectorIndex
from vlclip_dagster.partitions import product_types
from vlclip_dagster.warehouse import EMPTY_VERSION, Counts, Warehouse, data_version, each, refresh

if TYPE_CHECKING:
    from vlclip_dagster.encoder.embed import Encoder

PAYLOAD = (
    "item_id",
    "id",
    "shop",
    "item_group_id",
    "title",
    "query",
    "product_type",
    "slug",
    "gender",
    "age_group",
    "color",
    "material",
    "pattern",
    "brand",
    "price",
    "currency",
    "link",
    "photo_id",
    "canonical_id",
    "variants",
)
RESULTS_SHOWN = 5
POINT_BATCH = 1024


@dg.asset(
    partitions_def=product_types,
    deps=["embeddings", "raw_catalog"],
    group_name="search",
    kinds={"qdrant"},
)
@user_errors
def qdrant_collections(
    context: dg.AssetExecutionContext,
    warehouse: WarehouseResource,
    encoder: EncoderResource,
    index: IndexResource,
) -> dg.MaterializeResult:
    """One point per canonical photograph: image and text vector, and what a filter reads.

    A product type that left the catalog loses its collection; it comes back with the type.
    """
    home = warehouse.open()
    stage = Stage(context, home)
    slug = context.partition_key
    vectors = index.index()
    if slug not in stage.slugs:
        counts = Counts(deleted=vectors.count(slug))
        vectors.retire(slug)
        return stage.result(counts, EMPTY_VERSION, {"points": 0})
    checkpoint = warehouse.checkpoints().require_current()
    model = encoder.load(checkpoint.folder)
    wanted = wanted_points(home, slug, vectors.fingerprint)
    collection = vectors.collection(slug, checkpoint.fingerprint, model.dim)
    counts = refresh(
        collection,
        wanted,
        each(lambda rows: rows),
        label=f"collection of {slug}",
        batch_rows=POINT_BATCH,
    )
    version = data_version(wanted.select("item_id", "key"))
    shown = {"points": vectors.count(slug), "checkpoint": checkpoint.fingerprint}
    return stage.result(counts, version, shown | _example(home, slug, wanted, vectors, model))


def wanted_points(home: Warehouse, slug: str, fingerprint: str) -> pl.DataFrame:
    """The points of a collection: ``item_id``, ``key``, ``image``, ``text``, ``payload`` (JSON)."""
    products = home.table("raw_catalog", slug).read()
    queries = home.table("refined_queries", slug).read(["item_id", "query"])
    rows = home.table("embeddings", slug).read(
        ["item_id", "canonical_id", "image", "text", "image_key", "text_key", "error"]
    )
    embedded = rows.filter(pl.col("error").is_null()).drop("error")
    known = (
        embedded.join(products.drop("key", "error"), on="item_id")
        .join(queries, on="item_id")
        .with_columns(photo_id=pl.format("{}#0", "item_id"))
        .sort(pl.col("photo_id") != pl.col("canonical_id"), "item_id")
    )
    points = known.group_by("canonical_id", maintain_order=True).agg(
        pl.exclude("canonical_id").first(), pl.col("item_id").sort().alias("variants")
    )
    payload = [
        json.dumps({name: row[name] for name in PAYLOAD if row[name] is not None}, sort_keys=True)
        for row in points.select(PAYLOAD).iter_rows(named=True)
    ]
    halves = points.select("image_key", "text_key").iter_rows()
    keys = [row_key(fingerprint, *both, text) for both, text in zip(halves, payload, strict=True)]
    columns = points.select("item_id", "image", "text")
    return columns.with_columns(
        payload=pl.Series(payload, dtype=pl.String), key=pl.Series(keys, dtype=pl.String)
    )


def _example(
    home: Warehouse, slug: str, points: pl.DataFrame, index: VectorIndex, model: "Encoder"
) -> dict[str, dg.MetadataValue]:
    """A query of this type with its five results, as a picture."""
    if points.is_empty():
        return {}
    first = points.sort("item_id").row(0, named=True)
    query = json.loads(first["payload"])["query"]
    hits = index.search([slug], model.encode_texts([query])[0], k=RESULTS_SHOWN)
    photographs = home.table("photographs", slug)
    ids = [hit.payload["canonical_id"] for hit in hits]
    images = photographs.read(["rendition"], ids)["rendition"].to_list()
    captions = [f"{hit.score:.2f} {hit.payload['title']}" for hit in hits]
    sheet = contact_sheet(images, captions, columns=RESULTS_SHOWN)
    listed = [
        {"score": round(hit.score, 3), "item": hit.item_id, "title": hit.payload["title"]}
        for hit in hits
    ]
    return {
        "example_query": dg.MetadataValue.text(query),
        "results": sample_table(listed),
        "results_picture": picture(sheet, query),
    }
