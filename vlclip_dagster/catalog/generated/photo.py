"""The camera: from a staged scene to JPEG bytes and the box of the product in them."""

from dataclasses import dataclass

import cv2
import numpy as np

from vlclip_dagster.catalog.generated.fields import grain
from vlclip_dagster.catalog.generated.look import Look
from vlclip_dagster.catalog.generated.pen import Stage
from vlclip_dagster.catalog.generated.staging import lifestyle, packshot
from vlclip_dagster.catalog.generated.surface import Pixels

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Photo:
    """A JPEG with its size and the product's box in pixels, right and bottom exclusive."""

    data: bytes
    width: int
    height: int
    box: Box


def take(look: Look, scene: int, on_white: bool) -> Photo:
    """Photograph a product.

    Args:
        look: what it looks like.
        scene: seed of everything around it; colour variants share it, so that they differ in
            colour alone.
        on_white: a packshot, else a lifestyle scene.
    """
    cv2.setNumThreads(1)
    rng = np.random.default_rng([scene, 2])
    stage = packshot(look, rng) if on_white else lifestyle(look, rng)
    picture = stage.rgb if on_white else _exposed(stage.rgb, rng)
    picture = _noisy(
        picture, float(rng.uniform(0.6, 1.4) if on_white else rng.uniform(1.2, 3.4)), rng
    )
    height, width = picture.shape[:2]
    return Photo(encode(picture, int(rng.integers(70, 93))), width, height, _box(stage))


def _box(stage: Stage) -> Box:
    """The smallest box around the visible part of the product."""
    x, y, w, h = cv2.boundingRect(stage.hero)
    return x, y, x + w, y + h


def _exposed(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Tint, exposure and a vignette."""
    height, width = picture.shape[:2]
    warm = float(rng.normal(0, 0.035))
    gain = float(rng.uniform(0.9, 1.06)) * np.array([1 + warm, 1.0, 1 - warm], np.float32)
    y = np.linspace(-1, 1, height // 8, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width // 8, dtype=np.float32)[None]
    fall = 1 - float(rng.uniform(0.03, 0.16)) * (x**2 + y**2) / 1.4
    cover = cv2.resize(fall[..., None] * gain, (width, height))
    return cv2.multiply(picture, cover, dtype=cv2.CV_8U)


def _noisy(picture: Pixels, sigma: float, rng: np.random.Generator) -> Pixels:
    height, width = picture.shape[:2]
    y, x = (int(v) for v in rng.integers(0, 1024 - 660, 2))
    dust = grain(8.0)[y : y + height, x : x + width]
    return cv2.addWeighted(picture, 1.0, dust, sigma / 8, 0, dtype=cv2.CV_8U)


def encode(picture: Pixels, quality: int) -> bytes:
    """JPEG bytes of an RGB picture."""
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def decode(data: bytes) -> Pixels:
    """The RGB picture in a JPEG of our own making."""
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert picture is not None, "a JPEG that was encoded here does not decode"
    return picture


def copied(photo: Photo, kind: str, seed: int) -> Photo:
    """What a reseller makes of a photograph: the same bytes, another JPEG, or another size.

    Args:
        photo: the original.
        kind: ``exact``, ``reencoded`` (quality 40 to 95) or ``resized`` (0.25 to 2 times, with
            both sides of 160 pixels at least).
        seed: of the quality and the factor.
    """
    if kind == "exact":
        return photo
    rng = np.random.default_rng([seed, 3])
    quality = int(rng.integers(40, 96))
    picture = decode(photo.data)
    if kind == "reencoded":
        return Photo(encode(picture, quality), photo.width, photo.height, photo.box)
    least = 160 / min(photo.width, photo.height)
    factor = max(float(np.exp(rng.uniform(np.log(0.25), np.log(2.0)))), least)
    width, height = round(photo.width * factor), round(photo.height * factor)
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(picture, (width, height), interpolation=way)
    x0, y0, x1, y1 = (value * factor for value in photo.box)
    scaled = (int(x0), int(y0), min(width, int(np.ceil(x1))), min(height, int(np.ceil(y1))))
    return Photo(encode(resized, max(quality, 70)), width, height, scaled)
