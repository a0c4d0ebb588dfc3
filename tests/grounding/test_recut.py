"""Trainings at other thresholds see crops cut there, all with one budget, and detect nothing."""

import io
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from PIL import Image

from vlclip_dagster import recut
from vlclip_dagster.encoder.settings import EncoderSettings, TrainingSettings
from vlclip_dagster.grounding.settings import GroundingSettings
from vlclip_dagster.recut import BESIDE, EPOCHS, RecutPairs, recall_by_threshold
from vlclip_dagster.warehouse import Warehouse

SLUGS = ("sofa", "vase")
SCORES = {"sofa": 0.5, "vase": 0.2}


def _size(jpeg: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(jpeg)).size


@pytest.fixture
def home(tmp_path) -> Warehouse:
    home = Warehouse(tmp_path / "home")
    picture = io.BytesIO()
    Image.fromarray(np.full((80, 60, 3), 200, dtype=np.uint8)).save(picture, "JPEG")
    for slug in SLUGS:
        row = {"photo_id": f"{slug}#0", "item_id": slug, "key": slug}
        box = {"x0": 10.0, "y0": 10.0, "x1": 50.0, "y1": 60.0, "score": SCORES[slug]}
        photograph = row | {"rendition": picture.getvalue()}
        home.table("photographs", slug).upsert(pl.DataFrame([photograph]))
        home.table("grounded_crops", slug).upsert(pl.DataFrame([row | box]))
    return home


FRAME = pl.DataFrame({"slug": ["vase", "sofa"], "canonical_id": ["vase#0", "sofa#0"]})


@pytest.mark.parametrize(
    ("threshold", "sizes"),
    [(0.0, [(40, 50), (40, 50)]), (0.35, [(60, 80), (40, 50)]), (0.6, [(60, 80), (60, 80)])],
)
def test_crops_follow_the_threshold(home, threshold, sizes):
    settings = GroundingSettings(threshold=threshold, margin=0)
    assert [_size(jpeg) for jpeg in RecutPairs(home, FRAME, settings).images([0, 1])] == sizes


def test_every_threshold_has_the_same_budget(home, monkeypatch):
    asked = []

    def train_once(pairs, key, encoder, training, checkpoints):
        asked.append((key, training))
        return SimpleNamespace(metrics=[SimpleNamespace(recall_at_10=at / 10) for at in (1, 3)])

    monkeypatch.setattr(recut, "train_once", train_once)
    provenance = SimpleNamespace(encoder=EncoderSettings(), training=TrainingSettings(epochs=40))
    served = SimpleNamespace(training_key="served", provenance=provenance)
    found = recall_by_threshold(home, None, SLUGS, served, GroundingSettings(threshold=0.35))
    assert found == dict.fromkeys(sorted({0.35, *BESIDE}), 0.3)
    assert len({key for key, _ in asked}) == 3
    assert {training.epochs for _, training in asked} == {EPOCHS}
