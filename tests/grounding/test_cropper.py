"""Rows of ``grounded_crops``: detected once, cut as often as the settings ask."""

import io

import numpy as np
import polars as pl
import pytest
from PIL import Image

from assets.grounded_crops import Cropper, wanted_crops
from vlclip_dagster.grounding.settings import GroundingSettings
from vlclip_dagster.grounding.types import Box, Detection
from vlclip_dagster.images import rendition
from vlclip_dagster.warehouse import Warehouse, refresh

SLUG = "vase"
PHOTOGRAPHS = 5


class Counting:
    """Finds the same box with the next of some scores, and counts what it is asked."""

    fingerprint = "counting-1"

    def __init__(self) -> None:
        self.calls: list[str] = []

    def detect(self, images, prompts) -> list[Detection]:
        start = len(self.calls)
        self.calls += prompts
        return [Detection(Box(10, 10, 50, 60), (start + at) % 5 / 5) for at in range(len(images))]


@pytest.fixture
def home(tmp_path) -> Warehouse:
    home = Warehouse(tmp_path / "home")
    picture = io.BytesIO()
    Image.fromarray(np.full((80, 60, 3), 200, dtype=np.uint8)).save(picture, "JPEG")
    rows = pl.DataFrame({"item_id": [f"item{at}" for at in range(PHOTOGRAPHS)]}).with_columns(
        photo_id=pl.col("item_id") + "#0",
        canonical_id=pl.col("item_id") + "#0",
        key=pl.col("item_id"),
        sha256=pl.col("item_id"),
        rendition=pl.lit(picture.getvalue()),
    )
    home.table("photographs", SLUG).upsert(rows)
    home.table("deduped_images", SLUG).upsert(rows)
    return home


def _build(home, model, prompts=("vase.",), **options):
    settings = GroundingSettings(**options)
    wanted = wanted_crops(home, SLUG, model.fingerprint, prompts, settings)
    cropper = Cropper(home, SLUG, model, prompts, settings)
    table = home.table("grounded_crops", SLUG)
    counts = refresh(table, wanted, cropper, label="crops", batch_rows=2)
    return counts, table.read().sort("photo_id")


def test_another_threshold_cuts_again_and_asks_nothing(home):
    model = Counting()
    _, first = _build(home, model, threshold=0.5)
    assert len(model.calls) == PHOTOGRAPHS
    assert first["accepted"].sum() == 2
    counts, second = _build(home, model, threshold=0.3)
    assert counts.computed == PHOTOGRAPHS
    assert len(model.calls) == PHOTOGRAPHS
    assert second["accepted"].sum() == 3
    assert second["score"].equals(first["score"])
    _build(home, model, threshold=0.3, margin=0.2, crop_px=48)
    assert len(model.calls) == PHOTOGRAPHS


def test_box_score_and_finder_are_stored_whatever_the_threshold(home):
    _, rows = _build(home, Counting(), threshold=1.0)
    assert rows["accepted"].sum() == 0
    assert rows["x1"].to_list() == [50.0] * PHOTOGRAPHS
    assert sorted(rows["score"].to_list()) == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8])
    assert set(rows["found_by"]) == {"vase."}
    assert rows["reason"].str.contains("below 1.00").all()


def test_other_words_are_asked_again(home):
    model = Counting()
    _build(home, model)
    _build(home, model, prompts=("jar.",))
    assert model.calls.count("jar.") == PHOTOGRAPHS


def test_each_photograph_is_decoded_once_for_detection_and_crop(home, monkeypatch):
    decoded = []
    real = rendition.decode_rendition
    monkeypatch.setattr(
        rendition, "decode_rendition", lambda data: decoded.append(len(data)) or real(data)
    )
    _build(home, Counting())
    assert len(decoded) == PHOTOGRAPHS
