import cv2
import numpy as np
import pytest

from vlclip_dagster.evaluation.pictures import boxed, thumbnail


def _photo(height: int, width: int) -> bytes:
    return cv2.imencode(".png", np.full((height, width, 3), 40, np.uint8))[1].tobytes()


def _pixels(image: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)


def test_a_thumbnail_keeps_proportions_and_is_never_enlarged():
    assert _pixels(thumbnail(_photo(600, 300), 100)).shape[:2] == (100, 50)
    assert _pixels(thumbnail(_photo(20, 30), 100)).shape[:2] == (20, 30)
    assert _pixels(thumbnail(_photo(2000, 1), 100)).shape[:2] == (100, 1)


@pytest.mark.parametrize("image", [b"", b"no picture"])
def test_what_cannot_be_read_is_none(image):
    assert thumbnail(image) is None
    assert boxed(image, (0, 0, 1, 1)) is None


def test_the_box_is_drawn_where_it_lies_in_the_large_picture():
    drawn = _pixels(boxed(_photo(400, 400), (100, 200, 300, 400), 200))
    plain = _pixels(thumbnail(_photo(400, 400), 200))
    changed = np.argwhere(np.abs(drawn.astype(int) - plain).max(axis=2) > 60)
    assert changed.min(axis=0) == pytest.approx([100, 50], abs=4)
    assert changed.max(axis=0) == pytest.approx([199, 149], abs=4)
