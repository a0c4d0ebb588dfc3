import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch  # noqa: TID253 - tests load it anyway
from tiny_encoder import ShapePairs

from vlclip_dagster.encoder.optimisation import epochs_for, image_side, learning_rate
from vlclip_dagster.encoder.provenance import EpochMetrics
from vlclip_dagster.encoder.settings import TrainingSettings
from vlclip_dagster.encoder.train import STATE_FILE, train
from vlclip_dagster.encoder.validation import is_better, mean_reciprocal_rank, ranks, recall_at
from vlclip_dagster.encoder.vocabulary import Vocabulary
from vlclip_dagster.errors import VlclipError

KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {here!r})
import torch
from tiny_encoder import ShapePairs, register_tiny
from vlclip_dagster.encoder.settings import EncoderSettings, TrainingSettings
from vlclip_dagster.encoder.train import train

def die(metrics):
    if metrics.epoch == 2:
        os.kill(os.getpid(), signal.SIGKILL)

torch.set_num_threads(1)
name = register_tiny(Path({config!r}))
settings = TrainingSettings.model_validate_json({settings!r})
encoder = EncoderSettings(model=name, device="cpu")
train(ShapePairs(48), settings, encoder, Path({work!r}), on_epoch=die)
"""


def weights(checkpoint):
    return checkpoint.model.network.state_dict()


def test_a_killed_training_ends_with_the_uninterrupted_weights(tiny, tmp_path):
    settings = TrainingSettings(epochs=4, batch_size=16, lr=3e-3, precision="fp32")
    script = KILLED.format(
        here=str(Path(__file__).parent),
        config=str(tmp_path),
        settings=settings.model_dump_json(),
        work=str(tmp_path / "killed"),
    )
    path = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": path}, timeout=120
    )
    assert done.returncode == -signal.SIGKILL
    resumed = []
    again = train(ShapePairs(48), settings, tiny, tmp_path / "killed", on_epoch=resumed.append)
    whole = train(ShapePairs(48), settings, tiny, tmp_path / "whole")
    assert [metrics.epoch for metrics in resumed] == [3, 4]
    assert again.provenance == whole.provenance
    for name, tensor in weights(whole).items():
        assert torch.equal(tensor, weights(again)[name]), name


def test_training_learns_colours_and_shapes(trained):
    last = trained.metrics[trained.provenance.best_epoch - 1]
    assert last.recall_at_10 >= 0.8
    assert last.train_loss < trained.metrics[0].train_loss
    network, model = trained.model.network, trained.model
    pairs = ShapePairs(60, seed=99)
    with torch.no_grad():
        pixels = model.preprocess.pixels(pairs.images(range(60)))
        image = network.encode_image(torch.from_numpy(model.preprocess.normalise(pixels)))
        texts = sorted(set(pairs.frame["query"]))
        tokens = torch.nn.functional.pad(torch.from_numpy(model.tokenize(texts)), (0, 73))
        text = network.encode_text(tokens)
    scores = torch.nn.functional.normalize(image, dim=-1) @ torch.nn.functional.normalize(text).T
    named = [texts[number] for number in scores.argmax(dim=1).tolist()]
    right = np.mean([a == b for a, b in zip(named, pairs.frame["query"], strict=True)])
    assert right >= 0.5  # one in twelve by chance


def test_words_never_seen_share_one_vector(trained):
    table = trained.model.network.token_embedding.weight
    tokens = trained.model.tokenize(["velvet chandelier", "red disc"])
    assert torch.equal(table[tokens[0, 1]], table[tokens[0, 2]])
    assert not torch.equal(table[tokens[1, 1]], table[tokens[1, 2]])


def test_another_setting_starts_anew(tiny, quick, tmp_path):
    train(ShapePairs(48), quick, tiny, tmp_path)
    epochs = []
    other = quick.model_copy(update={"lr": 1e-3})
    train(ShapePairs(48), other, tiny, tmp_path, on_epoch=epochs.append)
    assert len(epochs) == 2
    repeated = []
    train(ShapePairs(48), other, tiny, tmp_path, on_epoch=repeated.append)
    assert repeated == []
    assert (tmp_path / STATE_FILE).is_file()


def test_max_steps_and_patience_end_a_training(tiny, tmp_path):
    settings = TrainingSettings(epochs=50, batch_size=16, max_steps=3, precision="fp32")
    stepped = train(ShapePairs(48), settings, tiny, tmp_path / "steps")
    assert len(stepped.metrics) == 2
    settings = TrainingSettings(epochs=50, batch_size=32, lr=1e-9, patience=2, precision="fp32")
    patient = train(ShapePairs(30), settings, tiny, tmp_path / "patience")
    assert len(patient.metrics) == patient.provenance.best_epoch + 2


def test_a_catalog_without_further_texts_or_validation_trains(tiny, quick, tmp_path):
    pairs = ShapePairs(4)
    pairs.frame = pairs.frame.with_columns(
        pl.lit([], dtype=pl.List(pl.String)).alias("texts"), pl.lit("train").alias("split")
    )
    done = train(pairs, quick, tiny, tmp_path)
    assert done.metrics[-1].recall_at_10 == 0.0
    assert np.isfinite(done.metrics[-1].train_loss)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.drop("query"), "column query"),
        (lambda f: f.with_columns(pl.lit(None, dtype=pl.String).alias("query")), "has no query"),
        (lambda f: f.head(1), "left to train on"),
        (lambda f: f.clear(), "left to train on"),
    ],
)
def test_pairs_that_cannot_be_trained_on_are_named(tiny, quick, tmp_path, change, words):
    pairs = ShapePairs(12)
    pairs.frame = change(pairs.frame)
    with pytest.raises(VlclipError, match=words):
        train(pairs, quick, tiny, tmp_path)


def test_learning_rate_rises_then_falls_to_nothing():
    settings = TrainingSettings(lr=1.0, warmup=0.1)
    course = [learning_rate(step, 100, settings) for step in range(100)]
    assert course[0] == pytest.approx(0.1)
    assert max(course) == pytest.approx(1.0)
    assert course[9] == pytest.approx(1.0)
    assert course == course[:10] + sorted(course[10:], reverse=True)
    assert course[-1] < 0.001


def test_images_grow_to_the_full_side_in_few_steps():
    settings = TrainingSettings(epochs=20, start_size=0.6)
    sides = [image_side(epoch, 112, settings) for epoch in range(20)]
    assert sides == sorted(sides)
    assert sides[0] == 64
    assert sides[14:] == [112] * 6
    assert len(set(sides)) <= 4
    whole = TrainingSettings(start_size=1.0)
    assert {image_side(epoch, 50, whole) for epoch in range(9)} == {50}


def test_ties_and_nonsense_rank_last():
    image = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    text = np.array([[1.0, 0.0], [0.0, 1.0], [np.nan, np.nan]])
    found = ranks(text, image, np.array([0, 2, 1]))
    assert found.tolist() == [2, 1, 3]
    assert recall_at(found, 2) == pytest.approx(2 / 3)
    assert mean_reciprocal_rank(found) == pytest.approx((1 / 2 + 1 + 1 / 3) / 3)


def test_recall_decides_and_mrr_between_equals():
    def epoch(number, recall, mrr):
        rest = {"train_loss": 0, "val_loss": 0, "temperature": 1, "lr": 0, "seconds": 0}
        return EpochMetrics(epoch=number, queries=100, recall_at_10=recall, mrr=mrr, **rest)

    first = epoch(1, 0.90, 0.50)
    assert is_better(first, [], 0)
    assert is_better(epoch(2, 0.88, 0.55), [first], 1)  # 0.03 is one standard error
    assert not is_better(epoch(2, 0.86, 0.55), [first], 1)
    assert not is_better(epoch(2, 0.91, 0.50), [first], 1)
    assert is_better(epoch(2, 0.95, 0.40), [first], 1)


def test_vocabulary_keeps_order_and_gives_rows_back():
    vocabulary = Vocabulary([np.array([[9, 4, 7, 9, 0]]), np.array([[9, 2, 7, 0, 0]])])
    assert vocabulary.compact(np.array([0, 2, 4, 7, 9, 5])).tolist() == [1, 2, 3, 4, 5, 0]
    tower = torch.nn.Module()
    tower.token_embedding = torch.nn.Embedding(12, 3)
    full = vocabulary.shrink(tower)
    rows = tower.token_embedding.weight.detach() + 1
    pretrained = vocabulary.expand(rows, full, scratch=False)
    assert torch.equal(pretrained[[0, 2, 4, 7, 9]], full[[0, 2, 4, 7, 9]] + 1)
    assert torch.equal(pretrained[5], full[5])
    assert torch.equal(vocabulary.expand(rows, full, scratch=True)[5], rows[0])


@pytest.mark.parametrize(("steps", "epochs"), [(0, 30), (5, 30), (11, 26), (28, 18), (500, 18)])
def test_small_catalogs_are_seen_more_often(steps, epochs):
    assert epochs_for(steps) == epochs
