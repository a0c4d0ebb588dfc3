import json
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
from vlclip_dagster.errors import MissingRequirementError, VlclipError

NATIVE = {"layers": 1, "width": 32, "head_width": 16, "patch_size": 16}


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


def test_a_tag_brings_the_activation_its_weights_were_trained_with(tmp_path, monkeypatch):
    import open_clip
    from open_clip.transformer import QuickGELU

    from vlclip_dagster.encoder.model import build_model, load_model

    name = register_tiny(tmp_path, "vlclip-tiny-openai", **NATIVE)
    weights = tmp_path / "weights.pt"
    torch.save(open_clip.create_model(name, pretrained=None).state_dict(), weights)
    tag = {"hf_hub": "nobody/nothing/", "quick_gelu": True}
    monkeypatch.setattr(open_clip, "get_pretrained_cfg", lambda *_: tag)
    monkeypatch.setattr("vlclip_dagster.encoder.weights.cached_file", lambda _: weights)
    settings = EncoderSettings(model=name, pretrained="openai", device="cpu")
    model = build_model(settings)
    save_checkpoint(TrainedCheckpoint(model, [], provenance(settings)), tmp_path / "checkpoint")
    for network in (model.network, load_model(tmp_path / "checkpoint").network):
        assert isinstance(network.transformer.resblocks[0].mlp.gelu, QuickGELU)
        assert isinstance(network.visual.transformer.resblocks[0].mlp.gelu, QuickGELU)


@pytest.mark.parametrize("content", ["another model", "a web page"])
@pytest.mark.parametrize("suffix", ["safetensors", "pt"])
def test_a_file_that_holds_other_weights_is_one_sentence(content, suffix, tmp_path):
    import open_clip
    from safetensors.torch import save_file

    from vlclip_dagster.encoder.model import build_model

    name = register_tiny(tmp_path, "vlclip-tiny-file", **NATIVE)
    file = tmp_path / f"weights.{suffix}"
    wider = register_tiny(tmp_path, "vlclip-tiny-wider", **{**NATIVE, "width": 64})
    held = open_clip.create_model(wider).state_dict()
    if content == "a web page":
        file.write_bytes(b"<html>sign in first</html>")
    else:
        save_file(held, file) if suffix == "safetensors" else torch.save(held, file)
    with pytest.raises(VlclipError, match=f"holds no weights of {name}"):
        build_model(EncoderSettings(model=name, pretrained=str(file)))


def register_text(folder, name, **text):
    import open_clip

    config = {
        "embed_dim": 32,
        "vision_cfg": {"image_size": 32, **NATIVE},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2}
        | {"layers": 1, **text},
        "custom_text": True,
    }
    (folder / f"{name}.json").write_text(json.dumps(config))
    open_clip.add_model_config(folder / f"{name}.json")
    return name


def test_a_text_tower_that_sees_its_padding_always_gets_all_of_it(quick, tmp_path):
    """As MobileCLIP's: the same text must mean the same whatever its batch."""
    from vlclip_dagster.encoder.train import train

    name = register_text(tmp_path, "vlclip-tiny-padded", no_causal_mask=True)
    done = train(ShapePairs(48), quick, EncoderSettings(model=name, device="cpu"), tmp_path / "w")
    assert done.model.tokenize(["red disc"]).shape == (1, 77)
    save_checkpoint(done, tmp_path / "checkpoint")
    encoder = load_encoder(tmp_path / "checkpoint", "cpu")
    alone, company = (encoder.encode_texts(t)[0] for t in (["disc"], ["disc", "a " * 30]))
    assert np.allclose(alone, company, atol=1e-5)


def test_a_checkpoint_keeps_the_tokenizer_that_came_from_the_hub(tmp_path, monkeypatch):
    """As SigLIP's: an index is searched where there may be neither a hub nor a cache of it."""
    from transformers import BertTokenizerFast

    from vlclip_dagster.encoder.model import build_model

    hub = tmp_path / "hub"
    hub.mkdir()
    (hub / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "red", "disc"]))
    BertTokenizerFast(vocab=str(hub / "vocab.txt")).save_pretrained(hub)
    text = {"context_length": 8, "vocab_size": 32, "pool_type": "last", "no_causal_mask": True}
    name = register_text(tmp_path, "vlclip-tiny-hub", hf_tokenizer_name=str(hub), **text)
    model = build_model(EncoderSettings(model=name, device="cpu"))
    tokens = model.tokenize(["red disc"])
    assert tokens.shape == (1, 8)
    settings = EncoderSettings(model=name)
    save_checkpoint(TrainedCheckpoint(model, [], provenance(settings)), tmp_path / "checkpoint")
    hub.rename(tmp_path / "gone")
    encoder = load_encoder(tmp_path / "checkpoint", "cpu")
    with torch.no_grad():
        expected = model.network.eval().encode_text(torch.from_numpy(tokens), normalize=True)
    assert np.allclose(encoder.encode_texts(["red disc"]), expected.numpy(), atol=1e-5)


def test_a_gpu_that_only_emulates_bfloat16_computes_in_full_precision(monkeypatch):
    """As a T4, whose emulation is slower than what it stands in for."""
    from vlclip_dagster.encoder.optimisation import uses_bf16

    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation
    )
    assert not uses_bf16("auto", torch.device("cuda"))
    assert uses_bf16("bf16", torch.device("cuda"))


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
        (EncoderSettings(model="ViT-B-16-SigLIP", pretrained="webli"), "tokenizer_config.json"),
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
