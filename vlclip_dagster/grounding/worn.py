"""Garments on people: the one garment a photograph is about, out of what a person wears.

What belongs here: splitting the outline of a dressed person at the seams between skin and
garments. What does not: finding the person (``backdrop``, ``scene``).

A shop photographs a garment in the middle of the picture. Down the middle of a person, the mix
of colours changes at the neck, the waist, the hem, and stays alike in between, whatever the
pattern. So the rows are cut where the mix changes (optimal partitioning: Jackson et al., IEEE
Signal Processing Letters 2005), and the stretch nearest the middle gives the garment's colours.
"""

from itertools import pairwise

import cv2
import numpy as np

from vlclip_dagster.grounding.regions import bounds, regions
from vlclip_dagster.grounding.shapes import noun_of

UPPER = frozenset(
    {"blazer", "blouse", "bra", "cardigan", "hoodie", "jacket", "jumper", "polo", "pullover"}
    | {"shirt", "sweater", "sweatshirt", "t-shirt", "tank", "tee", "top", "tshirt", "vest"}
)
LOWER = frozenset(
    {"chinos", "jeans", "joggers", "leggings", "pants", "shorts", "skirt", "tights", "trousers"}
)
GARMENTS = UPPER | LOWER | {"coat", "dress", "gown", "jumpsuit", "kurta", "romper", "tunic"}

COLOURS = 8
SAMPLED = 1500
SEED = 7
# Lightness counts less: folds and shadows are not another garment.
LIGHTNESS = 0.6
# A seam must explain this much squared change of the mix, summed over rows of a 160-pixel
# picture.
SEAM = 8.0
# Colours this close, in Lab units, may be light and shade on one cloth.
SHADE = 9.0
# Colours of which this share lies in the garment's stretch are the garment's own.
OWN = 0.6
# Sleeves and collars reach beyond the stretch by at most this share of its height.
REACH = 0.25
# Where the garment's middle lies in the picture, for what is worn above the waist and for all
# else, and the standard deviation of both.
PLACE_UPPER, PLACE = 0.42, 0.5
MIDDLE = 0.22
# Skin counts this much less as garment; only below the waist is skin the larger part.
BARE_UPPER, BARE = 0.7, 1.0
ALIKE = 0.55
# What tells a person from a garment laid flat: this share of the outline is skin outside the
# garment, or what rises above the garment is this much narrower.
SKIN = 0.05
NECK = 0.55
# Skin of all tones in chrominance (Chai and Ngan, IEEE CSVT 1999), Cr and Cb of 8-bit YCrCb.
SKIN_CR, SKIN_CB = (135, 173), (80, 127)


def is_garment(prompt: str) -> bool:
    """Whether a prompt names something that is worn on the body."""
    return noun_of(prompt) in GARMENTS


def is_worn(lab: np.ndarray, outline: np.ndarray, prompt: str) -> bool:
    """Whether the prompt names a garment and the (h, w) ``outline`` is of somebody wearing it."""
    return is_garment(prompt) and garment(lab, outline, prompt) is not outline


def garment(lab: np.ndarray, outline: np.ndarray, prompt: str) -> np.ndarray:
    """The part of a person's outline that is the garment in the middle.

    Args:
        lab: (h, w, 3) float32 Lab picture.
        outline: (h, w) bool, the person, or a garment alone.
        prompt: what the garment is, as ``prompt.prompt_for`` writes it.

    Returns:
        (h, w) bool within ``outline``; the outline itself where nobody wears the garment.
    """
    rows = np.flatnonzero(outline.any(axis=1))
    if np.count_nonzero(outline) < 10 * COLOURS:
        return outline
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    colours, kinship = _colours(lab, outline)
    mix, filled = _mix_by_row(colours[top:bottom])
    bare = (skin(lab) & outline).sum(axis=1) / outline.sum(axis=1).clip(1)
    upper = noun_of(prompt) in UPPER
    away = np.arange(top, bottom) / lab.shape[0] - (PLACE_UPPER if upper else PLACE)
    claim = filled * (1 - (BARE_UPPER if upper else BARE) * bare[top:bottom])
    claim *= np.exp(-((away / MIDDLE) ** 2) / 2)
    first, last = _central_stretch(mix @ kinship, claim)
    own = _own_colours(colours, top + first, top + last, kinship)
    reach = int(REACH * (last - first))
    found = own[colours] & outline
    found[: max(0, top + first - reach)] = False
    found[top + last + reach :] = False
    found = _without_specks(found, outline)
    return found if _is_person(lab, outline, found) else outline


def _is_person(lab: np.ndarray, outline: np.ndarray, found: np.ndarray) -> bool:
    """Whether what lies around the garment looks like somebody wearing it."""
    around = outline & (cv2.dilate(found.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0)
    if np.count_nonzero(around & skin(lab)) > SKIN * np.count_nonzero(outline):
        return True
    box = bounds(found)
    above = outline[: int(box.y0)].sum(axis=1)
    above = above[above > 0]
    tall = len(above) > 0.06 * len(outline)
    return bool(tall and np.median(above) < NECK * (box.x1 - box.x0))


def skin(lab: np.ndarray) -> np.ndarray:
    """(h, w) bool of an (h, w, 3) Lab picture: colours of skin; wood and leather have them too."""
    rgb = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB).clip(0, 1)
    _, cr, cb = cv2.split(cv2.cvtColor((rgb * 255).astype(np.uint8), cv2.COLOR_RGB2YCrCb))
    return np.asarray(
        (cr >= SKIN_CR[0]) & (cr <= SKIN_CR[1]) & (cb >= SKIN_CB[0]) & (cb <= SKIN_CB[1])
    )


def _colours(lab: np.ndarray, outline: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The outline's main colours, and how far each stands for the others.

    Returns:
        (h, w) int, the colours numbered from 0, and -1 outside; (COLOURS, COLOURS) rows that
        sum to 1: shades of one cloth are nearly one colour.
    """
    pixels = lab[outline] * np.array((LIGHTNESS, 1, 1), dtype=np.float32)
    sample = np.ascontiguousarray(pixels[:: max(1, len(pixels) // SAMPLED)])
    cv2.setRNGSeed(SEED)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 8, 0.5)
    assigned = np.zeros((len(sample), 1), dtype=np.int32)
    _, _, centres = cv2.kmeans(sample, COLOURS, assigned, stop, 1, cv2.KMEANS_PP_CENTERS)
    colours = np.full(outline.shape, -1)
    colours[outline] = np.linalg.norm(pixels[:, None] - centres[None], axis=2).argmin(axis=1)
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    kinship = np.exp(-(apart**2) / (2 * SHADE**2))
    return colours, kinship / kinship.sum(axis=1, keepdims=True)


def _mix_by_row(colours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mix of colours down the middle of the outline, and how full each row is.

    Returns:
        (rows, COLOURS) shares that sum to 1 where a row is not empty, and (rows,) 0 to 1.
    """
    _, across = np.nonzero(colours >= 0)
    half = max(3.0, 0.2 * float(np.ptp(across)))
    centre = float(np.median(across))
    strip = colours[:, int(max(0, centre - half)) : int(centre + half) + 1]
    counts = (strip[..., None] == np.arange(COLOURS)).sum(axis=1).astype(float)
    total = counts.sum(axis=1, keepdims=True)
    mix = cv2.blur(counts / np.maximum(total, 1), (1, 5), borderType=cv2.BORDER_REPLICATE)
    return mix, total[:, 0] / max(float(total.max()), 1.0)


def _central_stretch(mix: np.ndarray, claim: np.ndarray) -> tuple[int, int]:
    """First and last row of the stretch with the best claim, and of those that continue it.

    ``claim`` (rows,) says how likely each row is garment, from where it is and what it shows.
    """
    stretches = list(pairwise(_seams(mix)))
    best = int(np.argmax([claim[start:end].sum() for start, end in stretches]))
    means = [mix[start:end].mean(axis=0) for start, end in stretches]
    continues = [float(np.minimum(mean, means[best]).sum()) > ALIKE for mean in means]
    low = high = best
    while low > 0 and continues[low - 1]:
        low -= 1
    while high + 1 < len(stretches) and continues[high + 1]:
        high += 1
    return stretches[low][0], stretches[high][1]


def _seams(mix: np.ndarray) -> list[int]:
    """Cuts, first and last included, that least squares and a price per seam call for."""
    sums = np.vstack([np.zeros(mix.shape[1]), mix.cumsum(axis=0)])
    squares = np.concatenate([[0.0], (mix**2).sum(axis=1).cumsum()])
    cost = np.full(len(mix) + 1, -SEAM)
    before = np.zeros(len(mix) + 1, dtype=int)
    for end in range(1, len(mix) + 1):
        length = end - np.arange(end)
        spread = squares[end] - squares[:end] - ((sums[end] - sums[:end]) ** 2).sum(axis=1) / length
        totals = cost[:end] + spread + SEAM
        before[end] = totals.argmin()
        cost[end] = totals[before[end]]
    cuts = [len(mix)]
    while cuts[-1] > 0:
        cuts.append(int(before[cuts[-1]]))
    return cuts[::-1]


def _own_colours(colours: np.ndarray, first: int, last: int, kinship: np.ndarray) -> np.ndarray:
    """(COLOURS + 1,) bool: which colours are the garment's; the last stands for outside."""
    inside = np.bincount(colours[first:last].reshape(-1) + 1, minlength=COLOURS + 1)[1:]
    everywhere = np.bincount(colours.reshape(-1) + 1, minlength=COLOURS + 1)[1:]
    own = (inside @ kinship > OWN * (everywhere @ kinship)) & (inside > 0.03 * inside.sum())
    if not own.any():
        own = inside == inside.max()
    return np.append(own, False)


def _without_specks(found: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """Regions of some size only; the outline if there are none."""
    square = np.ones((3, 3), np.uint8)
    closed = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_CLOSE, square)
    parts = regions(cv2.morphologyEx(closed, cv2.MORPH_OPEN, square))
    kept = [
        label
        for label, area in zip(parts.ids, parts.areas, strict=True)
        if area >= 0.08 * parts.areas[0]
    ]
    return np.isin(parts.labels, kept) if kept else outline
