"""Groups that do not chain: every member is within reach of the centre of its group.

What belongs here: hashes in order of their claim to be a centre, and the centre of each out.
What does not: finding pairs of near hashes (``hamming``) and what else makes two photographs
alike (``duplicates``).
"""

from collections.abc import Callable

import numpy as np

from vlclip_dagster.images.hamming import near_pairs

FIRST_PART = 1 << 16
NOBODY = np.iinfo(np.int64).max

Alike = Callable[[np.ndarray, np.ndarray], np.ndarray]


def centres(
    hashes: np.ndarray, distance: int, alike: Alike | None = None, settled: np.ndarray | None = None
) -> np.ndarray:
    """The centre of each row: a greedy cover in order of claim.

    Each row in turn joins the first centre within reach, or becomes a centre itself. It is done
    in parts that double: a part is compared with the centres so far, and only what remains of it
    with itself, so large groups never cost the square of their size.

    Args:
        hashes: (n, h) uint64, the h hashes of each row, rows in order of their claim.
        distance: most bits between some hash of a member and some hash of its centre.
        alike: which pairs of rows (members, centres) within that distance really belong
            together, as booleans; all if None.
        settled: (n,) the row of the centre where it is known, -1 where not; all unknown if None.

    Returns:
        (n,) rows; a centre has its own.
    """
    found = np.full(len(hashes), -1) if settled is None else settled.copy()
    owners = np.flatnonzero(found == np.arange(len(found)))
    waiting = np.flatnonzero(found < 0)
    while len(waiting):
        size = max(len(owners), FIRST_PART)
        part, waiting = waiting[:size], waiting[size:]
        first = _first_within_reach(hashes, part, owners, distance, alike)
        joined = first != NOBODY
        found[part[joined]] = first[joined]
        free = part[~joined]
        found[free] = _among_themselves(hashes, free, distance, alike)
        owners = np.sort(np.concatenate([owners, free[found[free] == free]]))
    return found


def _first_within_reach(
    hashes: np.ndarray, rows: np.ndarray, owners: np.ndarray, distance: int, alike: Alike | None
) -> np.ndarray:
    """The first owner that each row may join, ``NOBODY`` where there is none."""
    first = np.full(len(rows), NOBODY)
    i, j = _within_reach(hashes[rows], hashes[owners], distance)
    if alike is not None:
        same = alike(rows[i], owners[j])
        i, j = i[same], j[same]
    np.minimum.at(first, i, owners[j])
    return first


def _among_themselves(
    hashes: np.ndarray, rows: np.ndarray, distance: int, alike: Alike | None
) -> np.ndarray:
    """The centre of each of ``rows``, which no centre so far reaches."""
    member, centre = _within_reach(hashes[rows], None, distance)
    if alike is not None:
        same = alike(rows[member], rows[centre])
        member, centre = member[same], centre[same]
    is_centre = _greedy_centres(len(rows), member, centre)
    joins = is_centre[centre]
    first = np.arange(len(rows))
    first[member[joins]] = NOBODY
    np.minimum.at(first, member[joins], centre[joins])
    return rows[first]


def _within_reach(
    left: np.ndarray, right: np.ndarray | None, distance: int
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of ``left`` and ``right`` with near hashes, each pair once; i > j if right is None."""
    width = left.shape[1]
    other = left if right is None else right
    pairs = [np.empty((2, 0), dtype=np.int64)]
    for i, j in near_pairs(left.reshape(-1), other.reshape(-1), distance):
        found = np.stack([i // width, j // width])
        pairs.append(found[:, found[0] > found[1]] if right is None else found)
    i, j = np.concatenate(pairs, axis=1)
    if width > 1:
        i, j = np.divmod(np.unique(i * len(other) + j), max(len(other), 1))
    return i, j


def _greedy_centres(size: int, later: np.ndarray, earlier: np.ndarray) -> np.ndarray:
    """Which nodes a pass in order would make centres, found in rounds over all edges at once.

    In a round, every node without an undecided earlier neighbour is a centre, and its neighbours
    are none. (The lexicographically first maximal independent set.)
    """
    undecided, is_centre = np.ones(size, dtype=bool), np.zeros(size, dtype=bool)
    while len(later):
        ready = undecided.copy()
        ready[later] = False
        is_centre |= ready
        undecided &= ~ready
        undecided[later[ready[earlier]]] = False
        live = undecided[later] & undecided[earlier]
        later, earlier = later[live], earlier[live]
    return is_centre | undecided
