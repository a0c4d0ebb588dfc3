import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vlclip_dagster.encoder.augment import augment
from vlclip_dagster.encoder.preprocess import Preprocess
from vlclip_dagster.errors import VlclipError

HALF = (0.5, 0.5, 0.5)


def preprocess(mode, size=32):
    return Preprocess(size, HALF, HALF, resize_mode=mode)


@given(st.integers(1, 90), st.integers(1, 90), st.sampled_from(["squash", "longest", "shortest"]))
def test_any_shape_becomes_the_square(height, width, mode):
    image = np.full((height, width, 3), 7, dtype=np.uint8)
    assert preprocess(mode).pixels([image]).shape == (1, 32, 32, 3)


def test_letterbox_keeps_the_whole_image_on_the_fill():
    image = np.zeros((20, 80, 3), dtype=np.uint8)
    pixels = preprocess("longest").pixels([image])[0]
    assert (pixels[0] == 255).all()
    assert (pixels[-1] == 255).all()
    assert (pixels[16] == 0).all()


def test_bytes_and_arrays_give_the_same_pixels_in_rgb_order():
    red = np.zeros((40, 40, 3), dtype=np.uint8)
    red[..., 0] = 200
    png = cv2.imencode(".png", red[..., ::-1])[1].tobytes()
    from_bytes, from_array = preprocess("squash").pixels([png, red])
    assert np.array_equal(from_bytes, from_array)
    assert from_bytes[0, 0].tolist() == [200, 0, 0]


@pytest.mark.parametrize("image", [b"", b"not an image", np.zeros((4, 4), dtype=np.uint8)])
def test_what_is_no_image_is_said_in_one_sentence(image):
    with pytest.raises(VlclipError, match="image"):
        preprocess("squash").pixels([image])


def test_config_round_trip():
    for mode in ("squash", "longest", "shortest"):
        assert Preprocess.from_config(preprocess(mode).to_config()) == preprocess(mode)


def test_normalise_is_open_clips():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    expected = ((pixels / 255 - 0.5) / 0.5).transpose(0, 3, 1, 2)
    assert np.allclose(preprocess("squash").normalise(pixels), expected, atol=1e-6)


def test_augmentation_keeps_hue_and_repeats():
    orange = np.zeros((4, 40, 40, 3), dtype=np.uint8)
    orange[:] = (240, 120, 20)
    changed = augment(orange, 32, np.random.default_rng(3))
    again = augment(orange, 32, np.random.default_rng(3))
    assert changed.shape == (4, 32, 32, 3)
    assert np.array_equal(changed, again)
    hue = cv2.cvtColor(changed.reshape(1, -1, 3), cv2.COLOR_RGB2HSV)[..., 0]
    expected = cv2.cvtColor(orange[:1, :1, 0], cv2.COLOR_RGB2HSV)[0, 0, 0]
    assert np.abs(hue.astype(int) - int(expected)).max() <= 1


def test_augmentation_changes_the_picture():
    image = np.random.default_rng(0).integers(0, 256, (1, 40, 40, 3), dtype=np.uint8)
    first, second = (augment(image, 40, np.random.default_rng(seed)) for seed in (1, 2))
    assert not np.array_equal(first, second)
