"""Augmentation of training images that keeps colour.

Colour is what shoppers ask for, so hue, saturation and greyscale are never touched: one mild
affine warp (crop, stretch, turn, shift), a mirror image, a little brightness, sometimes a blur.
"""

import cv2
import numpy as np

# A photograph cut to its product is all outline: cropping much of it away hides the product type.
MIN_AREA, MAX_AREA = 0.75, 1.1
MAX_STRETCH = 1.15
MAX_TURN_DEG = 8.0
BRIGHTNESS = 0.12
BLUR_SHARE = 0.1


def augment(images: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Return a changed copy of each image, at the size the model takes.

    Args:
        images: (n, s, s, 3) uint8 RGB.
        size: side of the result in pixels.
        rng: fixes every draw.

    Returns:
        (n, size, size, 3) uint8 RGB.
    """
    changed = np.empty((len(images), size, size, 3), dtype=np.uint8)
    for image, out in zip(images, changed, strict=True):
        matrix = _warp(image.shape[0], size, rng)
        cv2.warpAffine(
            np.ascontiguousarray(image),
            matrix,
            (size, size),
            dst=out,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        gain = 1 + rng.uniform(-BRIGHTNESS, BRIGHTNESS)
        cv2.convertScaleAbs(out, dst=out, alpha=gain)
        if rng.random() < BLUR_SHARE:
            cv2.GaussianBlur(out, (3, 3), 0, dst=out)
    return changed


def _warp(source: int, target: int, rng: np.random.Generator) -> np.ndarray:
    """Draw the (2, 3) matrix that maps a pixel of the result to a pixel of the source."""
    side = np.sqrt(rng.uniform(MIN_AREA, MAX_AREA)) * source
    stretch = np.exp(rng.uniform(-1, 1) * np.log(MAX_STRETCH) / 2)
    width, height = side * stretch, side / stretch
    angle = np.deg2rad(rng.uniform(-MAX_TURN_DEG, MAX_TURN_DEG))
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    centre = np.array(
        [
            source / 2 + rng.uniform(-1, 1) * abs(source - width) / 2,
            source / 2 + rng.uniform(-1, 1) * abs(source - height) / 2,
        ]
    )
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    scale = np.diag([mirror * width / target, height / target])
    linear = turn @ scale
    offset = centre - linear @ np.array([target / 2, target / 2])
    return np.hstack([linear, offset[:, None]])
