"""Crops lie in their photograph, follow the threshold, and say why they were not cut."""

import io
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vlclip_dagster.grounding.crop import Crop, cut
from vlclip_dagster.grounding.settings import GroundingSettings, build_grounder
from vlclip_dagster.grounding.types import Box, Detection

PICTURE = np.zeros((300, 200, 3), dtype=np.uint8)
PICTURE[100:200, 50:150] = (200, 30, 60)
SQUARE = Box(50, 100, 150, 200)


def _decoded(crop: Crop) -> Image.Image:
    image = Image.open(io.BytesIO(crop.jpeg))
    assert (image.format, image.mode) == ("JPEG", "RGB")
    assert image.size == (crop.width, crop.height)
    return image


def test_an_accepted_box_is_cut_with_its_margin():
    crop = cut(PICTURE, Detection(SQUARE, 0.9), GroundingSettings(margin=0.1))
    assert crop.accepted
    assert crop.reason is None
    assert crop.box == Box(40, 90, 160, 210)
    assert (crop.width, crop.height) == (120, 120)
    assert np.abs(np.asarray(_decoded(crop))[60, 60].astype(int) - (200, 30, 60)).max() < 12


@pytest.mark.parametrize(
    ("detection", "reason"),
    [
        (Detection(None, 0.0), "nothing was found"),
        (Detection(None, 0.9, "grounding is switched off"), "switched off"),
        (Detection(SQUARE, 0.34), "score 0.34 is below 0.35"),
        (Detection(SQUARE, math.nan), "below"),
        (Detection(Box(0, 0, 10, 10), 0.9), "covers 0.2%"),
        (Detection(Box(150, 200, 50, 100), 0.9), "covers 0.0%"),
        (Detection(Box(400, 400, 500, 500), 0.9), "covers 0.0%"),
        (Detection(Box(math.nan, 0, 9, 9), 0.9), "covers"),
    ],
)
def test_other_detections_keep_the_whole_photograph_with_a_reason(detection, reason):
    crop = cut(PICTURE, detection, GroundingSettings())
    assert not crop.accepted
    assert reason in crop.reason
    assert crop.box == Box(0, 0, 200, 300)
    assert (crop.width, crop.height) == (200, 300)


def test_the_threshold_itself_is_accepted_and_can_be_swept():
    detection = Detection(SQUARE, 0.5)
    accepted = [cut(PICTURE, detection, GroundingSettings(threshold=t)).accepted
                for t in (0.0, 0.5, 0.51, 1.0)]  # fmt: skip
    assert accepted == [True, True, False, False]


def test_crops_are_no_larger_than_asked_and_never_enlarged():
    large = np.zeros((900, 600, 3), dtype=np.uint8)
    crop = cut(large, Detection(None, 0.0), GroundingSettings(crop_px=300))
    assert (crop.width, crop.height) == (200, 300)
    small = cut(PICTURE, Detection(SQUARE, 1.0), GroundingSettings(margin=0))
    assert (small.width, small.height) == (100, 100)


NUMBERS = st.floats(-1e4, 1e4) | st.sampled_from([math.inf, -math.inf, math.nan, 0.0])


@settings(max_examples=120, deadline=None)
@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.floats(0, 1), st.integers(1, 60), st.integers(1, 60))
def test_every_crop_lies_in_its_photograph(x0, y0, x1, y1, score, width, height):
    picture = np.zeros((height, width, 3), dtype=np.uint8)
    options = GroundingSettings(min_area_share=0.0, threshold=0.0, margin=0.5)
    crop = cut(picture, Detection(Box(x0, y0, x1, y1), score), options)
    _decoded(crop)
    assert 0 <= crop.box.x0 < crop.box.x1 <= width
    assert 0 <= crop.box.y0 < crop.box.y1 <= height


@given(st.lists(st.floats(0, 100), min_size=8, max_size=8))
def test_iou_is_symmetric_and_in_range(numbers):
    one, other = Box(*numbers[:4]), Box(*numbers[4:])
    assert 0 <= one.iou(other) <= 1
    assert one.iou(other) == pytest.approx(other.iou(one))
    if one.area > 1e-6:
        assert one.iou(one) == pytest.approx(1)


def test_whole_keeps_every_photograph():
    grounder = build_grounder(GroundingSettings(kind="whole"))
    found = grounder.detect([PICTURE], ["dress."])
    assert not cut(PICTURE, found[0], GroundingSettings()).accepted
    assert grounder.fingerprint
