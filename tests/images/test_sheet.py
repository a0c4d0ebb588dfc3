"""Sheets are readable pictures of bounded size, whatever they are made of."""

import io

import numpy as np
import pytest
from PIL import Image

from vlclip_dagster.images.sheet import MAX_BYTES, boxes_sheet, contact_sheet, duplicate_sheet


def _photograph(colour: str = "white", size: tuple[int, int] = (200, 300)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "JPEG", quality=95)
    return file.getvalue()


def _noise(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _open(sheet: bytes) -> Image.Image:
    assert len(sheet) <= MAX_BYTES
    image = Image.open(io.BytesIO(sheet))
    assert image.format == "JPEG"
    return image.convert("RGB")


def _has(image: Image.Image, test) -> bool:
    red, green, blue = np.moveaxis(np.asarray(image).astype(int), 2, 0)
    return bool(test(red, green, blue).sum() > 20)


def test_a_contact_sheet_shows_each_photograph():
    sheet = _open(contact_sheet([_photograph("red"), _photograph("blue")], ["a red", "b"], 2, 100))
    assert sheet.width > sheet.height
    assert _has(sheet, lambda r, g, b: (r > 200) & (g < 60) & (b < 60))
    assert _has(sheet, lambda r, g, b: (r < 60) & (g < 60) & (b > 200))


def test_sheets_stay_small_even_of_noise():
    _open(contact_sheet([_noise(seed) for seed in range(60)], None, 10, 144))


def test_boxes_are_green_where_used_and_red_where_not():
    photographs = [_photograph(), _photograph()]
    boxes = [(20.0, 20.0, 150.0, 250.0)] * 2

    def green(r, g, b):
        return (g > r + 60) & (g > b + 40)

    used = _open(boxes_sheet(photographs, boxes, [0.9, 0.8], ["dress.", "dress."]))
    assert _has(used, green)
    refused = _open(boxes_sheet(photographs, boxes, [0.1, 0.2], accepted=[False, False]))
    assert not _has(refused, green)
    assert _has(refused, lambda r, g, b: r > g + 80)


def test_photographs_without_a_box_and_broken_ones_are_shown_too():
    _open(boxes_sheet([_photograph(), b"broken"], [None, (0, 0, 9, 9)], [0.0, 0.0]))
    _open(boxes_sheet([_photograph()], [(-50.0, 40.0, 10.0, 900.0)], [0.3]))


@pytest.mark.parametrize("groups", [[], [[]], [[_photograph()]], [[_photograph("red")] * 20] * 3])
def test_duplicates_of_any_number(groups):
    _open(duplicate_sheet(groups))


def test_captions_of_any_text():
    _open(contact_sheet([_photograph()] * 3, ["", "日本語 " * 50, "two\nlines\t\0"]))
    _open(contact_sheet([]))
