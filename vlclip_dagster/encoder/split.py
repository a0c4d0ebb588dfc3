"""Which products are trained on, which early stopping watches, and which are held out.

What belongs here: the assignment of items to splits. It sees identities only, never content.
"""

import hashlib
from collections import defaultdict
from collections.abc import Hashable, Iterable

import polars as pl

TRAIN, VAL, TEST = "train", "val", "test"


def assign_splits(
    frame: pl.DataFrame, seed: int, val: float = 0.1, test: float = 0.2
) -> pl.DataFrame:
    """Add the column ``split`` (train, val or test) to ``frame``.

    Items that share a group or a canonical photograph, directly or through other items, always
    fall into the same split. Each type gives its quota; a type with three or more such families
    has at least one in the test split. Families are drawn in the order of a seeded hash of their
    item groups, so the result depends on neither row order nor platform, and a catalog that grows
    by a tenth keeps nearly all of its held-out products.

    Args:
        frame: columns ``item_id``, ``slug``, ``group``, ``canonical_id``; one row an item.
        seed: another seed draws another split.
        val: share of each type's items that go to ``val``.
        test: share that go to ``test``.
    """
    families = _families(frame, seed)
    chosen: dict[bytes, str] = {}
    for members in _by_type(frame, families).values():
        chosen.update(_split_type(members, val, test))
    splits = [chosen[families[item]] for item in frame["item_id"]]
    return frame.with_columns(pl.Series("split", splits, dtype=pl.String))


def _families(frame: pl.DataFrame, seed: int) -> dict[str, bytes]:
    """Map each item to its family, which is known by the lowest draw of its item groups.

    A family that gets another item keeps its draw, and one that takes in another keeps the lower
    of the two: what a training held out is held out by the next one, too.
    """
    parent: dict[Hashable, Hashable] = {}

    def root(node: Hashable) -> Hashable:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for item, group, canonical in frame.select("item_id", "group", "canonical_id").iter_rows():
        for other in (("group", group), ("canonical", canonical)):
            if other[1] is not None:
                parent[root(("item", item))] = root(other)
    lowest: dict[Hashable, bytes] = {}
    for item, group in frame.select("item_id", "group").iter_rows():
        top, draw = root(("item", item)), _draw(seed, item if group is None else group)
        lowest[top] = min(lowest.get(top, draw), draw)
    return {item: lowest[root(("item", item))] for item in frame["item_id"]}


def _by_type(frame: pl.DataFrame, families: dict[str, bytes]) -> dict[str, dict[bytes, int]]:
    """Sizes of the families under each type; a family belongs to the type of its first item."""
    owner: dict[bytes, str] = {}
    for item, slug in frame.select("item_id", "slug").sort("item_id").iter_rows():
        owner.setdefault(families[item], slug)
    sizes: dict[str, dict[bytes, int]] = defaultdict(lambda: defaultdict(int))
    for family in families.values():
        sizes[owner[family]][family] += 1
    return sizes


def _split_type(sizes: dict[bytes, int], val: float, test: float) -> dict[bytes, str]:
    """Fill the quotas of one type, family by family in hash order; the rest is trained on."""
    total = sum(sizes.values())
    waiting = sorted(sizes)
    held: dict[bytes, str] = {}
    for split, share in ((TEST, test), (VAL, val)):
        at_least_one = len(sizes) >= 3 and share > 0
        taken = _fill(waiting, sizes, share * total, at_least_one)
        held.update(dict.fromkeys(taken, split))
        waiting = [family for family in waiting if family not in held]
    return {family: held.get(family, TRAIN) for family in sizes}


def _fill(
    waiting: Iterable[bytes], sizes: dict[bytes, int], quota: float, force: bool
) -> list[bytes]:
    """Take families while that brings the count nearer to ``quota``; at least one if ``force``."""
    taken: list[bytes] = []
    count = 0
    for family in waiting:
        if count + sizes[family] / 2 <= quota or (force and not taken):
            taken.append(family)
            count += sizes[family]
        if count >= quota:
            break
    return taken


def _draw(seed: int, group: str) -> bytes:
    text = f"{seed}:{group}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16).digest()
