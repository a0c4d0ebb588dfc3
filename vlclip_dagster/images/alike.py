"""What makes two photographs with near hashes copies of one another.

What belongs here: the questions asked of a pair, cheap ones first, pixels last. What does not:
finding the pairs (``hamming``), the look at one of them (``look``) and grouping (``duplicates``).
"""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from vlclip_dagster.images.colour import colour_distances
from vlclip_dagster.images.framing import FRAMES, framed
from vlclip_dagster.images.look import same_picture
from vlclip_dagster.images.rendition import decode_rendition

# Windows that show the same differ less in their mean colour, in Lab units.
TINT_LIMIT = 6.0
PAIRS_AT_ONCE = 500_000
LOOKS_AT_ONCE = 512

Thumbnails = Callable[[Sequence[str]], Sequence[bytes]]


class Alike:
    """Tells which pairs of photographs of one product type are copies.

    Args:
        rows: the photographs, with the columns that ``duplicates.group_duplicates`` names.
        colour_threshold: largest colour distance of copies, in Lab units.
        thumbnails: reads stored thumbnails by ``photo_id``. Without it, photographs are compared
            whole and by their fingerprints alone.

    Attributes:
        hashes: (n, h) uint64, the hashes by which pairs are found.
    """

    def __init__(
        self, rows: pl.DataFrame, colour_threshold: float, thumbnails: Thumbnails | None
    ) -> None:
        self._rows = rows
        self._threshold = colour_threshold
        self._thumbnails = thumbnails
        if thumbnails is None:
            self.hashes = rows["phash"].to_numpy()[:, None]
            self._colours = np.array(rows["colour"].to_list(), dtype=np.float32)
        else:
            self.hashes = np.array(rows["framed"].to_list(), dtype=np.uint64)
            self._tints = np.array(rows["tints"].to_list(), dtype=np.float32)

    def __call__(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Which of the pairs (``left[i]``, ``right[i]``) of rows are copies, (n,) booleans."""
        same = ~told_apart(self._rows, left, right)
        for low in range(0, len(left), PAIRS_AT_ONCE):
            at = low + np.flatnonzero(same[low : low + PAIRS_AT_ONCE])
            same[at] = self._similar(left[at], right[at])
        return same

    def _similar(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        if self._thumbnails is None:
            apart = colour_distances(self._colours[left], self._colours[right])
            return apart <= self._threshold
        bits = np.bitwise_count(self.hashes[left][:, :, None] ^ self.hashes[right][:, None, :])
        window, other = np.divmod(bits.reshape(-1, FRAMES * FRAMES).argmin(axis=1), FRAMES)
        tints = self._tints.reshape(-1, FRAMES, 3)
        tinted = np.linalg.norm(tints[left, window] - tints[right, other], axis=1)
        same = tinted <= TINT_LIMIT
        promising = np.flatnonzero(same)
        for low in range(0, len(promising), LOOKS_AT_ONCE):
            at = promising[low : low + LOOKS_AT_ONCE]
            same[at] = self._look(left[at], window[at], right[at], other[at])
        return same

    def _look(
        self, left: np.ndarray, window: np.ndarray, right: np.ndarray, other: np.ndarray
    ) -> list[bool]:
        """Whether ``left[i]`` in its ``window[i]`` shows what ``right[i]`` does in its own."""
        assert self._thumbnails is not None
        needed = np.unique(np.concatenate([left, right]))
        files = self._thumbnails(self._rows["photo_id"][needed].to_list())
        stored = dict(zip(needed.tolist(), files, strict=True))

        def shown(row: int, frame: int) -> np.ndarray:
            return framed(decode_rendition(stored[row]))[frame]

        pairs = zip(left.tolist(), window, right.tolist(), other, strict=True)
        return [
            same_picture(shown(one, frame), shown(two, frame_of_two), self._threshold)
            for one, frame, two, frame_of_two in pairs
        ]


def told_apart(rows: pl.DataFrame, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Which pairs of rows the shop itself calls different colours of one item group."""
    apart = np.zeros(len(left), dtype=bool)
    if not {"item_group_id", "colours"} <= set(rows.columns):
        return apart
    groups = rows["item_group_id"]
    at = np.flatnonzero((groups[left] == groups[right]).fill_null(False))
    named = rows["colours"]
    both = named[left[at]].list.set_intersection(named[right[at]])
    apart[at] = (both.list.len() == 0).fill_null(False)
    return apart
