"""``map_batches``: run a worker over batches, here or in threads.

A worker is a class that loads its model once in ``__init__`` and maps a batch in ``__call__``.
Threads, because all slow work leaves the GIL: image codecs, OpenCV, a network, a disk.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

Batch = TypeVar("Batch")
Result = TypeVar("Result")
Worker = Callable[[Batch], Result]
WorkerFactory = Callable[[], Worker[Batch, Result]]


def map_batches(
    batches: Iterable[Batch], make_worker: WorkerFactory[Batch, Result], *, workers: int = 1
) -> Iterator[Result]:
    """Yield ``worker(batch)`` for each batch, in order.

    Args:
        batches: drawn lazily; at most two batches per worker are in flight.
        make_worker: builds a worker; called once per thread.
        workers: how many run at once; 1 runs in the calling thread.
    """
    if workers <= 1:
        yield from map(make_worker(), batches)
        return
    with ThreadPoolExecutor(workers) as executor:
        yield from _windowed(executor, _PerThread(make_worker), batches, 2 * workers)


class _PerThread:
    """Gives every thread its own worker, built at its first batch."""

    def __init__(self, make_worker: WorkerFactory[Any, Any]) -> None:
        self._make_worker = make_worker
        self._local = threading.local()

    def __call__(self, batch: Any) -> Any:
        worker = getattr(self._local, "worker", None)
        if worker is None:
            worker = self._local.worker = self._make_worker()
        return worker(batch)


def _windowed(
    executor: ThreadPoolExecutor, run: Callable[[Any], Any], batches: Iterable[Any], window: int
) -> Iterator[Any]:
    """Submit ahead by ``window`` batches, so that memory follows the window, not the input."""
    waiting: deque[Future[Any]] = deque()
    try:
        for batch in batches:
            waiting.append(executor.submit(run, batch))
            if len(waiting) >= window:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
