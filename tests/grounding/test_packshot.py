"""A product alone on a plain backdrop needs no detector; anything less plain does."""

import numpy as np
import pytest

from vlclip_dagster.grounding.packshot import BORDER, PackshotFirst, lone_product
from vlclip_dagster.grounding.types import Box, Detection

WHOLE = Box(90, 60, 230, 340)


class Detector:
    """Finds one fixed box, and remembers what it was asked."""

    fingerprint = "detector"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def detect(self, images, prompts) -> list[Detection]:
        self.asked += prompts
        return [Detection(WHOLE, 0.6)] * len(images)


def _packshot(*boxes: Box, colour=(30, 90, 160)) -> np.ndarray:
    picture = np.full((400, 320, 3), 246, dtype=np.uint8)
    for box in boxes:
        picture[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)] = colour
    return picture


SCENE = np.random.default_rng(0).integers(0, 255, (300, 300, 3), dtype=np.uint8)


def test_only_what_is_no_packshot_is_asked_about():
    detector = Detector()
    first = PackshotFirst(detector)
    pictures = [_packshot(WHOLE), SCENE, _packshot(WHOLE), _packshot(WHOLE)]
    found = first.detect(pictures, ["sofa.", "lamp.", "rug.", "vase."])
    # The first packshot is asked about too, to compare; the others are not.
    assert detector.asked == ["lamp.", "sofa."]
    assert [detection.found_by for detection in found] == [BORDER, None, BORDER, BORDER]
    assert found[0].detector_iou == pytest.approx(1.0, abs=0.03)
    assert found[2].detector_iou is None
    assert found[2].box.iou(WHOLE) > 0.97
    assert found[1].score == 0.6
    assert first.fingerprint != detector.fingerprint


@pytest.mark.parametrize(
    ("picture", "prompt"),
    [
        (_packshot(Box(20, 60, 120, 340), Box(200, 60, 300, 340)), "vase."),
        (_packshot(Box(0, 60, 230, 340)), "sofa."),
        (_packshot(Box(150, 150, 180, 180)), "ring."),
        (_packshot(WHOLE, colour=(208, 160, 132)), "handbag."),
        (_packshot(), "vase."),
        (SCENE, "vase."),
    ],
    ids=["two things", "cut off", "tiny", "skin", "nothing", "scene"],
)
def test_the_border_proves_nothing_where(picture, prompt):
    assert lone_product(picture, prompt) is None


def test_in_a_generated_catalog_the_border_speaks_only_for_packshots(shown):
    found = [(one, lone_product(one.picture, one.prompt)) for one in shown]
    cut = [(one, box) for one, box in found if box is not None]
    assert len(cut) >= 4
    assert {one.scene for one, _ in cut} == {"packshot"}
    overlaps = [box.iou(one.box) for one, box in cut]
    assert min(overlaps) > 0.8
    assert np.mean(overlaps) > 0.93
