"""From the bytes of a photograph to what the pipeline keeps of it, in one decode.

What belongs here: the working rendition, the thumbnail and the fingerprints. What does not:
decoding foreign bytes (``decode``) and what is done with the fingerprints (``duplicates``).

The rendition is what every later step sees: a baseline JPEG without metadata. The thumbnail is
what fingerprints are taken from and duplicates confirmed by: so small that a second look at it
costs next to nothing, and stored, so that anyone can take the same fingerprints again.
"""

from dataclasses import dataclass

import numpy as np
import simplejpeg
from PIL import Image

from vlclip_dagster.hashing import content_hash
from vlclip_dagster.images.decode import decode, shrunk
from vlclip_dagster.images.framing import prints
from vlclip_dagster.images.phash import phash_image

QUALITY = 90
THUMBNAIL_SIDE = 256


@dataclass(frozen=True)
class Photograph:
    """A photograph as the pipeline keeps it.

    Attributes:
        rendition: baseline JPEG, sRGB, longest side at most ``decode.LONGEST_SIDE`` pixels.
        thumbnail: the rendition as a JPEG of at most ``THUMBNAIL_SIDE`` pixels.
        width: of the rendition, in pixels.
        height: of the rendition, in pixels.
        sha256: content address of the original bytes, in hexadecimal.
        phash: 64-bit perceptual hash of the thumbnail, as ``imagehash.phash`` computes it.
        framed: the same of each of its windows, see ``framing``; the first is ``phash``.
        tints: mean Lab colour of each window, three numbers a window.
        colour: colour signature of the thumbnail, ``colour.DIMENSIONS`` numbers.
        degenerate: whether ``phash`` says too little to group by (a blank picture).
    """

    rendition: bytes
    thumbnail: bytes
    width: int
    height: int
    sha256: str
    phash: int
    framed: tuple[int, ...]
    tints: tuple[float, ...]
    colour: tuple[float, ...]
    degenerate: bool


def intake(data: bytes) -> Photograph:
    """Verify a photograph and make its working rendition and fingerprints.

    Raises:
        PhotographError: of no accepted kind, too many pixels, or damaged.
    """
    pixels, lean = decode(data)
    height, width = pixels.shape[:2]
    thumbnail = _thumbnail(pixels)
    hashes, tints, colour, degenerate = prints(decode_rendition(thumbnail))
    return Photograph(
        rendition=lean or simplejpeg.encode_jpeg(pixels, QUALITY, colorsubsampling="420"),
        thumbnail=thumbnail,
        width=width,
        height=height,
        sha256=content_hash(data),
        phash=hashes[0],
        framed=hashes,
        tints=tints,
        colour=colour,
        degenerate=degenerate,
    )


def hash_photograph(data: bytes) -> int:
    """The ``phash`` of a photograph alone, decoded no larger than that takes.

    It differs from what ``intake`` finds by as much as a resized copy's does: mostly nothing,
    at times two bits.

    Raises:
        PhotographError: of no accepted kind, too many pixels, or damaged.
    """
    return phash_image(Image.fromarray(decode(data, THUMBNAIL_SIDE).pixels))


def decode_rendition(rendition: bytes) -> np.ndarray:
    """The (height, width, 3) uint8 RGB pixels of a JPEG this module made."""
    return np.asarray(simplejpeg.decode_jpeg(rendition, "RGB"))


def _thumbnail(pixels: np.ndarray) -> bytes:
    height, width = pixels.shape[:2]
    scale = min(1.0, THUMBNAIL_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return simplejpeg.encode_jpeg(shrunk(pixels, size), QUALITY, colorsubsampling="444")
