"""``embeddings``: each product's image vector and text vector by the current checkpoint.

The two halves of a row have keys of their own: a changed title encodes one text, no image.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg
import numpy as np
import polars as pl

from assets.stage import Stage, sample_table, user_errors
from resources.encoder import EncoderResource
from resources.warehouse import WarehouseResource
from vlclip_dagster.hashing import row_key
from vlclip_dagster.partitions import product_types
from vlclip_dagster.warehouse import Table, Warehouse, each, refresh

if TYPE_CHECKING:
    from vlclip_dagster.encoder.embed import Encoder

Vectors = list[np.ndarray | None]
Encode = Callable[[Sequence[str]], np.ndarray]


@dg.asset(
    partitions_def=product_types,
    deps=["grounded_crops", "refined_queries", "finetuned_checkpoint"],
    group_name="model",
    kinds={"lance", "onnx"},
    pool="accelerator",
)
@user_errors
def embeddings(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, encoder: EncoderResource
) -> dg.MaterializeResult:
    """One row per product: its crop and its query as unit vectors."""
    home = warehouse.open()
    stage = Stage(context, home)
    slug = context.partition_key
    checkpoint = warehouse.checkpoints().require_current()
    embedder = Embedder(home, slug, encoder.load(checkpoint.folder))
    wanted, left_out = wanted_embeddings(home, slug, checkpoint.fingerprint)
    table = home.table("embeddings", slug)
    counts = refresh(table, wanted, each(embedder), label=f"embeddings of {slug}")
    shown = {
        "checkpoint": checkpoint.fingerprint,
        "image_vectors_computed": embedder.images,
        "text_vectors_computed": embedder.texts,
        "without_photograph": left_out,
        "image_text_agreement": sample_table(_agreement(table)),
    }
    return stage.result(counts, table.data_version(), shown)


def _agreement(table: Table) -> list[dict[str, Any]]:
    """Cosine of image and text vector: the products whose picture and query agree least."""
    rows = table.read(["item_id", "image", "text"])
    if rows.is_empty():
        return []
    image, text = (np.stack(rows[name].to_list()) for name in ("image", "text"))
    cosine = pl.Series("cosine", (image * text).sum(axis=1)).round(3)
    return rows.select("item_id").with_columns(cosine).sort("cosine").rows(named=True)


def wanted_embeddings(home: Warehouse, slug: str, checkpoint: str) -> tuple[pl.DataFrame, int]:
    """The products that can be embedded with the keys of both halves, and how many can't be."""
    queries = home.table("refined_queries", slug).good(["item_id", "query"])
    crops = home.table("grounded_crops", slug).good(["photo_id"])
    main = home.table("deduped_images", slug).read(["item_id", "position", "canonical_id"])
    joined = (
        queries.drop("key")
        .join(main.filter(pl.col("position") == 0).drop("position"), on="item_id")
        .join(crops.rename({"photo_id": "canonical_id", "key": "crop_key"}), on="canonical_id")
    )
    keyed = joined.with_columns(
        image_key=pl.col("crop_key").map_elements(lambda k: row_key(checkpoint, k), pl.String),
        text_key=pl.col("query").map_elements(lambda q: row_key(checkpoint, q), pl.String),
    )
    halves = pl.struct("image_key", "text_key", "canonical_id")
    wanted = keyed.with_columns(
        key=halves.map_elements(lambda row: row_key(*row.values()), pl.String)
    )
    return wanted.drop("crop_key"), queries.height - wanted.height


class Embedder:
    """Encodes the halves of rows that are not stored yet, and counts them."""

    def __init__(self, home: Warehouse, slug: str, encoder: "Encoder") -> None:
        self._crops = home.table("grounded_crops", slug)
        self._stored = home.table("embeddings", slug)
        self._encoder = encoder
        self.images = 0
        self.texts = 0

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Map wanted rows to rows of the table ``embeddings``."""
        stored = self._stored.read(
            ["image_key", "text_key", "image", "text"], rows["item_id"].to_list()
        )
        image = _reused(rows["image_key"], stored["image_key"], stored["image"])
        text = _reused(rows["text_key"], stored["text_key"], stored["text"])
        self.images += self._fill(image, rows["canonical_id"], self._encode_images)
        self.texts += self._fill(text, rows["query"], self._encoder.encode_texts)
        vectors = {"image": image, "text": text}
        return rows.drop("query").hstack(
            pl.DataFrame(vectors, schema=dict.fromkeys(vectors, pl.List(pl.Float32)))
        )

    def _encode_images(self, canonical_ids: Sequence[str]) -> np.ndarray:
        crops = self._crops.read(["crop"], list(canonical_ids))["crop"]
        return self._encoder.encode_images(crops.to_list())

    @staticmethod
    def _fill(vectors: Vectors, inputs: pl.Series, encode: Encode) -> int:
        """Encode the inputs of the vectors that are None, in place; returns how many."""
        missing = [at for at, vector in enumerate(vectors) if vector is None]
        if missing:
            for at, vector in zip(missing, encode(inputs.gather(missing).to_list()), strict=True):
                vectors[at] = vector
        return len(missing)


def _reused(wanted: pl.Series, stored: pl.Series, vectors: pl.Series) -> Vectors:
    """Stored vectors whose key is the wanted one, None for the others."""
    return [
        vector if key == old else None
        for key, old, vector in zip(wanted, stored, vectors, strict=True)
    ]
