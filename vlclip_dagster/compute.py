"""``map_batches``: run a worker over batches, here, in threads or in processes.

A worker is a class that loads its model once in ``__init__`` and maps a batch in ``__call__``;
the same class serves every way of running it.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any, Literal, TypeVar

Batch = TypeVar("Batch")
Result = TypeVar("Result")
Worker = Callable[[Batch], Result]
WorkerFactory = Callable[[], Worker[Batch, Result]]

_process_worker: Callable[[Any], Any] | None = None


def map_batches(
    batches: Iterable[Batch],
    make_worker: WorkerFactory[Batch, Result],
    *,
    workers: int = 1,
    pool: Literal["threads", "processes"] = "threads",
) -> Iterator[Result]:
    """Yield ``worker(batch)`` for each batch, in order.

    Args:
        batches: drawn lazily; at most two batches per worker are in flight.
        make_worker: builds a worker; called once per thread or process. For processes it must
            be picklable, as must batches and results.
        workers: how many run at once; 1 runs in the calling thread.
        pool: threads for work that leaves the GIL (image codecs, OpenCV, a network), processes
            for pure Python.
    """
    if workers <= 1:
        yield from map(make_worker(), batches)
        return
    if pool == "threads":
        run: Callable[[Batch], Result] = _PerThread(make_worker)
        with ThreadPoolExecutor(workers) as executor:
            yield from _windowed(executor, run, batches, 2 * workers)
        return
    # Spawned, because a fork copies the locks of the warehouse's and the models' threads.
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=_set_worker, initargs=(make_worker,)
    ) as processes:
        yield from _windowed(processes, _call_worker, batches, 2 * workers)


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


def _set_worker(make_worker: WorkerFactory[Any, Any]) -> None:
    global _process_worker
    _process_worker = make_worker()


def _call_worker(batch: Any) -> Any:
    assert _process_worker is not None
    return _process_worker(batch)


def _windowed(
    executor: Executor, run: Callable[[Any], Any], batches: Iterable[Any], window: int
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
