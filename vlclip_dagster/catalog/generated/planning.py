"""Which products a generated catalog holds, before anything is drawn or worded.

Everything follows from the number of products and the seed; no step after this one decides
how many of anything there are.
"""

from dataclasses import dataclass, replace

import numpy as np

from vlclip_dagster.catalog.generated.drawing import KINDS
from vlclip_dagster.catalog.generated.kinds import Kind, draw_colours, draw_look
from vlclip_dagster.catalog.generated.look import Look

COPY_KINDS = ("exact", "reencoded", "resized")
COPY_SHARE = 0.04
VARIANT_GROUP_SHARE = 0.05
"""Groups per product; with 2.4 colours a group about 12% of the products are variants."""
SPARE_SHARE = 0.06
PACKSHOT_EVERY = 3


@dataclass(frozen=True)
class Item:
    """One row of the feed.

    Attributes:
        number: its position in the feed.
        look: what its photograph shows.
        scene: seed of the scene; colour variants share it.
        on_white: whether the main photograph is a packshot.
        shape: items of one shape are colour variants or copies of each other.
        role: ``original``, ``variant`` or ``copy``.
        copy_of: the number of the item whose photograph this one repeats.
        copy_kind: one of ``COPY_KINDS``, else empty.
        spare: whether it has a second photograph.
    """

    number: int
    look: Look
    scene: int
    on_white: bool
    shape: int
    role: str = "original"
    copy_of: int | None = None
    copy_kind: str = ""
    spare: bool = False


def plan(products: int, seed: int) -> tuple[Item, ...]:
    """Decide on ``products`` items, spread evenly over the kinds, in the order of the feed."""
    quota = [products // len(KINDS) + (k < products % len(KINDS)) for k in range(len(KINDS))]
    drafts: list[Item] = []
    done = 0
    for index, (kind, count) in enumerate(zip(KINDS, quota, strict=True)):
        rng = np.random.default_rng([seed, index])
        copies = _turns(done, count, COPY_SHARE)
        groups = len(_turns(done, count, VARIANT_GROUP_SHARE))
        drafts += _kind_items(kind, (count, copies, groups), len(drafts), rng)
        done += count
    return _shuffled(drafts, np.random.default_rng([seed, 1000]))


def _turns(done: int, count: int, share: float) -> range:
    """Which turns of ``share`` of everything fall to the items ``done`` to ``done + count``."""
    return range(round(done * share), round((done + count) * share))


def _kind_items(
    kind: Kind, counts: tuple[int, range, int], first: int, rng: np.random.Generator
) -> list[Item]:
    """The items of one kind: originals, then their colour variants, then copies of originals."""
    count, copies, groups = counts
    copies = copies[: max(0, count - 1)]
    extra = [int(rng.random() < 0.4) + 1 for _ in range(groups)]
    while extra and count - len(copies) - sum(extra) < len(extra):
        extra.pop()
    originals = count - len(copies) - sum(extra)
    items = [_original(kind, first + k, rng) for k in range(originals)]
    for group, more in enumerate(extra):
        items += _variants(kind, items[group], first + len(items), more, rng)
    for turn in copies:
        source = items[int(rng.integers(originals))]
        kind_of_copy = COPY_KINDS[turn % len(COPY_KINDS)]
        items.append(_copy(source, first + len(items), kind_of_copy))
    return items


def _copy(source: Item, number: int, kind: str) -> Item:
    """The same photograph under another article number."""
    return replace(
        source, number=number, role="copy", copy_of=source.number, copy_kind=kind, spare=False
    )


def _original(kind: Kind, number: int, rng: np.random.Generator) -> Item:
    look = draw_look(kind, rng)
    scene = int(rng.integers(2**31))
    spare = bool(rng.random() < SPARE_SHARE)
    return Item(number, look, scene, number % PACKSHOT_EVERY == 0, number, spare=spare)


def _variants(
    kind: Kind, source: Item, first: int, more: int, rng: np.random.Generator
) -> list[Item]:
    """``more`` further colours of ``source``: same shape, same scene, no colour twice."""
    taken: set[str] = {source.look.colour}
    found: list[Item] = []
    for _ in range(60):
        if len(found) == more:
            break
        colour, rgb, second, second_rgb = draw_colours(kind, source.look.material, rng)
        if colour not in taken:
            taken.add(colour)
            look = replace(
                source.look, colour=colour, rgb=rgb, second=second, second_rgb=second_rgb
            )
            number = first + len(found)
            found.append(replace(source, number=number, look=look, role="variant", spare=False))
    while len(found) < more:
        found.append(_original(kind, first + len(found), rng))
    return found


def _shuffled(drafts: list[Item], rng: np.random.Generator) -> tuple[Item, ...]:
    """Number the items anew in a random order, so that a feed does not list type after type."""
    order = rng.permutation(len(drafts))
    new = {drafts[int(old)].number: position for position, old in enumerate(order)}
    items = []
    for position, old in enumerate(order):
        item = drafts[int(old)]
        copy_of = None if item.copy_of is None else new[item.copy_of]
        items.append(replace(item, number=position, copy_of=copy_of))
    return tuple(items)
