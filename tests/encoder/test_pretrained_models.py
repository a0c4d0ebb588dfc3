import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch  # noqa: TID253 - tests load it anyway
from tiny_encoder import ShapePairs, register_tiny

from vlclip_dagster.encoder.checkpoint import TrainedCheckpoint, save_checkpoint
from vlclip_dagster.encoder.embed import OpenClipEncoder, load_encoder
from vlclip_dagster.encoder.provenance import Provenance
from vlclip_dagster.encoder.settings import EncoderSettings, TrainingSettings
from vlclip_dagster.encoder.weights import check, weight_file
from vlclip_dagster.errors import MissingRequirementError


@pytest.fixture
def offline(monkeypatch, tmp_path):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))


def test_a_random_vit_b_32_goes_through_the_same_path(tmp_path):
    import open_clip
    from safetensors.torch import save_file

    from vlclip_dagster.encoder.model import build_model, encode_tokens

    torch.manual_seed(0)
    source = open_clip.create_model("ViT-B-32", pretrained=None)
    file = tmp_path / "weights.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in source.state_dict().items()}, file)
    settings = EncoderSettings(model="ViT-B-32", pretrained=str(file), device="cpu")
    assert check(settings) is None
    model = build_model(settings)
    assert not model.scratch
    assert model.preprocess.size == 224
    tokens = model.tokenize(["black polka dot dress", "sofa"])
    with torch.no_grad():
        whole = source.eval().encode_text(torch.from_numpy(np.pad(tokens, ((0, 0), (0, 71)))))
        trimmed = encode_tokens(model.network.eval(), torch.from_numpy(tokens))
    assert torch.allclose(whole, trimmed, atol=1e-4)
    trained = TrainedCheckpoint(model, [], provenance(settings))
    save_checkpoint(trained, tmp_path / "checkpoint")
    encoder = load_encoder(tmp_path / "checkpoint", "cpu")
    assert encoder.encode_images(ShapePairs(2).images([0, 1])).shape == (2, 512)
    served = encoder.encode_texts(["black polka dot dress", "sofa"])
    expected = torch.nn.functional.normalize(whole, dim=-1).numpy()
    assert (served * expected).sum(axis=1).min() >= 0.9999


def test_a_clip_resnet_trains_and_is_served_through_torch(quick, tmp_path):
    from vlclip_dagster.encoder.train import train

    name = register_tiny(tmp_path, "vlclip-tiny-resnet", layers=[1, 1, 1, 1], width=8)
    settings = EncoderSettings(model=name, device="cpu")
    done = train(ShapePairs(48), quick, settings, tmp_path / "work")
    save_checkpoint(done, tmp_path / "checkpoint")
    encoder = load_encoder(tmp_path / "checkpoint", "cpu")
    assert isinstance(encoder, OpenClipEncoder)
    assert encoder.encode_images(ShapePairs(3).images([0, 1, 2])).shape == (3, 64)
    assert encoder.encode_texts(["red disc"]).shape == (1, 64)


def provenance(settings):
    return Provenance(
        key="k",
        data_version="d",
        pairs=0,
        splits={},
        best_epoch=0,
        encoder=settings,
        training=TrainingSettings(),
    )


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        (EncoderSettings(model="ViT-B-32", pretrained="laion2b_s34b_b79k"), "local cache"),
        (EncoderSettings(model="ViT-B-32", pretrained="no_such_tag"), "neither a file nor"),
        (EncoderSettings(model="no-such-model"), "no open_clip model"),
        (EncoderSettings(pretrained="missing.safetensors"), "is no file"),
    ],
)
def test_what_is_missing_is_one_sentence_before_any_work(offline, settings, word):
    problem = check(settings)
    assert problem is not None
    assert word in problem
    assert "VLCLIP_ENCODER_" in problem
    assert problem.count(". ") == 0


def test_missing_weights_stop_a_build(offline):
    with pytest.raises(MissingRequirementError, match="VLCLIP_ENCODER__PRETRAINED"):
        weight_file(EncoderSettings(model="ViT-B-32", pretrained="laion2b_s34b_b79k"))


def test_the_small_model_needs_nothing():
    assert check(EncoderSettings()) is None
    assert weight_file(EncoderSettings()) is None


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_missing_gpu_is_said():
    assert "VLCLIP_ENCODER__DEVICE" in (check(EncoderSettings(device="cuda")) or "")


def test_settings_load_without_torch():
    code = "import sys, vlclip_dagster.encoder.settings, vlclip_dagster.encoder.split;"
    code += "import vlclip_dagster.encoder.embed; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=60,
    )
    assert done.stdout.strip() == "False", done.stderr
