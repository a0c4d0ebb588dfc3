"""``grounded_crops``: each canonical photograph cut to the product that its type names.

The box and its score are stored whatever the threshold, under a key of their own: another
threshold or margin cuts again and does not detect again.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
import numpy as np
import polars as pl

from assets.stage import Stage, picture, sample_table, user_errors
from resources.grounder import GrounderResource
from resources.warehouse import WarehouseResource
from vlclip_dagster.compute import map_batches
from vlclip_dagster.grounding.crop import cut
from vlclip_dagster.grounding.packshot import BORDER
from vlclip_dagster.grounding.settings import GroundingSettings
from vlclip_dagster.grounding.stored import BOX, DETECTION, columns_of, detection_of
from vlclip_dagster.grounding.turns import detect_in_turn
from vlclip_dagster.grounding.types import Detection, Grounder
from vlclip_dagster.hashing import row_key
from vlclip_dagster.images.sheet import boxes_sheet
from vlclip_dagster.partitions import product_types
from vlclip_dagster.warehouse import Table, Warehouse, refresh

BOXES_SHOWN = 8
CROP_ROWS = 16  # decoded photographs in memory per worker, and detections lost by a kill
CUT_VERSION = "1"
# OpenCV leaves the GIL; a detector spreads one batch over the processor by itself.
WORKERS = {"saliency": 2}
CUT_SETTINGS = {"threshold", "margin", "min_area_share", "crop_px"}


@dg.asset(
    partitions_def=product_types,
    deps=["deduped_images"],
    group_name="photographs",
    kinds={"lance", "opencv"},
    pool="accelerator",
)
@user_errors
def grounded_crops(
    context: dg.AssetExecutionContext, warehouse: WarehouseResource, grounder: GrounderResource
) -> dg.MaterializeResult:
    """One row per canonical photograph: the product's box, its score, and the crop."""
    home = warehouse.open()
    stage = Stage(context, home)
    slug = context.partition_key
    settings = grounder.grounding_settings()
    model = grounder.grounder()
    prompts = settings.asked(stage.slugs.get(slug, slug))
    table = home.table("grounded_crops", slug)
    cropper = Cropper(home, slug, model, prompts, settings)
    counts = refresh(
        table,
        wanted_crops(home, slug, model.fingerprint, prompts, settings),
        cropper,
        label=f"crops of {slug}",
        batch_rows=CROP_ROWS,
    )
    cuts = table.read(["accepted", "area_share", "reason", "found_by", "detector_iou"])
    reasons = cuts.filter(~pl.col("accepted"))["reason"].value_counts(sort=True)
    shown = {
        "prompts": ", ".join(prompts),
        "detected": cropper.detected,
        "cut_by_border": int((cuts["found_by"] == BORDER).sum()),
        "border_iou_to_detector": cuts["detector_iou"].mean(),
        "accepted": int(cuts["accepted"].sum()),
        "mean_area_share": cuts["area_share"].mean(),
        "kept_whole_because": sample_table(reasons.rows(named=True)),
    }
    return stage.result(counts, table.data_version(), shown | _pictures(home, slug))


def wanted_crops(
    home: Warehouse,
    slug: str,
    fingerprint: str,
    prompts: Sequence[str],
    settings: GroundingSettings,
) -> pl.DataFrame:
    """One row per canonical photograph, with the keys of its detection and of its crop."""
    mapping = home.table("deduped_images", slug).read(
        ["photo_id", "item_id", "sha256", "canonical_id"]
    )
    cut_settings = settings.model_dump(include=CUT_SETTINGS)

    def detection_key(sha256: str) -> str:
        return row_key(fingerprint, *prompts, sha256)

    return (
        mapping.filter(pl.col("photo_id") == pl.col("canonical_id"))
        .select(
            "photo_id",
            "item_id",
            detection_key=pl.col("sha256").map_elements(detection_key, pl.String),
        )
        .with_columns(
            key=pl.col("detection_key").map_elements(
                lambda key: row_key(key, CUT_VERSION, cut_settings), pl.String
            )
        )
    )


class Cropper:
    """Detects and cuts batch by batch, from one decode; stored detections are used again.

    Attributes:
        detected: how many photographs the model was asked about.
    """

    def __init__(
        self,
        home: Warehouse,
        slug: str,
        model: Grounder,
        prompts: Sequence[str],
        settings: GroundingSettings,
    ) -> None:
        self._photographs = home.table("photographs", slug)
        self._crops = home.table("grounded_crops", slug)
        self._model = model
        self._prompts = prompts
        self._settings = settings
        self.detected = 0

    def __call__(self, batches: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Map wanted rows to finished rows of ``grounded_crops``."""
        import cv2

        cv2.setNumThreads(1)  # the workers below are the parallelism; more would only contend
        workers = WORKERS.get(self._settings.kind, 1)
        for rows, detected in map_batches(batches, lambda: self._crop, workers=workers):
            self.detected += detected
            yield rows

    def _crop(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, int]:
        from vlclip_dagster.images.rendition import decode_rendition

        ids = rows["photo_id"].to_list()
        renditions = self._photographs.read(["rendition"], ids)["rendition"]
        images = [decode_rendition(data) for data in renditions]
        detections = stored_detections(self._crops, rows)
        unknown = [at for at, detection in enumerate(detections) if detection is None]
        found = detect_in_turn(self._model, [images[at] for at in unknown], self._prompts)
        for at, detection in zip(unknown, found, strict=True):
            detections[at] = detection
        cuts = [
            _row(detection, image, self._settings)
            for detection, image in zip(detections, images, strict=True)
            if detection is not None
        ]
        return rows.hstack(pl.DataFrame(cuts, schema=_CUT)), len(unknown)


_CUT = {
    **dict.fromkeys((*BOX, "score"), pl.Float32),
    "accepted": pl.Boolean,
    "reason": pl.String,
    "area_share": pl.Float32,
    "crop": pl.Binary,
    "found_by": pl.String,
    "detector_iou": pl.Float32,
}


def stored_detections(crops: Table, rows: pl.DataFrame) -> list[Detection | None]:
    """For each wanted row the stored detection that was made from the same input, or None."""
    stored = crops.read(["detection_key", *DETECTION], rows["photo_id"].to_list())
    same = stored["detection_key"].eq_missing(rows["detection_key"])
    return [
        detection_of(row) if usable and row["score"] is not None else None
        for row, usable in zip(stored.iter_rows(named=True), same, strict=True)
    ]


def _row(detection: Detection, image: np.ndarray, settings: GroundingSettings) -> dict[str, Any]:
    crop = cut(image, detection, settings)
    return {
        **columns_of(detection),
        "accepted": crop.accepted,
        "reason": crop.reason,
        "area_share": crop.box.area / (image.shape[0] * image.shape[1]),
        "crop": crop.jpeg,
    }


def _pictures(home: Warehouse, slug: str) -> dict[str, dg.MetadataValue]:
    """Photographs with their boxes: an even sample, in the order of their ids."""
    crops = home.table("grounded_crops", slug).read(["photo_id", "score", "accepted", *BOX])
    sample = crops.sort("photo_id").gather_every(max(1, crops.height // BOXES_SHOWN))
    sample = sample.head(BOXES_SHOWN)
    if sample.is_empty():
        return {}
    photographs = home.table("photographs", slug)
    images = photographs.read(["rendition"], sample["photo_id"].to_list())["rendition"].to_list()
    boxes = [None if row[0] is None else row for row in sample.select(BOX).iter_rows()]
    sheet = boxes_sheet(
        images, boxes, sample["score"].to_list(), accepted=sample["accepted"].to_list()
    )
    return {"boxes": picture(sheet, f"boxes of {slug}")}
