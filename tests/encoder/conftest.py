"""Fixtures of the encoder's tests."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from tiny_encoder import ShapePairs, register_tiny

from vlclip_dagster.encoder.settings import EncoderSettings, TrainingSettings


@pytest.fixture(scope="package", autouse=True)
def _one_thread():
    """Tiny tensors gain nothing from threads, and lose much where other work shares the cores."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    return EncoderSettings(model=register_tiny(tmp_path_factory.mktemp("config")), device="cpu")


@pytest.fixture(scope="session")
def quick():
    return TrainingSettings(epochs=2, batch_size=32, lr=3e-3, precision="fp32")


@pytest.fixture(scope="session")
def trained(tiny, tmp_path_factory):
    """A tiny model that has learned colours and shapes."""
    from vlclip_dagster.encoder.train import train

    settings = TrainingSettings(
        epochs=20, batch_size=32, lr=4e-3, ema=0.9, patience=20, start_size=1.0, precision="fp32"
    )
    return train(ShapePairs(144), settings, tiny, tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="session")
def checkpoint(trained, tmp_path_factory):
    from vlclip_dagster.encoder.checkpoint import save_checkpoint

    folder = tmp_path_factory.mktemp("saved") / "checkpoint"
    save_checkpoint(trained, folder)
    return folder
