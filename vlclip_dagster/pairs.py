"""Training pairs out of the warehouse: which picture goes with which text.

All variants of the ablation hold the same products, so that they can share one split.
"""

from collections.abc import Iterable, Sequence

import polars as pl

from vlclip_dagster.evaluation.ablation import Variant
from vlclip_dagster.hashing import row_key
from vlclip_dagster.refinement.texts import raw_text
from vlclip_dagster.warehouse import Warehouse, data_version

PICTURES = {"crop": ("grounded_crops", "crop"), "whole": ("photographs", "rendition")}


class WarehousePairs:
    """Pairs of all product types, pictures read on demand.

    Attributes:
        frame: ``item_id``, ``slug``, ``group`` (item group), ``canonical_id`` (photograph),
            ``query``, ``texts`` (further training texts), ``key`` (what the pair is made from).
    """

    def __init__(self, warehouse: Warehouse, frame: pl.DataFrame, variant: Variant) -> None:
        self._warehouse = warehouse
        self._picture = PICTURES[variant.picture]
        self.frame = frame

    @property
    def version(self) -> str:
        """Hash of all pairs: equal pairs, equal version."""
        return data_version(self.frame.select("item_id", "key"))

    def images(self, indices: Sequence[int]) -> list[bytes]:
        """JPEG bytes of the rows ``indices``, in that order."""
        rows = self.frame.select("slug", "canonical_id")[list(indices)].with_row_index("at")
        pictures: list[bytes] = [b""] * rows.height
        for (slug,), part in rows.group_by(["slug"], maintain_order=True):
            found = self._pictures(str(slug), part["canonical_id"].to_list())
            for at, data in zip(part["at"], found, strict=True):
                pictures[at] = data
        return pictures

    def _pictures(self, slug: str, photo_ids: list[str]) -> Iterable[bytes]:
        """JPEG bytes of photographs of one product type, in that order."""
        table, column = self._picture
        return self._warehouse.table(table, slug).read([column], photo_ids)[column]


def training_pairs(warehouse: Warehouse, slugs: Iterable[str], variant: Variant) -> WarehousePairs:
    """All products that have a crop and a refined query, as pairs of ``variant``."""
    return pairs_of(warehouse, complete_products(warehouse, slugs), variant)


def complete_products(warehouse: Warehouse, slugs: Iterable[str]) -> pl.DataFrame:
    """All products that have a crop and a refined query, with what any variant is made of."""
    frames = [_complete(warehouse, slug) for slug in sorted(slugs)]
    return (pl.concat(frames) if frames else pl.DataFrame(schema=_PRODUCT)).sort("item_id")


def pairs_of(warehouse: Warehouse, products: pl.DataFrame, variant: Variant) -> WarehousePairs:
    """``products``, as ``complete_products`` reads them, as pairs of ``variant``."""
    if variant.text == "raw":
        products = products.with_columns(
            query=pl.struct("raw_title", "raw_description").map_elements(
                lambda row: raw_text(row["raw_title"], row["raw_description"]), pl.String
            ),
            texts=pl.lit([], dtype=pl.List(pl.String)),
        )
    key = pl.struct("group", "query_key", "crop_key").map_elements(
        lambda row: row_key(variant.picture, variant.text, *row.values()), pl.String
    )
    columns = ["item_id", "slug", "group", "canonical_id", "query", "texts", "key"]
    return WarehousePairs(warehouse, products.with_columns(key=key).select(columns), variant)


def _complete(warehouse: Warehouse, slug: str) -> pl.DataFrame:
    products = warehouse.table("raw_catalog", slug).good(
        ["item_id", "item_group_id", "raw_title", "raw_description"]
    )
    queries = warehouse.table("refined_queries", slug).good(["item_id", "query", "texts"])
    crops = warehouse.table("grounded_crops", slug).good(["photo_id"])
    main = warehouse.table("deduped_images", slug).read(["item_id", "position", "canonical_id"])
    return (
        products.drop("key")
        .join(queries.rename({"key": "query_key"}), on="item_id")
        .join(main.filter(pl.col("position") == 0), on="item_id")
        .join(
            crops.rename({"key": "crop_key", "photo_id": "canonical_id"}),
            on="canonical_id",
        )
        .with_columns(slug=pl.lit(slug), group="item_group_id")
        .select(*_PRODUCT)
    )


_PRODUCT: dict[str, pl.DataType | type[pl.DataType]] = {
    "item_id": pl.String,
    "slug": pl.String,
    "group": pl.String,
    "canonical_id": pl.String,
    "query": pl.String,
    "texts": pl.List(pl.String),
    "raw_title": pl.String,
    "raw_description": pl.String,
    "query_key": pl.String,
    "crop_key": pl.String,
}
