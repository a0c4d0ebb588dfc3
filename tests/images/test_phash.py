"""The hash equals imagehash's, whatever the picture, one by one and in batches."""

import io

import imagehash
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from vlclip_dagster.images.phash import is_degenerate, luma, phash_image, phash_luma
from vlclip_dagster.images.rendition import intake


def _reference(image: Image.Image) -> int:
    return int(str(imagehash.phash(image)), 16)


def _random_pictures() -> list[Image.Image]:
    random = np.random.default_rng(0)
    pictures = []
    for size in [(8, 8), (33, 31), (200, 100), (64, 300)]:
        for _ in range(40):
            coarse = random.integers(0, 256, (6, 5, 3), dtype=np.uint8)
            pictures.append(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC))
    return pictures


def _symmetric_pictures() -> list[Image.Image]:
    """Pictures whose coefficients vanish, where only rounding decides a bit."""
    flat = [np.full((40, 40), value, dtype=np.uint8) for value in (0, 1, 127, 255)]
    x, y = np.meshgrid(np.arange(64), np.arange(64))
    shapes = [
        (x * 4).astype(np.uint8),
        (y * 4).astype(np.uint8),
        ((x // 8 + y // 8) % 2 * 255).astype(np.uint8),
        (np.hypot(x - 31.5, y - 31.5) < 20).astype(np.uint8) * 255,
        ((x > 15) & (x < 48) & (y > 15) & (y < 48)).astype(np.uint8) * 255,
    ]
    return [Image.fromarray(pixels) for pixels in [*flat, *shapes]]


def test_single_hashes_equal_imagehash():
    for picture in [*_random_pictures(), *_symmetric_pictures()]:
        assert phash_image(picture) == _reference(picture)


def test_a_batch_equals_single_hashes():
    pictures = [*_random_pictures(), *_symmetric_pictures()]
    batch = phash_luma(np.stack([luma(picture) for picture in pictures]))
    assert batch.dtype == np.uint64
    assert batch.tolist() == [_reference(picture) for picture in pictures]


@settings(max_examples=150, deadline=None)
@given(arrays(np.uint8, (32, 32), elements=st.sampled_from([0, 1, 128, 254, 255])))
def test_any_thumbnail_hashes_as_imagehash_does(thumbnail):
    assert int(phash_luma(thumbnail[None])[0]) == _reference(Image.fromarray(thumbnail))


def test_no_thumbnails_no_hashes():
    assert phash_luma(np.empty((0, 32, 32), dtype=np.uint8)).shape == (0,)


def test_shading_and_noise_alone_say_nothing():
    random = np.random.default_rng(0)
    blank = np.full((32, 32), 240, dtype=np.uint8)
    assert is_degenerate(blank)
    assert is_degenerate(blank + random.integers(0, 2, (32, 32), dtype=np.uint8))
    assert is_degenerate(np.tile(np.linspace(200, 215, 32).astype(np.uint8), (32, 1)))
    product = blank.copy()
    product[8:25, 10:20] = 40
    assert not is_degenerate(product)


def test_real_photographs_hash_as_imagehash_does(catalogs):
    for path in sorted((catalogs / "luma" / "images").rglob("*.jpg"))[:60]:
        photograph = intake(path.read_bytes())
        picture = Image.open(io.BytesIO(photograph.thumbnail))
        assert photograph.phash == _reference(picture)
        assert not photograph.degenerate
