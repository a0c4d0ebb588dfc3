"""From the bytes of a photograph to pixels: the only place where foreign image bytes are decoded.

What belongs here: verifying, decoding once, and bringing any accepted file to upright sRGB on
white, longest side at most 1,024 pixels. What does not: where the bytes come from (``fetch``)
and what is made of the pixels (``rendition``).
"""

import io
import warnings
from typing import NamedTuple

import cv2
import numpy as np
import simplejpeg
from PIL import Image, ImageCms, features

from vlclip_dagster.images.errors import PhotographError
from vlclip_dagster.images.jpeg import lean_jpeg

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", *(("AVIF",) if features.check("avif") else ()))
# Phones add further pictures behind the first one and Pillow then calls the file MPO.
JPEG_KINDS = ("JPEG", "MPO")
LONGEST_SIDE = 1024
MAX_PIXELS = 64_000_000
# Of a progressive JPEG. An encoder writes about ten; each is a pass over all pixels and can be
# a few bytes long, so thousands are an attack.
MAX_SCANS = 64
START_OF_SCAN = b"\xff\xda"
EXIF_ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# The limit here is lower than Pillow's. Set once: to do so around each picture is not safe in
# threads.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
DAMAGE = (OSError, SyntaxError, ValueError, EOFError, MemoryError)


class Decoded(NamedTuple):
    """What one decode yields.

    Attributes:
        pixels: (height, width, 3) uint8, upright sRGB on white, of bounded size.
        lean: the file stripped of its metadata, where it decodes to exactly these pixels.
    """

    pixels: np.ndarray
    lean: bytes | None = None


def decode(data: bytes, longest_side: int = LONGEST_SIDE) -> Decoded:
    """Verify and decode a photograph, the first frame where there are several.

    Args:
        data: the file.
        longest_side: most pixels of the result's width and height.

    Raises:
        PhotographError: not one of ``FORMATS``, too many pixels or scans, or damaged.
    """
    image = _open(data)
    try:
        if _conforms(image, longest_side):
            pixels = _turbo(data, image.size, image.size)
            lean = lean_jpeg(data) if pixels is not None else None
            if pixels is not None and lean is not None:
                return Decoded(pixels, lean)
        return Decoded(_normalised(image, data, longest_side))
    except DAMAGE as error:
        raise PhotographError(f"The {image.format} photograph is damaged: {error}.") from error


def shrunk(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(h, w, 3) uint8 ``pixels`` at ``size`` (width, height): halved by averages, then linear.

    As true as averaging in one go and several times as fast, since OpenCV halves in vectors.
    """
    width, height = size
    while pixels.shape[1] >= 2 * width and pixels.shape[0] >= 2 * height:
        half = (pixels.shape[1] // 2, pixels.shape[0] // 2)
        pixels = cv2.resize(pixels, half, interpolation=cv2.INTER_AREA)
    return pixels if pixels.shape[1::-1] == size else cv2.resize(pixels, size)


def _open(data: bytes) -> Image.Image:
    """The picture behind the bytes, its header read and its size checked, nothing decoded."""
    if not data:
        raise PhotographError("The photograph is empty (0 bytes).")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise PhotographError(f"The photograph has too many pixels: {error}.") from error
    except DAMAGE as error:
        if data.lstrip()[:1] == b"<":
            told = "The link leads to a web page or drawing (HTML or SVG), not to a photograph."
            raise PhotographError(told) from error
        kinds = ", ".join(FORMATS[:-1]) + " or " + FORMATS[-1]
        raise PhotographError(f"The file is not a readable {kinds} picture.") from error
    if image.width * image.height > MAX_PIXELS:
        raise PhotographError(
            f"The photograph has too many pixels: {image.width} x {image.height} is over "
            f"{MAX_PIXELS // 1_000_000} million."
        )
    if image.info.get("progressive") and data.count(START_OF_SCAN) > MAX_SCANS:
        raise PhotographError(f"The JPEG photograph holds more than {MAX_SCANS} scans.")
    return image


def _conforms(image: Image.Image, longest_side: int) -> bool:
    """Whether the file, stripped of its metadata, is already a rendition."""
    return (
        image.format == "JPEG"
        and image.mode == "RGB"
        and max(image.size) <= longest_side
        and not image.info.get("progressive")
        and _orientation(image) == 1
        and (not image.info.get("icc_profile") or _is_srgb(image.info["icc_profile"]))
    )


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 (upright) where it is absent or unreadable."""
    try:
        return int(image.getexif().get(EXIF_ORIENTATION, 1))
    except (OSError, SyntaxError, ValueError, TypeError, KeyError):
        return 1


def _normalised(image: Image.Image, data: bytes, longest_side: int) -> np.ndarray:
    """Decode, and bring to the wanted size, orientation and colours."""
    profile = image.info.get("icc_profile")
    orientation = _orientation(image)
    scale = min(1.0, longest_side / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    plain = image.format in JPEG_KINDS and image.mode == "RGB"
    pixels = _turbo(data, image.size, size) if plain else None
    if pixels is not None and orientation == 1 and not profile:
        return pixels
    picture = _by_pillow(image, size) if pixels is None else Image.fromarray(pixels)
    picture = _on_white(_in_srgb(picture, profile))
    turn = TURNS.get(orientation)
    return np.asarray(picture if turn is None else picture.transpose(turn))


def _turbo(data: bytes, full: tuple[int, int], size: tuple[int, int]) -> np.ndarray | None:
    """An RGB JPEG decoded at ``size`` (width, height), or None where libjpeg has complaints.

    Scaled decoding: libjpeg skips the frequencies that the reduction would average out. It is
    fast at a half, a quarter and an eighth, so less than a halving is left to interpolate.
    """
    halvings = 0
    while halvings < 3 and all(f >> (halvings + 1) >= s for f, s in zip(full, size, strict=True)):
        halvings += 1
    width, height = (-(-side >> halvings) for side in full)
    try:
        pixels = simplejpeg.decode_jpeg(data, "RGB", min_height=height, min_width=width)
    except ValueError:
        return None
    return shrunk(pixels, size)


def _by_pillow(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The picture decoded and shrunk to ``size``, eight bits per channel and no palette."""
    image.draft(None, size)
    picture = _eight_bit(image)
    if picture.size == size:
        return picture
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _eight_bit(image: Image.Image) -> Image.Image:
    """The decoded picture with eight bits per channel and no palette.

    Pillow clips 16-bit grey to white when it converts, so its high byte is taken here.
    """
    image.load()
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype("u1"))
    if image.mode in ("P", "PA") or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("L") if image.mode == "1" else image


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours as the profile means them; an unreadable or unfitting profile is ignored."""
    if not profile or picture.mode not in ("RGB", "CMYK", "L") or _is_srgb(profile):
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(picture, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture
    return converted or picture


def _is_srgb(profile: bytes) -> bool:
    """Whether an ICC profile calls itself sRGB, as nearly every profile in a shop does."""
    return b"sRGB" in profile or "sRGB".encode("utf-16-be") in profile


def _on_white(picture: Image.Image) -> Image.Image:
    """RGB, with whatever is transparent shown on white."""
    if "A" not in picture.getbands():
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("RGB")
