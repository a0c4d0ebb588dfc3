import numpy as np
import pytest

from vlclip_dagster.encoder.sampling import HARD_TYPES, StratifiedBatches

SLUGS = ["dress"] * 200 + ["rug"] * 50 + ["sofa"] * 10 + ["lamp"] * 2


def test_every_batch_covers_the_large_types_and_every_epoch_all():
    names = np.array(SLUGS)
    batches = list(StratifiedBatches(SLUGS, 32, seed=7).epoch(0))
    assert len(batches) == round(len(SLUGS) / 32)
    assert all({"dress", "rug", "sofa"} <= set(names[rows]) for rows in batches)
    assert set(names[np.concatenate(batches)]) == set(SLUGS)


def test_no_row_is_twice_in_a_batch():
    for balance in (0.0, 0.5, 1.0):
        for rows in StratifiedBatches(SLUGS, 64, seed=1, balance=balance, hard_share=0.5).epoch(3):
            assert len(set(rows.tolist())) == len(rows)


def test_balance_moves_the_shares():
    names = np.array(SLUGS)

    def share(balance):
        rows = np.concatenate(list(StratifiedBatches(SLUGS, 32, seed=7, balance=balance).epoch(0)))
        return (names[rows] == "sofa").mean()

    assert share(1.0) < share(0.5) < share(0.0)


def test_hard_batches_hold_few_types():
    names = np.array(["dress", "lamp", "rug", "sofa"] * 60)
    batches = StratifiedBatches(names.tolist(), 20, seed=7, hard_share=0.5).epoch(0)
    hard = [rows for rows in batches if len(set(names[rows])) <= HARD_TYPES]
    assert len(hard) == pytest.approx(len(names) / 20 / 2, abs=1)


def test_all_batches_have_one_size():
    for hard_share in (0.0, 0.5, 1.0):
        batches = StratifiedBatches(SLUGS, 64, seed=1, balance=0.0, hard_share=hard_share)
        assert {len(rows) for rows in batches.epoch(0)} == {64}
    assert {len(rows) for rows in StratifiedBatches(SLUGS, 9999, seed=1).epoch(0)} == {len(SLUGS)}


def test_proportional_epochs_show_every_row():
    rows = np.concatenate(list(StratifiedBatches(SLUGS, 131, seed=7, balance=1.0).epoch(0)))
    assert len(set(rows.tolist())) >= len(SLUGS) - 4


def test_seed_and_epoch_decide_the_draw():
    def draw(seed, epoch):
        return np.concatenate(list(StratifiedBatches(SLUGS, 32, seed=seed).epoch(epoch))).tolist()

    assert draw(7, 1) == draw(7, 1)
    assert draw(7, 1) != draw(7, 2)
    assert draw(7, 1) != draw(8, 1)
