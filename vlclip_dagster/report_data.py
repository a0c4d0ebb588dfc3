"""What the report shows of the stages before the model: counts and pictures out of the warehouse.

Everything here is read, nothing computed anew; how it looks on the page is decided in
``evaluation``.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

import polars as pl

from vlclip_dagster.evaluation.inputs import (
    Catalog,
    CatalogType,
    CropExample,
    Dedup,
    DuplicateGroup,
    Grounding,
    Picture,
    Refinement,
    RefinementExample,
    RefinementStep,
    Stage,
)
from vlclip_dagster.evaluation.pictures import boxed, thumbnail
from vlclip_dagster.grounding.packshot import BORDER
from vlclip_dagster.grounding.settings import GroundingSettings
from vlclip_dagster.grounding.stored import DETECTION, detection_of
from vlclip_dagster.grounding.sweep import THRESHOLDS, sweep
from vlclip_dagster.grounding.types import SweepPoint
from vlclip_dagster.stages import StageLog
from vlclip_dagster.warehouse import Warehouse

DUPLICATES_SHOWN = 6
CROPS_SHOWN = 12
QUERIES_SHOWN = 10
HTML_TEXT_SHOWN = 600


class ReportData:
    """Reads the tables of the product types ``slugs`` (slug → display name) once, on demand."""

    def __init__(self, warehouse: Warehouse, slugs: Mapping[str, str]) -> None:
        self._warehouse = warehouse
        self._slugs = slugs

    def shops(self) -> list[str]:
        """Names of the shops in the catalog, sorted."""
        return sorted(self._all("raw_catalog", ["shop"])["shop"].unique())

    def catalog(self) -> Catalog:
        """Each product type's way through the pipeline, and why rows were rejected."""
        types = [self._type(slug, name) for slug, name in self._slugs.items()]
        rejected = self._warehouse.table("rejected_products").read(["reasons"])
        reasons = rejected.explode("reasons").group_by("reasons").len().sort("len", "reasons")
        return Catalog(tuple(types), dict(reasons.reverse().iter_rows()))

    def _type(self, slug: str, name: str) -> CatalogType:
        def good(table: str) -> pl.DataFrame:
            keys = self._warehouse.table(table, slug).keys()
            return keys.filter(~pl.col("failed"))

        mapping = self._warehouse.table("deduped_images", slug).read(["photo_id", "canonical_id"])
        accepted = self._warehouse.table("grounded_crops", slug).read(["accepted"])["accepted"]
        embedded = self._warehouse.table("embeddings", slug).read(["canonical_id"])
        return CatalogType(
            slug=slug,
            name=name,
            products=good("raw_catalog").height,
            photographs=good("photographs").height,
            canonical=mapping.filter(pl.col("photo_id") == pl.col("canonical_id")).height,
            cropped=int(accepted.sum()),
            queries=good("refined_queries").height,
            points=embedded["canonical_id"].n_unique(),
        )

    def dedup(self, mode: str) -> Dedup:
        """What deduplication did, with the largest groups as pictures."""
        mapping = self._all("deduped_images", ["photo_id", "canonical_id", "group_size"])
        photographs = self._all("photographs", ["degenerate", "error"])
        groups = mapping.filter(pl.col("group_size") > 1)
        return Dedup(
            photographs=mapping.height,
            canonical=mapping["canonical_id"].n_unique(),
            groups=groups["canonical_id"].n_unique(),
            degenerate=int(photographs["degenerate"].sum()),
            failed=photographs["error"].len() - photographs["error"].null_count(),
            mode=mode,
            examples=tuple(self._duplicates(groups)),
        )

    def _duplicates(self, groups: pl.DataFrame) -> Iterable[DuplicateGroup]:
        largest = (
            groups.group_by("canonical_id", "slug")
            .agg(pl.col("photo_id").sort())
            .with_columns(size=pl.col("photo_id").list.len())
            .sort("size", "canonical_id", descending=[True, False])
            .head(DUPLICATES_SHOWN)
        )
        for row in largest.iter_rows(named=True):
            copies = [photo for photo in row["photo_id"] if photo != row["canonical_id"]]
            pictures = self.photographs(row["slug"], [row["canonical_id"], *copies])
            yield DuplicateGroup(pictures[0], tuple(pictures[1:]), row["size"])

    def grounding(
        self, settings: GroundingSettings, recall: Mapping[float, float] | None = None
    ) -> Grounding:
        """What grounding did, with photographs and their crops from all product types.

        ``recall`` is the Recall@10 of a small training by threshold, where that was measured.
        """
        crops = self._all("grounded_crops", ["photo_id", "accepted", "area_share", *DETECTION])
        kept = crops.filter(~pl.col("accepted"))
        # A reason carries its figures; counted together are those that read alike without them.
        words = kept["reason"].fill_null("unknown").str.replace_all(r"[\d.]+ ?%?", "…")
        return Grounding(
            photographs=crops.height,
            accepted=crops.height - kept.height,
            threshold=settings.threshold,
            grounder=settings.kind,
            kept_whole=dict(words.value_counts(sort=True).iter_rows()),
            mean_area=crops["area_share"].mean(),  # type: ignore[arg-type]
            examples=tuple(self._crops(crops)),
            by_border=int((crops["found_by"] == BORDER).sum()),
            border_iou=crops["detector_iou"].mean(),  # type: ignore[arg-type]
            sweep=self._sweep(crops, settings, recall or {}),
        )

    def _sweep(
        self, crops: pl.DataFrame, settings: GroundingSettings, recall: Mapping[float, float]
    ) -> tuple[SweepPoint, ...]:
        sizes = self._all("photographs", ["photo_id", "width", "height"])
        known = crops.join(sizes, on=["photo_id", "slug"]).drop_nulls(["score", "width"])
        points = sweep(
            [detection_of(row) for row in known.iter_rows(named=True)],
            known.select("width", "height").rows(),
            settings,
            sorted({*THRESHOLDS, *recall}),
        )
        return tuple(replace(point, recall=recall.get(point.threshold)) for point in points)

    def _crops(self, crops: pl.DataFrame) -> Iterable[CropExample]:
        for (slug,), part in _spread(crops, CROPS_SHOWN).group_by("slug", maintain_order=True):
            ids = part["photo_id"].to_list()
            table = self._warehouse.table("grounded_crops", str(slug))
            columns = ["x0", "y0", "x1", "y1", "score", "accepted", "reason", "crop"]
            rows = table.read(columns, ids).rows(named=True)
            for row, whole in zip(rows, self._renditions(str(slug), ids), strict=True):
                corners = (row["x0"], row["y0"], row["x1"], row["y1"])
                seen = thumbnail(whole) if row["x0"] is None else boxed(whole, corners)
                yield CropExample(
                    boxed=Picture(seen, "photograph", score=row["score"]),
                    crop=Picture(thumbnail(row["crop"]), "crop"),
                    prompt=self._slugs[str(slug)],
                    accepted=row["accepted"],
                    reason=row["reason"] or "",
                )

    def refinement(self, backend: str) -> Refinement:
        """What refinement did, with raw texts beside their queries."""
        columns = ["item_id", "converged", "rounds", "words", "error"]
        rows = self._all("refined_queries", columns)
        good = rows.filter(pl.col("error").is_null())
        return Refinement(
            queries=good.height,
            converged=int(good["converged"].sum()),
            backend=backend,
            rounds=dict(good.group_by("rounds").len().sort("rounds").iter_rows()),
            words=dict(good.group_by("words").len().sort("words").iter_rows()),
            failed=rows.height - good.height,
            examples=tuple(self._queries(good)),
        )

    def _queries(self, queries: pl.DataFrame) -> Iterable[RefinementExample]:
        shown = _spread(queries.sort("rounds", descending=True), QUERIES_SHOWN)
        for (slug,), part in shown.group_by("slug", maintain_order=True):
            ids = part["item_id"].to_list()
            refined = self._warehouse.table("refined_queries", str(slug)).read(
                ["query", "rounds", "converged", "history"], ids
            )
            raw = self._warehouse.table("raw_catalog", str(slug)).read(
                ["raw_title", "raw_description"], ids
            )
            for row in refined.hstack(raw).iter_rows(named=True):
                yield RefinementExample(
                    title=row["raw_title"] or "",
                    description=(row["raw_description"] or "")[:HTML_TEXT_SHOWN],
                    query=row["query"],
                    rounds=row["rounds"],
                    converged=row["converged"],
                    steps=tuple(_steps(row["history"])),
                )

    def stages(self) -> tuple[Stage, ...]:
        """Rows and seconds of each asset's newest work, in the order in which they finished."""
        cost = StageLog(self._warehouse).cost()
        return tuple(
            Stage(asset, rows, round(seconds, 2), computed)
            for asset, rows, computed, seconds in cost.iter_rows()
        )

    def photographs(self, slug: str, photo_ids: list[str]) -> list[Picture]:
        """Photographs of one product type as thumbnails with their product's title."""
        items = [photo.rpartition("#")[0] for photo in photo_ids]
        products = self._warehouse.table("raw_catalog", slug).read(["title"], items)
        return [
            Picture(thumbnail(image) if image else None, title or item, detail=self._slugs[slug])
            for image, title, item in zip(
                self._renditions(slug, photo_ids), products["title"], items, strict=True
            )
        ]

    def _renditions(self, slug: str, photo_ids: list[str]) -> list[bytes]:
        table = self._warehouse.table("photographs", slug)
        return table.read(["rendition"], photo_ids)["rendition"].to_list()

    def _all(self, table: str, columns: list[str]) -> pl.DataFrame:
        frames = [
            self._warehouse.table(table, slug).read(columns).with_columns(slug=pl.lit(slug))
            for slug in self._slugs
        ]
        return pl.concat(frames)


def _spread(rows: pl.DataFrame, most: int) -> pl.DataFrame:
    """At most ``most`` rows, taken from all product types in turn, in their order."""
    turn = rows.with_columns(turn=pl.int_range(pl.len()).over("slug"))
    return turn.sort("turn", maintain_order=True).head(most).drop("turn")


def _steps(history: str | None) -> Iterable[RefinementStep]:
    for step in json.loads(history or "[]"):
        yield RefinementStep(step["query"], f"{step['action']} {step['attribute']}".strip())
