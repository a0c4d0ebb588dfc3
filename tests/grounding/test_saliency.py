"""The embedded grounder: exact on packshots, useful in scenes, honest when it is unsure."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlclip_dagster.grounding.saliency import SaliencyGrounder
from vlclip_dagster.grounding.types import Box, Detection

SIZE = (400, 320)
THRESHOLD = 0.35


def _find(picture: np.ndarray) -> Detection:
    return SaliencyGrounder().detect([picture], ["product."])[0]


def _packshot(box: Box, backdrop: tuple[int, int, int], colour: tuple[int, int, int]) -> np.ndarray:
    """An ellipse that fills its box, on a plain backdrop with sensor noise."""
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]] + 0.5
    centre = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    inside = ((x - centre[0]) * 2 / (box.x1 - box.x0)) ** 2
    inside += ((y - centre[1]) * 2 / (box.y1 - box.y0)) ** 2
    picture = np.full((*SIZE, 3), backdrop, dtype=float)
    picture[inside <= 1] = colour
    picture += np.random.default_rng(0).normal(0, 1.5, picture.shape)
    return picture.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("backdrop", [(255, 255, 255), (236, 228, 215), (30, 30, 34)])
@pytest.mark.parametrize("box", [Box(90, 60, 230, 340), Box(20, 150, 300, 260), Box(5, 8, 90, 99)])
def test_packshots_are_cut_at_the_product(box, backdrop):
    found = _find(_packshot(box, backdrop, (40, 120, 190)))
    assert found.box.iou(box) > 0.93
    assert found.score > 0.8


def test_a_studio_gradient_is_still_a_backdrop():
    picture = _packshot(Box(90, 60, 230, 340), (230, 224, 216), (60, 70, 40)).astype(float)
    y, x = np.mgrid[-1 : 1 : SIZE[0] * 1j, -1 : 1 : SIZE[1] * 1j]
    shaded = picture * (1 - 0.12 * (x**2 + y**2) - 0.08 * y)[..., None]
    found = _find(shaded.clip(0, 255).astype(np.uint8))
    assert found.box.iou(Box(90, 60, 230, 340)) > 0.9


def _carpet(seed: int = 0) -> np.ndarray:
    """A textured floor in two colours."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    weave = np.sin(x / 5) * np.sin(y / 7)
    base = np.where(weave[..., None] > 0, (150, 120, 90), (120, 95, 70)).astype(float)
    return base + random.normal(0, 10, (*SIZE, 3))


def test_a_product_on_a_textured_floor_is_found():
    picture = _carpet()
    cloth = np.random.default_rng(1).normal(0, 8, (220, 160, 3))
    picture[90:310, 80:240] = cloth + np.array([60, 90, 150])
    found = _find(picture.clip(0, 255).astype(np.uint8))
    assert found.box.iou(Box(80, 90, 240, 310)) > 0.85
    assert found.score >= THRESHOLD


def test_nothing_to_find_means_no_confidence():
    noise = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    for picture in (np.full((*SIZE, 3), 255, np.uint8), noise, _carpet().clip(0, 255)):
        assert _find(picture.astype(np.uint8)).score < THRESHOLD


def test_answers_do_not_depend_on_company_or_repetition():
    pictures = [_carpet(seed).clip(0, 255).astype(np.uint8) for seed in range(3)]
    for picture in pictures:
        picture[100:300, 100:220] = (200, 40, 40)
    together = SaliencyGrounder().detect(pictures, ["a."] * 3)
    assert together == [_find(picture) for picture in pictures]


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_any_picture_gives_a_box_within_it(width, height, colours, seed):
    random = np.random.default_rng(seed)
    palette = random.integers(0, 256, (colours + 1, 3), dtype=np.uint8)
    blocks = random.integers(0, colours + 1, (height // 8 + 1, width // 8 + 1))
    picture = palette[np.kron(blocks, np.ones((8, 8), dtype=int))][:height, :width]
    found = _find(np.ascontiguousarray(picture))
    assert 0 <= found.score <= 1
    if found.box is not None:
        assert 0 <= found.box.x0 < found.box.x1 <= width + 1e-6
        assert 0 <= found.box.y0 < found.box.y1 <= height + 1e-6


def _person() -> tuple[np.ndarray, Box]:
    """Somebody in a blue top and dark trousers on white, and the box of the top."""
    picture = np.full((*SIZE, 3), 255, dtype=float)
    skin, hair = (208, 160, 132), (60, 40, 30)
    picture[20:90, 135:185] = skin
    picture[20:40, 130:190] = hair
    picture[90:230, 90:230] = (40, 90, 180)
    picture[150:250, 72:90] = picture[150:250, 230:248] = skin
    picture[230:400, 105:215] = (35, 35, 38)
    picture += np.random.default_rng(0).normal(0, 1, picture.shape)
    return picture.clip(0, 255).astype(np.uint8), Box(90, 90, 230, 230)


def test_a_worn_garment_is_cut_out_of_the_person():
    picture, top = _person()
    found = SaliencyGrounder().detect([picture], ["t-shirt."])[0]
    assert found.box.iou(top) > 0.85


def test_a_person_is_kept_whole_where_no_garment_is_asked_for():
    picture, _ = _person()
    found = SaliencyGrounder().detect([picture], ["outfit."])[0]
    assert found.box.iou(Box(72, 20, 248, 400)) > 0.9


def test_a_garment_alone_is_kept_whole_whatever_its_parts():
    picture = np.full((*SIZE, 3), 255, dtype=np.uint8)
    picture[80:200, 60:260] = (30, 60, 160)
    picture[200:330, 60:260] = (200, 200, 40)
    found = SaliencyGrounder().detect([picture], ["t-shirt."])[0]
    assert found.box.iou(Box(60, 80, 260, 330)) > 0.93


def test_it_earns_its_place_on_a_generated_catalog(shown):
    """The bounds are those of a small catalog; benchmarks/grounding_iou.py measures large ones."""
    found = [SaliencyGrounder().detect([one.picture], [one.prompt])[0].box for one in shown]
    overlaps = {"packshot": [], "lifestyle": []}
    for one, box in zip(shown, found, strict=True):
        overlaps[one.scene].append(box.iou(one.box))
    assert np.mean(overlaps["packshot"]) > 0.88
    assert np.mean(overlaps["lifestyle"]) > 0.7


def test_on_luma_boxes_hold_garments(catalogs):
    """Packshots are cut exactly; a close-up, which has no outside to cut off, is kept whole."""
    from PIL import Image

    paths = sorted((catalogs / "luma" / "images").rglob("*.jpg"))[::35]
    pictures = [np.asarray(Image.open(path).convert("RGB")) for path in paths]
    found = SaliencyGrounder().detect(pictures, ["product."] * len(pictures))
    assert 0.8 < np.mean([detection.score >= THRESHOLD for detection in found]) < 1
    for picture, detection in zip(pictures, found, strict=True):
        if detection.score < THRESHOLD:
            continue
        outside = np.ones(picture.shape[:2], dtype=bool)
        x0, y0, x1, y1 = (round(v) for v in (detection.box.x0, detection.box.y0,
                                             detection.box.x1, detection.box.y1))  # fmt: skip
        outside[y0:y1, x0:x1] = False
        if detection.score > 0.9:
            left_out = (picture.min(axis=2) < 200) & outside
            assert left_out.mean() < 0.01
