"""From the bytes of a photograph to its working rendition and fingerprints.

What belongs here: the only place where foreign image bytes are decoded, and what is computed
from that one picture. What does not: where the bytes come from (``fetch``) and what is done
with the fingerprints (``duplicates``).

The rendition is what every later step sees: sRGB, upright, on white, longest side at most
1,024 pixels, a baseline JPEG without metadata.
"""

import io
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageCms

from vlclip_dagster.hashing import content_hash
from vlclip_dagster.images.colour import colour_signature
from vlclip_dagster.images.errors import PhotographError
from vlclip_dagster.images.jpeg import lean_jpeg
from vlclip_dagster.images.phash import is_degenerate, luma, phash_luma

FORMATS = ("JPEG", "PNG", "WEBP")
LONGEST_SIDE = 1024
MAX_PIXELS = 64_000_000
QUALITY = 90
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


@dataclass(frozen=True)
class Photograph:
    """A photograph as the pipeline keeps it.

    Attributes:
        rendition: baseline JPEG, sRGB, longest side at most ``LONGEST_SIDE`` pixels.
        width: of the rendition, in pixels.
        height: of the rendition, in pixels.
        sha256: content address of the original bytes, in hexadecimal.
        phash: 64-bit perceptual hash of the rendition, as ``imagehash.phash`` computes it.
        colour: colour signature of the rendition, ``colour.DIMENSIONS`` numbers.
        degenerate: whether ``phash`` says too little to group by (a blank picture).
    """

    rendition: bytes
    width: int
    height: int
    sha256: str
    phash: int
    colour: tuple[float, ...]
    degenerate: bool


def intake(data: bytes) -> Photograph:
    """Verify a photograph and make its working rendition and fingerprints.

    Raises:
        PhotographError: not a JPEG, PNG or WebP, too many pixels, or damaged.
    """
    rendition, picture = _rendition(data)
    pixels = np.asarray(picture)
    thumbnail = luma(picture)
    return Photograph(
        rendition=rendition,
        width=picture.width,
        height=picture.height,
        sha256=content_hash(data),
        phash=int(phash_luma(thumbnail[None])[0]),
        colour=colour_signature(pixels),
        degenerate=is_degenerate(thumbnail),
    )


def decode_rendition(rendition: bytes) -> np.ndarray:
    """The (height, width, 3) uint8 RGB pixels of a rendition this module made."""
    return np.asarray(Image.open(io.BytesIO(rendition), formats=["JPEG"]).convert("RGB"))


def _rendition(data: bytes) -> tuple[bytes, Image.Image]:
    """The rendition's JPEG bytes and its decoded RGB picture."""
    if not data:
        raise PhotographError("The photograph is empty (0 bytes).")
    image = _open(data)
    as_it_is = _conforms(image)
    try:
        picture = image if as_it_is else _normalised(image)
        picture.load()
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:
        raise PhotographError(f"The {image.format} photograph is damaged: {error}.") from error
    lean = lean_jpeg(data) if as_it_is else None
    if lean is not None:
        return lean, picture
    encoded = io.BytesIO()
    picture.convert("RGB").save(encoded, "JPEG", quality=QUALITY, subsampling="4:2:0")
    return encoded.getvalue(), Image.open(encoded, formats=["JPEG"]).convert("RGB")


def _open(data: bytes) -> Image.Image:
    """The picture behind the bytes, its header read and its size checked, nothing decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise PhotographError(f"The photograph has too many pixels: {error}.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise PhotographError("The file is not a readable JPEG, PNG or WebP picture.") from error
    if image.width * image.height > MAX_PIXELS:
        raise PhotographError(
            f"The photograph has too many pixels: {image.width} x {image.height} is over "
            f"{MAX_PIXELS // 1_000_000} million."
        )
    return image


def _conforms(image: Image.Image) -> bool:
    """Whether the file, stripped of its metadata, is already a rendition."""
    return (
        image.format == "JPEG"
        and image.mode == "RGB"
        and max(image.size) <= LONGEST_SIDE
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


def _normalised(image: Image.Image) -> Image.Image:
    """Decode, and bring to the rendition's size, orientation and colours."""
    profile = image.info.get("icc_profile")
    orientation = _orientation(image)
    scale = min(1.0, LONGEST_SIDE / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    if image.format == "JPEG":
        # Scaled decoding: libjpeg skips the frequencies that the reduction would average out.
        image.draft(None, size)
    picture = _eight_bit(image)
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    return _upright(_on_white(_in_srgb(picture, profile)), orientation)


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


def _upright(picture: Image.Image, orientation: int) -> Image.Image:
    """Turn or mirror the picture as its EXIF orientation (TIFF 6.0, tag 274) asks."""
    turn = TURNS.get(orientation)
    return picture if turn is None else picture.transpose(turn)
