"""The colours that generated products come in, and how far a real dye strays from its name.

What belongs here: named colours and arithmetic on one colour. What does not: patterns and
materials, which are images, and the words shops use for a colour.
"""

import colorsys

import numpy as np

Rgb = tuple[int, int, int]

PALETTE: dict[str, Rgb] = {
    "black": (34, 34, 38),
    "charcoal": (76, 79, 86),
    "grey": (150, 152, 156),
    "white": (243, 243, 241),
    "cream": (240, 228, 196),
    "beige": (214, 194, 160),
    "tan": (190, 145, 96),
    "brown": (108, 70, 46),
    "burgundy": (116, 26, 50),
    "red": (204, 36, 44),
    "orange": (234, 120, 38),
    "mustard": (206, 158, 40),
    "yellow": (246, 216, 72),
    "olive": (106, 110, 60),
    "green": (42, 132, 74),
    "mint": (166, 218, 192),
    "teal": (24, 122, 128),
    "light blue": (152, 194, 232),
    "blue": (44, 96, 196),
    "navy": (30, 40, 88),
    "purple": (108, 60, 148),
    "lavender": (188, 170, 222),
    "pink": (240, 158, 188),
}


def dyed(name: str, rng: np.random.Generator) -> Rgb:
    """The palette colour ``name`` as one batch of dye comes out: near it, never exactly it."""
    hue, light, saturation = colorsys.rgb_to_hls(*(channel / 255 for channel in PALETTE[name]))
    hue = (hue + rng.normal(0, 0.008)) % 1
    light = min(max(light + rng.normal(0, 0.018), 0.05), 0.97)
    saturation = min(max(saturation * (1 + rng.normal(0, 0.06)), 0.0), 1.0)
    red, green, blue = colorsys.hls_to_rgb(hue, light, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def toned(colour: Rgb, factor: float) -> Rgb:
    """``colour`` made darker (factor below one) or lighter (above), clipped to 0..255."""
    red, green, blue = (min(255, max(0, round(channel * factor))) for channel in colour)
    return red, green, blue


def blended(first: Rgb, second: Rgb, share: float) -> Rgb:
    """A mix of two colours; ``share`` of ``second``, 0 to 1."""
    red, green, blue = (
        round(a * (1 - share) + b * share) for a, b in zip(first, second, strict=True)
    )
    return red, green, blue


def luminance(colour: Rgb) -> float:
    """Brightness of a colour from 0 to 1 (Rec. 601 weights)."""
    return (0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]) / 255


def distance(first: Rgb, second: Rgb) -> float:
    """Euclidean distance of two colours in RGB, 0 to 441."""
    return float(np.linalg.norm(np.subtract(first, second, dtype=np.float64)))
