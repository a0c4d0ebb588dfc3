"""Batches as large as memory allows.

What belongs here: how many items go through a model at once. What does not: the model.
"""

import os
import resource
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from vlclip_dagster.errors import VlclipError

Item = TypeVar("Item")
Result = TypeVar("Result")

# Of the free memory, this share is planned for: the allocator fragments, and others use some.
PLANNED = 0.7


class Memory(Protocol):
    """Where a model's activations live."""

    def free(self) -> int:
        """Bytes that may still be taken."""
        ...

    def peak(self) -> int:
        """The most bytes that were ever taken."""
        ...

    def release(self) -> None:
        """Give back what is only held in reserve."""
        ...


class HostMemory:
    """The processor's memory."""

    def free(self) -> int:
        """Bytes of unused pages."""
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")

    def peak(self) -> int:
        """Largest resident size of this process so far."""
        return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def release(self) -> None:
        """Nothing is held in reserve."""


class AcceleratorMemory:
    """The memory of a CUDA device."""

    def __init__(self, device: str) -> None:
        self._device = device

    def free(self) -> int:
        """Bytes that no process has taken."""
        import torch

        return int(torch.cuda.mem_get_info(self._device)[0])

    def peak(self) -> int:
        """Most bytes that tensors of this process took so far."""
        import torch

        return int(torch.cuda.max_memory_allocated(self._device))

    def release(self) -> None:
        """Empty the allocator's cache."""
        import torch

        torch.cuda.empty_cache()


class Batches:
    """Runs a function over batches as large as memory allows, smaller ones when it runs out.

    Args:
        most: items per batch at most.
        memory: what the batches have to fit into.
    """

    def __init__(self, most: int, memory: Memory) -> None:
        self.size = most
        self._memory = memory

    def measure(self, run_one: Callable[[], object]) -> None:
        """Size the batches by what one item takes; ``run_one`` puts one through the model."""
        before = self._memory.peak()
        run_one()
        taken = max(1, self._memory.peak() - before)
        self.size = max(1, min(self.size, int(PLANNED * self._memory.free() / taken)))

    def map(
        self, run: Callable[[Sequence[Item]], Sequence[Result]], items: Sequence[Item]
    ) -> list[Result]:
        """``run`` over batches of ``items``, one result per item, in order.

        Raises:
            VlclipError: memory does not hold even one.
        """
        results: list[Result] = []
        while len(results) < len(items):
            try:
                results += run(items[len(results) : len(results) + self.size])
            except (MemoryError, RuntimeError) as error:
                if not _ran_out(error):
                    raise
                self._halve(error)
        return results

    def _halve(self, error: Exception) -> None:
        if self.size == 1:
            raise VlclipError(
                "memory does not hold one photograph in the detector: set VLCLIP_GROUNDING__MODEL "
                "to a smaller checkpoint, or VLCLIP_GROUNDING__DEVICE to cpu"
            ) from error
        self.size //= 2
        self._memory.release()


def _ran_out(error: Exception) -> bool:
    """Whether this is how Python, CUDA or torch's processor allocator say that memory is full."""
    words = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in words or "allocate memory" in words
