"""Files as strangers make them: each is read right, or rejected with its reason."""

import io
import os
import re
import struct
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image, ImageCms

from vlclip_dagster.images.fetch import PhotographReader
from vlclip_dagster.images.intake import IntakeWorker
from vlclip_dagster.images.rendition import decode_rendition
from vlclip_dagster.images.settings import PhotographSettings

RED, GREEN, BLUE = (220, 30, 30), (30, 180, 40), (30, 40, 210)


def _scene() -> Image.Image:
    """120 x 90: red at the top left, blue at the bottom left, green on the right."""
    pixels = np.zeros((90, 120, 3), dtype=np.uint8)
    pixels[:45, :60], pixels[45:, :60], pixels[:, 60:] = RED, BLUE, GREEN
    return Image.fromarray(pixels)


def _file(image: Image.Image, kind: str = "JPEG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


JPEG, PNG, WEBP = (_file(_scene(), kind, quality=90) for kind in ("JPEG", "PNG", "WEBP"))
GIF, AVIF = _file(_scene(), "GIF"), _file(_scene(), "AVIF", quality=90)


def _rotated() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return _file(_scene().transpose(Image.Transpose.ROTATE_90), quality=95, exif=exif)


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _with_segment(marker: int, body: bytes) -> bytes:
    return JPEG[:2] + _segment(marker, body) + JPEG[2:]


def _animated(kind: str, **options) -> bytes:
    others = [Image.new("RGB", (120, 90), colour) for colour in ("white", "black")]
    return _file(_scene(), kind, save_all=True, append_images=others, duration=50, **options)


def _palette_with_alpha() -> bytes:
    image = _scene().quantize(8)
    clear = image.getpixel((0, 0))
    return _file(image, "PNG", transparency=clear)


def _swapped_profile() -> bytes:
    """A picture whose profile calls its first channel blue and its last red."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace(b"rXYZ", b"_XYZ").replace(b"bXYZ", b"rXYZ").replace(b"_XYZ", b"bXYZ")
    profile = profile.replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))
    profile = profile.replace(b"sRGB", b"swap")
    red, green, blue = _scene().split()
    swapped = Image.merge("RGB", (blue, green, red))
    return _file(swapped, quality=95, icc_profile=profile)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _png(width: int, height: int, rows: bytes, depth=8, colour=2, extra: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = _chunk(b"IHDR", header) + extra + _chunk(b"IDAT", zlib.compress(rows, 9))
    return b"\x89PNG\r\n\x1a\n" + body + _chunk(b"IEND", b"")


def _deep_colour() -> bytes:
    scene = np.asarray(_scene()).astype(">u2") * 257
    rows = b"".join(b"\0" + row.tobytes() for row in scene)
    return _png(120, 90, rows, depth=16)


def _claiming(data: bytes, marker: bytes, offset: int, size: bytes) -> bytes:
    at = data.index(marker) + offset
    return data[:at] + size + data[at + len(size) :]


def _endless_scans() -> bytes:
    data = _file(_scene(), progressive=True)
    at = data.index(b"\xff\xda")
    return data[:at] + data[at:-2] * 40 + data[-2:]


UNFOLDING = b"x\0\0" + zlib.compress(b"\0" * 20_000_000)


def _no_picture(kind: str, mode: str = "RGB") -> bytes:
    return _file(Image.new(mode, (16, 16)), kind)


READ: dict[str, bytes] = {
    "jpeg": JPEG,
    "png": PNG,
    "webp": WEBP,
    "gif": GIF,
    "avif": AVIF,
    "exif rotation": _rotated(),
    "exif that is garbage": _with_segment(0xE1, b"Exif\0\0" + b"\xff" * 300),
    "cmyk": _file(_scene().convert("CMYK"), quality=95),
    "progressive": _file(_scene(), progressive=True, quality=90),
    "sixteen bits": _deep_colour(),
    "animated gif": _animated("GIF"),
    "animated webp": _animated("WEBP"),
    "animated png": _animated("PNG"),
    "animated avif": _animated("AVIF"),
    "several pictures in one jpeg": _animated("MPO"),
    "colour profile": _swapped_profile(),
    "colour profile that is garbage": _file(_scene(), quality=90, icc_profile=b"garbage" * 40),
    "zip behind a jpeg": JPEG + b"PK\x03\x04" + b"\0" * 200,
    "script behind a jpeg": JPEG + b"<script>alert(1)</script>",
    "php in a comment": _with_segment(0xFE, b"<?php system($_GET['c']); ?>"),
    "html in front of pixels": _png(120, 90, b"".join(
        b"\0" + row.tobytes() for row in np.asarray(_scene())
    ), extra=_chunk(b"tEXt", b"Comment\0<script>alert(1)</script>")),
}  # fmt: skip

NOT_READABLE, TOO_MANY, PAGE = "not a readable", "too many pixels", "web page or drawing"
REFUSED: dict[str, tuple[bytes, str]] = {
    "zero bytes": (b"", "empty"),
    "zeros": (b"\0" * 10_000, NOT_READABLE),
    "text": (b"Not found. Please come back later.", NOT_READABLE),
    "html": (b"<!doctype html><html><body>404</body></html>", PAGE),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', PAGE),
    "eps": (_no_picture("EPS"), NOT_READABLE),
    "bmp": (_no_picture("BMP"), NOT_READABLE),
    "tiff": (_no_picture("TIFF"), NOT_READABLE),
    "ico": (_no_picture("ICO"), NOT_READABLE),
    "pdf": (b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj", NOT_READABLE),
    "zip": (b"PK\x03\x04" + b"\0" * 200, NOT_READABLE),
    "gzip": (b"\x1f\x8b\x08" + b"\0" * 200, NOT_READABLE),
    "sound in a riff": (b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 40, NOT_READABLE),
    "gif before a zip": (b"GIF89a" + b"PK\x03\x04" * 50, "too many|damaged|not a readable"),
    "jpeg start only": (b"\xff\xd8\xff", NOT_READABLE),
    "half a jpeg": (JPEG[: len(JPEG) // 2], "damaged"),
    "jpeg without its end": (JPEG[:-200], "damaged"),
    "half a png": (PNG[: len(PNG) // 2], "damaged|not a readable"),
    "half a webp": (WEBP[: len(WEBP) // 2], "damaged|not a readable"),
    "half a gif": (GIF[: len(GIF) // 2], "damaged"),
    "half an avif": (AVIF[: len(AVIF) // 2], "damaged|not a readable"),
    "png without rows": (_png(64, 64, b""), "damaged"),
    "png of 400 million pixels": (_png(20_000, 20_000, b"\0" * 40_000_000), TOO_MANY),
    "png of two billion rows": (_png(1, 2_000_000_000, b""), TOO_MANY),
    "png just over the limit": (_png(8_001, 8_000, b""), TOO_MANY),
    "jpeg that claims 60,000 squared": (
        _claiming(JPEG, b"\xff\xc0", 5, struct.pack(">HH", 60_000, 60_000)), TOO_MANY,
    ),
    "gif that claims 65,535 squared": (_claiming(GIF, b"GIF8", 6, b"\xff" * 4), TOO_MANY),
    "webp that claims 16,384 squared": (
        _claiming(_animated("WEBP"), b"VP8X", 12, b"\xff\x3f\0\xff\x3f\0"),
        "too many|damaged|not a readable",
    ),
    "jpeg of endless scans": (_endless_scans(), "scans"),
    "png with a profile that unfolds": (
        _png(8, 8, b"\0" * 200, extra=_chunk(b"iCCP", UNFOLDING)),
        NOT_READABLE,
    ),
    "png with a text that unfolds": (
        _png(8, 8, b"\0" * 200, extra=_chunk(b"zTXt", UNFOLDING)),
        NOT_READABLE,
    ),
    "larger than a photograph may be": (JPEG + b"\0" * 3_000_000, "larger than"),
}  # fmt: skip


def _outside(drop: Path) -> None:
    (drop.parent / "secret.jpg").write_bytes(JPEG)


def _symlink(drop: Path) -> str:
    _outside(drop)
    (drop / "link.jpg").symlink_to(drop.parent / "secret.jpg")
    return "link.jpg"


def _folder_link(drop: Path) -> str:
    _outside(drop)
    (drop / "folder").symlink_to(drop.parent)
    return "folder/secret.jpg"


def _device(drop: Path) -> str:
    (drop / "zero.jpg").symlink_to("/dev/zero")
    return "zero.jpg"


def _pipe(drop: Path) -> str:
    os.mkfifo(drop / "pipe.jpg")
    return "pipe.jpg"


def _climbing(drop: Path) -> str:
    _outside(drop)
    return "images/../../secret.jpg"


PLACES: dict[str, tuple[Callable[[Path], str], str]] = {
    "symlink out of the drop": (_symlink, "leaves the folder"),
    "symlinked folder out of the drop": (_folder_link, "leaves the folder"),
    "device": (_device, "leaves the folder"),
    "pipe": (_pipe, "not a file"),
    "dots": (_climbing, "leaves the folder"),
    "encoded dots": (lambda drop: "%2e%2e/secret.jpg", "leaves the folder"),
    "absolute": (lambda drop: "/etc/passwd", "leaves the folder"),
    "nul": (lambda drop: "1.jpg\0.png", "control characters"),
    "encoded nul": (lambda drop: "1%00.jpg", "usable path"),
    "very long": (lambda drop: "x" * 5000, "can't be read|usable path"),
    "folder": (lambda drop: ".", "not a file|can't be read"),
}

PAGES = {
    "endless": "larger than",
    "trickle": "too long|ReadTimeout",
    "silent": "ReadTimeout|ProtocolError|too long",
    "big": "larger than",
    "circle": "more than 5 times",
    "inward": "not a public address",
    "local": "not a public address",
    "file": "not an http",
    "gone": "404",
    "zipped": NOT_READABLE,
}


@pytest.fixture
def drop(tmp_path):
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


def _taken(link: str, root: Path, max_bytes: int = 2_500_000) -> dict:
    settings = PhotographSettings(
        max_bytes=max_bytes, timeout_s=0.6, retries=0, private_hosts="127.0.0.1"
    )
    rows = pl.DataFrame(
        {"photo_id": ["a#0"], "key": ["k"], "item_id": ["a"], "position": [0], "link": [link]}
    ).with_columns(root=pl.lit(str(root)))
    nothing = pl.DataFrame(schema={"key": pl.String, "sha256": pl.String})
    with ThreadPoolExecutor(1) as readers:
        worker = IntakeWorker(PhotographReader(settings), readers, lambda _: nothing, now=0)
        return worker(rows).row(0, named=True)


def _refused(taken: dict) -> str:
    assert taken["rendition"] is None
    assert taken["error"].endswith(".")
    assert "\n" not in taken["error"]
    return taken["error"]


def test_the_corpus_is_as_large_as_it_should_be():
    assert len(READ) + len(REFUSED) + len(PLACES) + len(PAGES) >= 70


@pytest.mark.parametrize("name", READ)
def test_read_right(name, drop):
    (drop / "1.jpg").write_bytes(READ[name])
    taken = _taken("1.jpg", drop)
    assert taken["error"] is None
    assert (taken["width"], taken["height"]) == (120, 90)
    pixels = decode_rendition(taken["rendition"]).astype(int)
    for colour, x, y in ((RED, 20, 20), (BLUE, 20, 70), (GREEN, 95, 45)):
        assert np.abs(pixels[y, x] - colour).max() < 32
    for text in (b"script", b"php", b"PK\x03\x04", b"Exif", b"ICC_PROFILE"):
        assert text not in taken["rendition"]


def test_what_is_transparent_is_white(drop):
    (drop / "1.jpg").write_bytes(_palette_with_alpha())
    pixels = decode_rendition(_taken("1.jpg", drop)["rendition"])
    assert pixels[20, 20].min() > 240
    assert np.abs(pixels[45, 95].astype(int) - GREEN).max() < 32


@pytest.mark.parametrize("name", REFUSED)
def test_rejected_with_its_reason(name, drop):
    data, reason = REFUSED[name]
    (drop / "1.jpg").write_bytes(data)
    started = time.process_time()
    error = _refused(_taken("1.jpg", drop))
    assert re.search(reason, error), error
    assert time.process_time() - started < 2


@pytest.mark.parametrize("name", PLACES)
def test_places_that_are_not_read(name, drop):
    place, reason = PLACES[name]
    error = _refused(_taken(place(drop), drop))
    assert re.search(reason, error), error


@pytest.mark.parametrize("page", PAGES)
def test_servers_that_misbehave(page, shop, drop):
    started = time.monotonic()
    error = _refused(_taken(f"{shop}/{page}", drop, max_bytes=1000))
    assert re.search(PAGES[page], error), error
    assert time.monotonic() - started < 5
