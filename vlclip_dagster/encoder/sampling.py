"""Stratified batches: every batch covers the product types, some only a few of them.

What belongs here: the choice of row numbers. What does not: loading what they stand for.
"""

from collections.abc import Iterator, Sequence

import numpy as np

HARD_TYPES = 2


class StratifiedBatches:
    """Draws the batches of one epoch, deterministic per (seed, epoch).

    A type's share of a batch is its size to the power ``balance``; fractions carry over to the
    next batch, so small types appear too. Every ``1 / hard_share``-th batch holds only
    ``HARD_TYPES`` types (more where those are small): their products are each other's hard
    negatives, which is what a search within one type meets. Within an epoch a type's rows come
    in a fresh shuffled order and start over only when all were drawn; no row is twice in a batch.

    Args:
        slugs: (n,) the product type of each row.
        batch_size: rows per batch; n where there are fewer rows.
        seed: fixes every draw.
        balance: 1 draws types in proportion to their size, 0 equally.
        hard_share: share of batches with few types, 0 to 1.

    Example:
        >>> for rows in StratifiedBatches(slugs, 128, seed=7).epoch(0): ...
    """

    def __init__(
        self,
        slugs: Sequence[str],
        batch_size: int,
        seed: int,
        *,
        balance: float = 0.5,
        hard_share: float = 0.0,
    ) -> None:
        names = np.asarray(slugs)
        self._members = [np.flatnonzero(names == name) for name in sorted(set(slugs))]
        self._size = min(batch_size, len(names))
        self._steps = max(1, round(len(names) / max(self._size, 1)))
        self._seed = seed
        self._hard_share = hard_share
        self._sizes = np.array([len(rows) for rows in self._members])
        weights = self._sizes.astype(float) ** balance
        self._shares = weights / weights.sum()

    def __len__(self) -> int:
        """Batches per epoch, about one draw per row."""
        return self._steps

    def epoch(self, epoch: int) -> Iterator[np.ndarray]:
        """Yield (b,) arrays of distinct row numbers, all of one size."""
        rng = np.random.default_rng((self._seed, epoch))
        decks = [_Deck(rows, rng) for rows in self._members]
        order = rng.permutation(len(decks))
        owed = rng.random(len(decks))
        hard_owed = rng.random()
        for _ in range(self._steps):
            hard_owed += self._hard_share
            if hard_owed >= 1 and len(decks) > HARD_TYPES:
                hard_owed -= 1
                quota = self._deal(-np.maximum(np.argsort(order) - 1, 0) * float(self._size))
                order = np.roll(order, -HARD_TYPES)
            else:
                owed += self._shares * self._size
                quota = self._deal(owed)
                owed -= quota
            rows = [deck.draw(count) for deck, count in zip(decks, quota, strict=True)]
            yield rng.permutation(np.concatenate(rows))

    def _deal(self, owed: np.ndarray) -> np.ndarray:
        """Give each place of a batch to the type that is owed most and has rows left."""
        # Batches never vary in size: a new shape makes the CPU's kernels be built anew.
        quota = np.zeros(len(owed), dtype=int)
        for _ in range(self._size):
            quota[np.argmax(np.where(quota < self._sizes, owed - quota, -np.inf))] += 1
        return quota


class _Deck:
    """The rows of one type, dealt in shuffled order and reshuffled when they run out."""

    def __init__(self, rows: np.ndarray, rng: np.random.Generator) -> None:
        self._rows, self._rng = rows, rng
        self._waiting = rng.permutation(rows)

    def draw(self, count: int) -> np.ndarray:
        """Deal up to ``count`` distinct rows."""
        count = min(count, len(self._rows))
        hand, self._waiting = self._waiting[:count], self._waiting[count:]
        missing = count - len(hand)
        if missing:
            fresh = self._rng.permutation(self._rows)
            others = fresh[~np.isin(fresh, hand)]
            hand = np.concatenate([hand, others[:missing]])
            self._waiting = fresh[~np.isin(fresh, others[:missing])]
        return hand
