"""Photographs as they come: each is read right, or refused with a sentence."""

import io
import struct
import zlib

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageCms

from vlclip_dagster.images.decode import LONGEST_SIDE
from vlclip_dagster.images.errors import PhotographError
from vlclip_dagster.images.rendition import (
    THUMBNAIL_SIDE,
    Photograph,
    decode_rendition,
    hash_photograph,
    intake,
)


def _scene(width: int = 120, height: int = 90) -> Image.Image:
    """A picture with a red top-left, a green right half and a blue bottom-left."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[: height // 2, : width // 2] = (220, 30, 30)
    pixels[:, width // 2 :] = (30, 180, 40)
    pixels[height // 2 :, : width // 2] = (30, 40, 210)
    return Image.fromarray(pixels)


def _textured(width: int, height: int) -> Image.Image:
    """The scene with soft shading, as photographs have it."""
    x, y = np.meshgrid(np.linspace(0, 9, width), np.linspace(0, 7, height))
    shade = 30 * np.sin(x) * np.cos(y * y / 4) + 12 * np.sin(5 * x + 3 * y)
    pixels = np.asarray(_scene(width, height)) + shade[..., None]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _encoded(image: Image.Image, kind: str = "JPEG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _colour(photograph: Photograph, x: float, y: float) -> np.ndarray:
    pixels = decode_rendition(photograph.rendition).astype(int)
    return pixels[int(y * photograph.height), int(x * photograph.width)]


def _near(colour: np.ndarray, expected: tuple[int, int, int], within: int = 12) -> bool:
    return bool(np.abs(colour - expected).max() <= within)


def _check_rendition(photograph: Photograph) -> Image.Image:
    image = Image.open(io.BytesIO(photograph.rendition))
    image.load()
    assert (image.format, image.mode) == ("JPEG", "RGB")
    assert image.size == (photograph.width, photograph.height)
    assert max(image.size) <= LONGEST_SIDE
    assert not image.getexif()
    assert "icc_profile" not in image.info
    thumbnail = Image.open(io.BytesIO(photograph.thumbnail))
    assert max(thumbnail.size) <= THUMBNAIL_SIDE
    assert photograph.phash == int(str(imagehash.phash(thumbnail)), 16)
    return image


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_accepted_kinds_keep_their_picture(kind):
    photograph = intake(_encoded(_scene(), kind))
    _check_rendition(photograph)
    assert _near(_colour(photograph, 0.2, 0.2), (220, 30, 30), 25)
    assert _near(_colour(photograph, 0.8, 0.5), (30, 180, 40), 25)


def test_a_fitting_jpeg_keeps_its_own_pixels_without_its_metadata():
    exif = Image.Exif()
    exif[0x010E] = "taken at home, 48.1 N 11.5 E"
    data = _encoded(_scene(), quality=83, exif=exif) + b"<script>appended</script>"
    photograph = intake(data)
    assert b"home" not in photograph.rendition
    assert b"script" not in photograph.rendition
    original = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert (decode_rendition(photograph.rendition) == original).all()


@pytest.mark.parametrize("size", [(3000, 1500), (2047, 1365), (1100, 900), (540, 540)])
def test_scaled_decoding_shows_what_full_decoding_shows(size):
    data = _encoded(_textured(*size), quality=92)
    photograph = intake(data)
    full = Image.open(io.BytesIO(data)).resize(
        (photograph.width, photograph.height), Image.Resampling.LANCZOS
    )
    apart = np.abs(decode_rendition(photograph.rendition).astype(int) - np.asarray(full))
    assert apart.mean() < 3
    assert (photograph.phash ^ int(str(imagehash.phash(full)), 16)).bit_count() <= 2
    assert (photograph.phash ^ hash_photograph(data)).bit_count() <= 2


def test_large_photographs_shrink_and_small_ones_stay():
    photograph = intake(_encoded(_scene(3000, 1500)))
    assert (photograph.width, photograph.height) == (1024, 512)
    _check_rendition(photograph)
    assert intake(_encoded(_scene(40, 30))).width == 40


@pytest.mark.parametrize("orientation", range(2, 9))
def test_orientation_is_applied(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = _encoded(_scene(), quality=95, exif=exif)
    photograph = intake(data)
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    assert (photograph.width, photograph.height) == upright.size
    assert np.abs(decode_rendition(photograph.rendition).astype(int) - upright).mean() < 4


def test_transparency_is_shown_on_white():
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    clear.paste((200, 0, 0, 255), (10, 10, 30, 30))
    photograph = intake(_encoded(clear, "PNG"))
    assert _near(_colour(photograph, 0.05, 0.05), (255, 255, 255))
    assert _near(_colour(photograph, 0.5, 0.5), (200, 0, 0), 25)


def test_palette_with_transparency():
    image = Image.new("P", (32, 32), 0)
    image.putpalette([0, 0, 0, 10, 200, 30] + [0] * 750)
    image.paste(1, (8, 8, 24, 24))
    photograph = intake(_encoded(image, "PNG", transparency=0))
    assert _near(_colour(photograph, 0.03, 0.03), (255, 255, 255))
    assert _near(_colour(photograph, 0.5, 0.5), (10, 200, 30), 25)


def test_sixteen_bit_grey_is_not_clipped_to_white():
    ramp = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    pixels = decode_rendition(intake(_encoded(Image.fromarray(ramp), "PNG")).rendition)
    assert pixels[2].mean() < 20
    assert 110 < pixels[32].mean() < 145
    assert pixels[-2].mean() > 235


def test_sixteen_bit_colour_png():
    rows = b"".join(b"\0" + struct.pack(">HHH", 50000, 1000, 20000) * 8 for _ in range(8))
    photograph = intake(_png(8, 8, rows, depth=16, colour=2))
    assert _near(_colour(photograph, 0.5, 0.5), (195, 4, 78))


def test_cmyk_comes_out_in_its_colours():
    photograph = intake(_encoded(_scene().convert("CMYK"), quality=95))
    _check_rendition(photograph)
    assert _near(_colour(photograph, 0.2, 0.2), (220, 30, 30), 30)


def test_greyscale_and_bilevel_become_rgb():
    _check_rendition(intake(_encoded(_scene().convert("L"))))
    _check_rendition(intake(_encoded(_scene().convert("1"), "PNG")))
    _check_rendition(intake(_encoded(_scene().convert("LA"), "PNG")))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "AVIF"])
def test_animations_show_their_first_frame(kind):
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue", "lime")]
    data = _encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)
    assert _near(_colour(intake(data), 0.5, 0.5), (255, 0, 0), 20)


def test_progressive_jpegs_become_baseline():
    photograph = intake(_encoded(_scene(), progressive=True))
    assert not _check_rendition(photograph).info.get("progressive")


def test_a_foreign_profile_is_converted_and_a_broken_one_ignored():
    lab_like = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    for profile in (b"garbage" * 40, lab_like, b""):
        _check_rendition(intake(_encoded(_scene(), icc_profile=profile)))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photograph = intake(_encoded(_scene(), icc_profile=srgb))
    _check_rendition(photograph)
    assert _near(_colour(photograph, 0.2, 0.2), (220, 30, 30), 25)


def test_one_pixel_and_extreme_shapes():
    assert intake(_encoded(Image.new("RGB", (1, 1), "red"), "PNG")).degenerate
    photograph = intake(_encoded(Image.new("RGB", (20_000, 3), "red"), "PNG"))
    assert (photograph.width, photograph.height) == (1024, 1)


def test_blank_photographs_are_degenerate_and_others_are_not():
    assert intake(_encoded(Image.new("RGB", (300, 300), "white"))).degenerate
    assert intake(_encoded(Image.new("RGB", (300, 300), "#446688"), "PNG")).degenerate
    assert not intake(_encoded(_scene())).degenerate


def test_the_address_is_of_the_original_bytes():
    one, other = _encoded(_scene(), quality=90), _encoded(_scene(), quality=89)
    assert intake(one).sha256 != intake(other).sha256
    assert intake(one) == intake(one)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(width: int, height: int, rows: bytes, depth: int = 8, colour: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_every_cut_of_a_jpeg_is_read_or_refused():
    data = _encoded(_scene(64, 64), quality=70)
    for end in range(0, len(data), 23):
        with pytest.raises(PhotographError):
            intake(data[:end])


def test_flipped_bytes_never_raise_anything_else():
    random = np.random.default_rng(1)
    for kind in ("JPEG", "PNG", "WEBP"):
        data = _encoded(_scene(64, 48), kind)
        for _ in range(150):
            broken = bytearray(data)
            for at in random.integers(0, len(data), 3):
                broken[at] = random.integers(0, 256)
            try:
                photograph = intake(bytes(broken))
            except PhotographError:
                continue
            _check_rendition(photograph)
