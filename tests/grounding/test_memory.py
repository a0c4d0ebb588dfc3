"""Batches follow memory, and shrink when it runs out."""

import pytest

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.grounding.memory import Batches


class Fixed:
    """Memory in which one item takes 10 bytes."""

    def __init__(self, free: int) -> None:
        self._free = free
        self.released = 0
        self._peak = 100

    def free(self) -> int:
        return self._free

    def peak(self) -> int:
        return self._peak

    def release(self) -> None:
        self.released += 1

    def take(self) -> None:
        self._peak += 10


@pytest.mark.parametrize(("free", "size"), [(1000, 8), (60, 4), (5, 1)])
def test_batches_are_as_large_as_memory_allows(free, size):
    memory = Fixed(free)
    batches = Batches(8, memory)
    batches.measure(memory.take)
    assert batches.size == size


class Full:
    """A model that runs out of memory above three items."""

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.sizes: list[int] = []

    def __call__(self, items):
        self.sizes.append(len(items))
        if len(items) > 3:
            raise self._error
        return [item * 2 for item in items]


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 20 GiB"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_a_batch_that_does_not_fit_is_halved_and_nothing_is_lost(error):
    memory, model = Fixed(10**6), Full(error)
    batches = Batches(8, memory)
    assert batches.map(model, list(range(10))) == [2 * item for item in range(10)]
    assert model.sizes == [8, 4, 2, 2, 2, 2, 2]
    assert memory.released == 2
    batches.map(model, list(range(2)))
    assert model.sizes[-1] == 2


def test_one_that_does_not_fit_alone_is_a_sentence():
    def never(items):
        raise MemoryError

    with pytest.raises(VlclipError, match="VLCLIP_GROUNDING__"):
        Batches(4, Fixed(10**6)).map(never, [1])


def test_another_fault_is_not_taken_for_memory():
    def broken(items):
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        Batches(4, Fixed(10**6)).map(broken, [1])
