"""``map_batches`` gives the same results in order, however the work is spread."""

import threading

import pytest

from vlclip_dagster.compute import map_batches


class Doubler:
    def __init__(self):
        self.built_in = threading.get_ident()

    def __call__(self, batch):
        assert self.built_in == threading.get_ident()
        if batch == [13]:
            raise ValueError("thirteen")
        return [2 * value for value in batch]


@pytest.mark.parametrize("workers", [1, 3])
def test_order_and_results_do_not_depend_on_the_workers(workers):
    batches = ([n] for n in range(12))
    results = list(map_batches(batches, Doubler, workers=workers))
    assert results == [[2 * n] for n in range(12)]


def test_batches_are_drawn_no_further_ahead_than_the_window():
    drawn = []

    def batches():
        for n in range(100):
            drawn.append(n)
            yield [n]

    results = map_batches(batches(), Doubler, workers=2)
    next(results)
    assert len(drawn) <= 5


def test_a_worker_that_raises_stops_the_work_with_its_error():
    with pytest.raises(ValueError, match="thirteen"):
        list(map_batches(([n] for n in range(50)), Doubler, workers=2))
