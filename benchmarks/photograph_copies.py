"""Copies of a photograph as shops make them: what duplicates are measured on."""

import io
import random
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFont

Maker = Callable[[Image.Image, random.Random], Image.Image]


def jpeg(picture: Image.Image, quality: int = 90) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


def resized(picture: Image.Image, chance: random.Random) -> Image.Image:
    scale = 2.0 ** chance.uniform(-2, 1)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS)


def padded(picture: Image.Image, chance: random.Random) -> Image.Image:
    """A plain border of 2 to 15 % on all sides, or on two opposite ones only."""
    left, top, right, bottom = (
        round(chance.uniform(0.02, 0.15) * side) for side in (picture.width, picture.height) * 2
    )
    if chance.random() < 0.4:
        left, right = 0, 0
    border = chance.choice([(255, 255, 255), (245, 245, 245), (0, 0, 0)])
    size = (picture.width + left + right, picture.height + top + bottom)
    framed = Image.new("RGB", size, border)
    framed.paste(picture, (left, top))
    return framed


def cropped(picture: Image.Image, chance: random.Random) -> Image.Image:
    """Up to 3 % off each side, each by itself."""
    left, top, right, bottom = (
        chance.uniform(0, 0.03) * side for side in (picture.width, picture.height) * 2
    )
    box = (left, top, picture.width - right, picture.height - bottom)
    return picture.crop(tuple(round(edge) for edge in box))


def watermarked(picture: Image.Image, chance: random.Random) -> Image.Image:
    """Half-transparent writing across the middle or in a corner."""
    ink = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(ink)
    font = ImageFont.load_default(max(12, picture.width // 12))
    alpha = chance.randint(70, 130)
    if chance.random() < 0.5:
        place = (picture.width * 0.25, picture.height * 0.45)
        draw.text(place, "SHOP.EXAMPLE", (255, 255, 255, alpha), font)
    else:
        draw.text((picture.width * 0.6, picture.height * 0.9), "© shop", (90, 90, 90, alpha), font)
    return Image.alpha_composite(picture.convert("RGBA"), ink).convert("RGB")


MAKERS: dict[str, Maker] = {
    "reencoded": lambda picture, _: picture,
    "resized": resized,
    "padded": padded,
    "cropped": cropped,
    "watermarked": watermarked,
}


def copy(picture: Image.Image, kind: str, chance: random.Random) -> bytes:
    """A JPEG of an RGB picture after ``kind``; re-encoded ones at quality 40 to 95."""
    quality = chance.randint(40, 95) if kind == "reencoded" else 90
    return jpeg(MAKERS[kind](picture, chance), quality)
