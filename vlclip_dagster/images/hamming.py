"""Pairs of 64-bit hashes within a few bits of one another, without comparing all with all.

What belongs here: two arrays of hashes in, pairs of positions out. What does not: what such a
pair means (``stars``, ``duplicates``).

The pigeonhole principle (multi-index hashing, Norouzi et al., CVPR 2012, section 3): cut into
``distance + 2`` blocks, two hashes within ``distance`` bits agree in at least two blocks, so
only hashes that share two blocks are ever compared.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations, pairwise

import numpy as np

BITS = 64
# Work is cut into pieces of this many hashes or pairs, so that memory is bounded and a piece
# stays close to the processor.
PIECE = 1 << 20
# Buckets per hash of the smaller side, so that most are empty; but a table the cache can hold.
ROOM_BITS, MAX_BUCKET_BITS = 4, 22
# Fibonacci hashing: 2**64 divided by the golden ratio spreads any selection of bits.
SPREAD = np.uint64(0x9E3779B97F4A7C15)

Pairs = Iterator[tuple[np.ndarray, np.ndarray]]


def near_pairs(left: np.ndarray, right: np.ndarray, distance: int) -> Pairs:
    """All (i, j) with ``left[i]`` and ``right[j]`` at most ``distance`` bits apart.

    Args:
        left: (n,) uint64; the smaller side costs less here.
        right: (m,) uint64.
        distance: in bits, below ``BITS - 1``.

    Yields:
        Positions in ``left`` and in ``right``, in pieces; each pair once.
    """
    if not len(left) or not len(right):
        return
    edges = np.linspace(0, BITS, distance + 3).round().astype(int)
    blocks = [np.uint64((1 << int(b)) - (1 << int(a))) for a, b in pairwise(edges)]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        chosen = combinations(range(len(blocks)), 2)
        for found in threads.map(lambda two: _agreeing(left, right, blocks, two, distance), chosen):
            yield from found


def _agreeing(
    left: np.ndarray,
    right: np.ndarray,
    blocks: list[np.uint64],
    two: tuple[int, int],
    distance: int,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The near pairs that agree in two blocks and not in two that come before them."""
    first, second = two
    mask = blocks[first] | blocks[second]
    pairs = []
    for i, j in _sharing(left & mask, right, mask):
        apart = left[i] ^ right[j]
        keep = np.flatnonzero(np.bitwise_count(apart) <= distance)
        keep = keep[(apart[keep] & mask) == 0]
        # A pair that shares more than two blocks counts where it shares its first two.
        for at in range(second):
            if at != first:
                keep = keep[(apart[keep] & blocks[at]) != 0]
        pairs.append((i[keep], j[keep]))
    return pairs


def _sharing(left: np.ndarray, right: np.ndarray, mask: np.uint64) -> Pairs:
    """Pairs that agree in the bits of ``mask`` (and a few that do not); ``left`` is masked."""
    bits = min(len(left).bit_length() + ROOM_BITS, MAX_BUCKET_BITS)
    shift = np.uint64(BITS - bits)
    buckets = ((left * SPREAD) >> shift).astype(np.int64)
    order = np.argsort(buckets)
    ends = np.bincount(buckets, minlength=1 << bits).cumsum()
    filled = np.diff(ends, prepend=0) > 0
    for low in range(0, len(right), PIECE):
        wanted = ((right[low : low + PIECE] & mask) * SPREAD) >> shift
        found = np.flatnonzero(filled[wanted])
        bucket = wanted[found].astype(np.int64)
        starts = np.where(bucket > 0, ends[bucket - 1], 0)
        for run, place in _expanded(starts, ends[bucket] - starts):
            yield order[place], found[run] + low


def _expanded(starts: np.ndarray, counts: np.ndarray) -> Pairs:
    """(run, place) for each place of each run of places, in pieces."""
    ends = np.cumsum(counts)
    low, done = 0, 0
    while low < len(counts):
        # At least one run a piece, however long it is.
        high = max(int(np.searchsorted(ends, done + PIECE, side="right")), low + 1)
        run = np.repeat(np.arange(low, high), counts[low:high])
        place = np.arange(done, ends[high - 1]) - (ends - counts - starts)[run]
        yield run, place
        low, done = high, int(ends[high - 1])
