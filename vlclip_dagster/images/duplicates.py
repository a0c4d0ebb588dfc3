"""Grouping photographs that are copies of one another.

What belongs here: fingerprints in, one canonical photograph per group out. What does not:
computing fingerprints (``phash``, ``colour``). All functions work on one product type.

The paper groups by equal perceptual hash (VL-CLIP, section 3.4.1). Near duplicates are found by
the pigeonhole principle (multi-index hashing, Norouzi et al., CVPR 2012, section 3): cut into
``distance + 2`` blocks, two hashes within ``distance`` bits agree in at least two blocks, so
only photographs that share two blocks are ever compared.
"""

from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Literal

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from vlclip_dagster.images.colour import DEFAULT_THRESHOLD, colour_distances

BITS = 64
PAIRS_AT_ONCE = 500_000


class DedupSettings(BaseModel):
    """What counts as a duplicate.

    Attributes:
        mode: ``exact``: equal hash, the paper's rule; ``near``: similar hash and similar
            colours; ``off``: every photograph stands for itself.
        distance: most bits in which near duplicates' hashes may differ.
        colour_threshold: largest colour distance of near duplicates, in Lab units.
    """

    model_config = ConfigDict(frozen=True)

    mode: Literal["exact", "near", "off"] = "near"
    distance: int = Field(default=4, ge=0, le=16)
    colour_threshold: float = Field(default=DEFAULT_THRESHOLD, gt=0)


def group_duplicates(
    frame: pl.DataFrame,
    settings: DedupSettings | None = None,
    previous: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Map each photograph of one product type to the canonical one of its group.

    Every member is within the limits of its canonical photograph, so groups don't chain. An old
    canonical photograph that is still there stays canonical, and its members stay with it;
    otherwise the largest one is chosen, then the one with the smallest ``photo_id``. Degenerate
    hashes are grouped by identical bytes only.

    Args:
        frame: photo_id, phash (u64), colour (list of ``colour.DIMENSIONS`` numbers), degenerate,
            width, height, sha256; one row per photograph. Where it also has item_group_id and
            color, photographs that one item group shows in different stated colours are
            variants, however alike they look: only identical bytes merge them.
        settings: what counts as a duplicate; the defaults if None.
        previous: photo_id, canonical_id of the last run, if there was one.

    Returns:
        photo_id, canonical_id, group_size, in the order of ``frame``.
    """
    settings = settings or DedupSettings()
    ranked = _ranked(frame, previous)
    canonical = _canonical_rows(ranked, settings)
    ids = ranked["photo_id"]
    grouped = pl.DataFrame({"photo_id": ids, "canonical_id": ids[canonical]}).with_columns(
        group_size=pl.len().over("canonical_id")
    )
    return frame.select("photo_id").join(grouped, on="photo_id", how="left", maintain_order="left")


def _ranked(frame: pl.DataFrame, previous: pl.DataFrame | None) -> pl.DataFrame:
    """The rows in the order of their claim to be canonical, with their old canonical."""
    columns = ["photo_id", "canonical_id"]
    empty = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    old = empty if previous is None else previous.select(columns).unique("photo_id")
    return frame.join(old, on="photo_id", how="left").sort(
        (pl.col("photo_id") == pl.col("canonical_id")).fill_null(False),
        pl.col("width").cast(pl.Int64) * pl.col("height"),
        "photo_id",
        descending=[True, True, False],
    )


def _canonical_rows(ranked: pl.DataFrame, settings: DedupSettings) -> np.ndarray:
    """The row of each row's canonical photograph; rows are in the order of their claim."""
    if settings.mode == "off" or ranked.is_empty():
        return np.arange(len(ranked))
    first = _first_of(ranked["sha256"])
    hashes = ranked["phash"].to_numpy()
    firm = np.flatnonzero(~ranked["degenerate"].to_numpy() & (first == np.arange(len(ranked))))
    if settings.mode == "exact":
        canonical = np.arange(len(ranked))
        canonical[firm] = firm[_first_of(pl.Series(hashes[firm]))]
    else:
        colours = np.array(ranked["colour"].to_list(), dtype=np.float32)
        left, right = _near_duplicates(hashes, colours, firm, settings)
        similar = ~_told_apart(ranked, left, right)
        left, right = left[similar], right[similar]
        canonical = _assign(left, right, first[_old_canonical(ranked)])
    return np.asarray(canonical[first])


def _told_apart(ranked: pl.DataFrame, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Which pairs of rows the shop itself calls different colours of one item group."""
    if not {"item_group_id", "color"} <= set(ranked.columns):
        return np.zeros(len(left), dtype=bool)
    told = ranked.select("item_group_id", pl.col("color").str.strip_chars().str.to_lowercase())
    one, other = told[left], told[right]
    differs = (one["item_group_id"] == other["item_group_id"]) & (one["color"] != other["color"])
    return differs.fill_null(False).to_numpy()


def _first_of(values: pl.Series) -> np.ndarray:
    """For each row, the first row with the same value."""
    rows = pl.DataFrame({"value": values}).with_row_index("row")
    return rows.select(pl.col("row").first().over("value"))["row"].cast(pl.Int64).to_numpy()


def _old_canonical(ranked: pl.DataFrame) -> np.ndarray:
    """The row of each photograph's old canonical one; its own row where that is gone."""
    rows = pl.DataFrame({"canonical_id": ranked["photo_id"]}).with_row_index("row")
    found = ranked.select("canonical_id").with_row_index("own")
    joined = found.join(rows, on="canonical_id", how="left", maintain_order="left")
    return joined.select(pl.coalesce("row", "own"))["row"].cast(pl.Int64).to_numpy()


def _assign(left: np.ndarray, right: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Greedy cover: in order of claim, each free row takes the free rows it is paired with.

    Args:
        left: (e,) rows, the better claim of each pair.
        right: (e,) rows, each greater than its ``left``.
        old: (n,) the old canonical row of each row, itself if none.

    Returns:
        (n,) canonical row of each row, always one it is paired with, or itself.
    """
    canonical = np.arange(len(old))
    order = np.argsort(left, kind="stable")
    left, right = left[order], right[order]
    owners, starts = np.unique(left, return_index=True)
    for owner, members in zip(owners, np.split(right, starts)[1:], strict=True):
        if canonical[owner] == owner:
            free = members[canonical[members] == members]
            canonical[free] = owner
    for row, other in ((left, right), (right, left)):
        stays = (old[row] == other) & (canonical[other] == other) & (canonical[row] != row)
        canonical[row[stays]] = other[stays]
    return canonical


def _near_duplicates(
    hashes: np.ndarray, colours: np.ndarray, firm: np.ndarray, settings: DedupSettings
) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of rows within both limits, as (left, right) with left < right."""
    unique, which = np.unique(hashes[firm], return_inverse=True)
    rows = firm[np.argsort(which, kind="stable")]
    counts = np.bincount(which, minlength=len(unique))
    starts = np.cumsum(counts) - counts
    same = np.arange(len(unique))
    near = _near_hashes(unique, settings.distance)
    ones, others = np.concatenate([same, near[0]]), np.concatenate([same, near[1]])
    found = []
    for a, b in _products(starts[ones], counts[ones], starts[others], counts[others]):
        one, other = rows[a], rows[b]
        new = (one < other) | (hashes[one] != hashes[other])
        one, other = one[new], other[new]
        close = colour_distances(colours[one], colours[other]) <= settings.colour_threshold
        found.append(np.sort(np.stack([one[close], other[close]]), axis=0))
    left, right = np.concatenate(found, axis=1) if found else np.empty((2, 0), dtype=np.int64)
    return left, right


def _near_hashes(unique: np.ndarray, distance: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of different hashes (positions, first < second) at most ``distance`` bits apart."""
    edges = np.linspace(0, BITS, distance + 3).round().astype(int)
    blocks = [((1 << int(b)) - 1) ^ ((1 << int(a)) - 1) for a, b in pairwise(edges)]
    pairs = [np.empty(0, dtype=np.int64)]
    for first, second in combinations(blocks, 2):
        key = unique & np.uint64(first | second)
        order = np.argsort(key, kind="stable")
        _, starts, counts = np.unique(key[order], return_index=True, return_counts=True)
        crowded = counts > 1
        starts, counts = starts[crowded], counts[crowded]
        for a, b in _products(starts, counts, starts, counts):
            one, other = order[a], order[b]
            bits = np.bitwise_count(unique[one] ^ unique[other])
            close = (one < other) & (bits <= distance)
            pairs.append(one[close] * len(unique) + other[close])
    # A pair that shares more than two blocks was met more than once.
    encoded = np.unique(np.concatenate(pairs))
    return encoded // max(len(unique), 1), encoded % max(len(unique), 1)


def _products(
    starts: np.ndarray, counts: np.ndarray, other_starts: np.ndarray, other_counts: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All pairs (a in run i, b in other run i), for all i, in pieces of bounded memory.

    A run is given by its start and its length, all arguments are (r,) integers.
    """
    ends = np.cumsum(counts * other_counts)
    total = int(ends[-1]) if len(ends) else 0
    for low in range(0, total, PAIRS_AT_ONCE):
        at = np.arange(low, min(low + PAIRS_AT_ONCE, total))
        run = np.searchsorted(ends, at, side="right")
        within = at - (ends - counts * other_counts)[run]
        yield (
            starts[run] + within // other_counts[run],
            other_starts[run] + within % other_counts[run],
        )
