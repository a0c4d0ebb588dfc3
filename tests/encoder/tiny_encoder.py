"""A tiny model and a drawn catalog of coloured shapes, shared by the encoder's tests."""

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import polars as pl

TINY = "vlclip-tiny-for-tests"
COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 170, 60),
    "blue": (40, 60, 220),
    "black": (20, 20, 20),
}
SHAPES = ("disc", "square", "triangle")
_CONFIG = {
    "embed_dim": 64,
    "vision_cfg": {
        "image_size": 32,
        "timm_model_name": "test_resnet",
        "timm_model_pretrained": False,
        "timm_pool": "avg",
        "timm_proj": "linear",
    },
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 1},
}


def register_tiny(folder: Path, name: str = TINY, **vision: object) -> str:
    """Teach open_clip the tiny model and return its name; ``vision`` replaces its image tower."""
    import open_clip

    config = {**_CONFIG, "vision_cfg": {"image_size": 32, **vision}} if vision else _CONFIG
    (folder / f"{name}.json").write_text(json.dumps(config))
    open_clip.add_model_config(folder / f"{name}.json")
    return name


class ShapePairs:
    """Coloured shapes on white, each described by its colour and shape."""

    def __init__(self, count: int = 96, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        rows, self._images = [], []
        for number in range(count):
            shape = SHAPES[number % len(SHAPES)]
            colour = list(COLOURS)[int(rng.integers(len(COLOURS)))]
            rows.append(
                {
                    "item_id": f"shop/{number}",
                    "slug": shape,
                    "group": f"shop/g{number}",
                    "canonical_id": f"shop/{number}#0",
                    "query": f"{colour} {shape}",
                    "texts": [f"a {shape} in {colour}"],
                }
            )
            self._images.append(_draw(shape, COLOURS[colour], rng))
        self.frame = pl.DataFrame(rows)

    def images(self, indices: Sequence[int]) -> list[bytes]:
        return [self._images[index] for index in indices]


def _draw(shape: str, colour: tuple[int, ...], rng: np.random.Generator) -> bytes:
    image = np.full((48, 48, 3), 255, dtype=np.uint8)
    x, y = (int(value) for value in rng.integers(20, 28, 2))
    r = int(rng.integers(9, 15))
    bgr = tuple(reversed(colour))
    if shape == "disc":
        cv2.circle(image, (x, y), r, bgr, -1)
    elif shape == "square":
        cv2.rectangle(image, (x - r, y - r), (x + r, y + r), bgr, -1)
    else:
        corners = np.array([[x, y - r], [x - r, y + r], [x + r, y + r]])
        cv2.fillPoly(image, [corners], bgr)
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
