"""Near hashes are found exactly, and groups around centres are what a pass in order makes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vlclip_dagster.images import stars
from vlclip_dagster.images.hamming import near_pairs
from vlclip_dagster.images.stars import centres

BASES = st.sampled_from([0, 0xFFFF, 0xFFFF_FFFF_0000, 2**64 - 1])
HASHES = st.lists(st.tuples(BASES, st.sets(st.integers(0, 63), max_size=3)), max_size=40)


def _hashes(drawn) -> np.ndarray:
    return np.array([base ^ sum(1 << bit for bit in bits) for base, bits in drawn], dtype=np.uint64)


def _clustered(count: int, seed: int) -> np.ndarray:
    chance = np.random.default_rng(seed)
    bases = chance.integers(0, 2**63, count // 4).astype(np.uint64)
    flips = np.uint64(1) << chance.integers(0, 64, (3, count)).astype(np.uint64)
    kept = flips * (chance.random((3, count)) < 0.6)
    return bases[chance.integers(0, len(bases), count)] ^ np.bitwise_xor.reduce(kept)


def _in_order(hashes: np.ndarray, distance: int, alike=lambda a, b: True) -> list[int]:
    found: list[int] = []
    for row, value in enumerate(hashes.tolist()):
        within = (
            owner
            for owner in range(row)
            if found[owner] == owner
            and (value ^ int(hashes[owner])).bit_count() <= distance
            and alike(row, owner)
        )
        found.append(next(within, row))
    return found


@settings(max_examples=60, deadline=None)
@given(HASHES, HASHES, st.integers(0, 10))
def test_pairs_are_those_that_comparing_all_finds_each_once(one, other, distance):
    left, right = _hashes(one), _hashes(other)
    found = [pair for i, j in near_pairs(left, right, distance) for pair in zip(i, j, strict=True)]
    apart = np.bitwise_count(left[:, None] ^ right[None, :]) <= distance
    assert sorted(found) == sorted(zip(*np.nonzero(apart), strict=True))


@pytest.mark.parametrize("distance", [0, 4, 8])
def test_pieces_and_parts_change_nothing(monkeypatch, distance):
    hashes = _clustered(600, seed=distance)
    expected = _in_order(hashes, distance)
    assert centres(hashes[:, None], distance).tolist() == expected
    monkeypatch.setattr(stars, "FIRST_PART", 7)
    monkeypatch.setattr("vlclip_dagster.images.hamming.PIECE", 11)
    assert centres(hashes[:, None], distance).tolist() == expected


def test_only_alike_rows_group():
    hashes = _clustered(300, seed=3)

    def alike(one, other):
        return (one - other) % 2 == 0

    found = centres(hashes[:, None], 4, alike)
    assert found.tolist() == _in_order(hashes, 4, lambda a, b: (a - b) % 2 == 0)


def test_any_hash_of_a_row_may_bring_it_to_its_centre():
    rows = np.array(
        [[0, 2**40 - 1], [2**63, 2**40 - 2], [2**50 - 1, 2**60 - 2**30]], dtype=np.uint64
    )
    assert centres(rows, 4).tolist() == [0, 0, 2]


def test_adding_regroups_nothing_and_finds_what_is_near():
    hashes = _clustered(2000, seed=9)
    old = centres(hashes[:, None], 4)
    new = np.concatenate([hashes[:50] ^ np.uint64(5), _clustered(50, seed=10)])
    known = np.concatenate([hashes, new])[:, None]
    found = centres(known, 4, settled=np.concatenate([old, np.full(len(new), -1)]))
    assert (found[: len(old)] == old).all()
    reach = np.bitwise_count(known[:, 0] ^ known[found, 0])
    assert reach[len(old) :].max() <= 4
    own = np.flatnonzero(old == np.arange(len(old)))
    near = np.bitwise_count(new[:, None] ^ hashes[own][None, :]).min(axis=1) <= 4
    assert ((found[len(old) :] < len(old)) == near).all()


def test_nothing_to_group():
    assert centres(np.empty((0, 1), dtype=np.uint64), 4).tolist() == []
