"""The sweep says what cutting again would do, without doing it."""

import numpy as np
import pytest

from vlclip_dagster.evaluation.threshold import threshold_svg
from vlclip_dagster.grounding.crop import cut
from vlclip_dagster.grounding.settings import GroundingSettings
from vlclip_dagster.grounding.sweep import THRESHOLDS, sweep
from vlclip_dagster.grounding.types import Box, Detection, SweepPoint

SIZE = (60, 80)
DETECTIONS = [
    Detection(Box(5, 5, 40, 60), 0.9),
    Detection(Box(0, 0, 60, 80), 0.35),
    Detection(Box(10, 10, 12, 12), 0.8),
    Detection(Box(20, 20, 50, 50), 0.2),
    Detection(None, 0.0, "nothing stands out"),
]


@pytest.mark.parametrize("threshold", [0.0, 0.2, 0.35, 0.5, 1.0])
def test_each_point_is_what_cutting_at_that_threshold_gives(threshold):
    settings = GroundingSettings(threshold=threshold)
    picture = np.zeros((SIZE[1], SIZE[0], 3), dtype=np.uint8)
    crops = [cut(picture, detection, settings) for detection in DETECTIONS]
    point = sweep(DETECTIONS, [SIZE] * 5, GroundingSettings(), [threshold])[0]
    assert point.accepted == pytest.approx(np.mean([crop.accepted for crop in crops]))
    areas = [crop.box.area / (SIZE[0] * SIZE[1]) for crop in crops]
    assert point.mean_area == pytest.approx(np.mean(areas))


def test_a_higher_threshold_never_cuts_more():
    points = sweep(DETECTIONS, [SIZE] * 5, GroundingSettings())
    assert [point.threshold for point in points] == list(THRESHOLDS)
    accepted = [point.accepted for point in points]
    assert accepted == sorted(accepted, reverse=True)
    assert sweep([], [], GroundingSettings()) == ()


def test_the_picture_holds_what_was_measured():
    points = sweep(DETECTIONS, [SIZE] * 5, GroundingSettings())
    plain = threshold_svg(points, 0.35)
    assert plain.startswith("<svg")
    assert "score threshold" in plain
    assert "var(--series-2)" in plain
    assert "var(--series-3)" not in plain
    measured = (*points[:3], SweepPoint(0.35, 0.5, 0.5, recall=0.4), *points[4:])
    assert "var(--series-3)" in threshold_svg(measured, 0.35)
    assert threshold_svg((), 0.35) == ""
