"""Real detector code on a tiny random checkpoint that the tests build, save and load."""

from pathlib import Path

import numpy as np
import pytest

from vlclip_dagster.errors import MissingRequirementError
from vlclip_dagster.grounding.grounding_dino import TransformersGrounder, letterbox
from vlclip_dagster.grounding.settings import GroundingSettings, build_grounder

WORDS = ["handbag", "dress", "coffee", "table", "sneaker", ".", "?"]


def _tokenizer(folder: Path):
    from transformers import BertTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    path = folder / "vocab.txt"
    path.write_text("\n".join(vocabulary), encoding="utf-8")
    return BertTokenizerFast(vocab_file=str(path), vocab=str(path))


@pytest.fixture(scope="module")
def grounding_dino(tmp_path_factory) -> Path:
    import torch
    from transformers import (
        GroundingDinoConfig,
        GroundingDinoForObjectDetection,
        GroundingDinoImageProcessor,
        GroundingDinoProcessor,
    )

    folder = tmp_path_factory.mktemp("gdino")
    config = GroundingDinoConfig(
        backbone_config={
            "model_type": "swin",
            "image_size": 96,
            "patch_size": 4,
            "embed_dim": 12,
            "depths": [1, 1, 1, 1],
            "num_heads": [1, 2, 2, 2],
            "window_size": 3,
            "out_features": ["stage2", "stage3", "stage4"],
        },
        text_config={
            "model_type": "bert",
            "vocab_size": 32,
            "hidden_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 32,
            "max_position_embeddings": 64,
        },
        d_model=32,
        encoder_layers=1,
        encoder_ffn_dim=32,
        encoder_attention_heads=2,
        decoder_layers=2,
        decoder_ffn_dim=32,
        decoder_attention_heads=2,
        num_queries=20,
        max_text_len=32,
    )
    torch.manual_seed(0)
    GroundingDinoForObjectDetection(config).save_pretrained(folder)
    images = GroundingDinoImageProcessor(size={"shortest_edge": 96, "longest_edge": 96})
    GroundingDinoProcessor(images, _tokenizer(folder)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def owlv2(tmp_path_factory) -> Path:
    import torch
    from transformers import (
        Owlv2Config,
        Owlv2ForObjectDetection,
        Owlv2ImageProcessor,
        Owlv2Processor,
    )

    folder = tmp_path_factory.mktemp("owlv2")
    small = {
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    config = Owlv2Config(
        text_config={**small, "vocab_size": 32, "max_position_embeddings": 16},
        vision_config={**small, "image_size": 96, "patch_size": 16},
        projection_dim=32,
    )
    torch.manual_seed(0)
    model = Owlv2ForObjectDetection(config)
    # Random scales saturate every score at 1, where nothing could be told apart.
    for scale in (model.class_head.logit_shift, model.class_head.logit_scale):
        torch.nn.init.zeros_(scale.weight)
        torch.nn.init.zeros_(scale.bias)
    model.save_pretrained(folder)
    tokenizer = _tokenizer(folder)
    tokenizer.model_max_length = 16
    images = Owlv2ImageProcessor(size={"height": 96, "width": 96})
    Owlv2Processor(images, tokenizer).save_pretrained(folder)
    return folder


@pytest.fixture(params=["grounding_dino", "owlv2"])
def checkpoint(request) -> Path:
    return request.getfixturevalue(request.param)


def _pictures() -> list[np.ndarray]:
    random = np.random.default_rng(3)
    sizes = [(120, 90), (60, 200), (333, 250), (80, 80), (40, 30)]
    return [random.integers(0, 255, (*size, 3), dtype=np.uint8) for size in sizes]


PROMPTS = ["handbag.", "coffee table.", "dress.", "sneaker.", "coffee table."]


def test_a_box_does_not_depend_on_its_batch(checkpoint):
    pictures = _pictures()
    together = TransformersGrounder(str(checkpoint), "cpu", batch=5).detect(pictures, PROMPTS)
    alone = TransformersGrounder(str(checkpoint), "cpu", batch=1).detect(pictures, PROMPTS)
    for one, other in zip(together, alone, strict=True):
        assert one.box is not None
        assert other.box is not None
        moved = np.abs(np.subtract(_corners(one.box), _corners(other.box))).max()
        assert moved <= 0.5
        assert one.score == pytest.approx(other.score, abs=1e-3)


def test_boxes_lie_in_their_picture_and_scores_in_range(checkpoint):
    pictures = _pictures()
    found = TransformersGrounder(str(checkpoint), "cpu", batch=3).detect(pictures, PROMPTS)
    for picture, detection in zip(pictures, found, strict=True):
        box = detection.box
        assert 0 <= box.x0 <= box.x1 <= picture.shape[1]
        assert 0 <= box.y0 <= box.y1 <= picture.shape[0]
        assert 0 < detection.score < 1


def test_the_prompt_is_heard_per_picture(checkpoint):
    picture = _pictures()[2]
    grounder = TransformersGrounder(str(checkpoint), "cpu", batch=4)
    asked = grounder.detect([picture, picture, picture], ["dress.", "sneaker.", "dress."])
    assert asked[0].score == pytest.approx(asked[2].score, abs=1e-5)
    assert asked[0].score != pytest.approx(asked[1].score, abs=1e-7)


def test_the_fingerprint_follows_the_weights_not_the_place(grounding_dino, owlv2, tmp_path):
    import shutil

    moved = tmp_path / "elsewhere"
    shutil.copytree(grounding_dino, moved)
    same = TransformersGrounder(str(moved), "cpu").fingerprint
    assert same == TransformersGrounder(str(grounding_dino), "cpu").fingerprint
    assert same != TransformersGrounder(str(owlv2), "cpu").fingerprint


@pytest.mark.parametrize("model", ["nobody/no-such-detector", "/no/such/folder", "a b c"])
def test_a_missing_checkpoint_is_one_sentence_before_any_work(model, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(MissingRequirementError, match="VLCLIP_GROUNDING__MODEL"):
        build_grounder(GroundingSettings(kind="transformers", model=model))


def test_a_folder_without_weights_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(MissingRequirementError, match="safetensors"):
        TransformersGrounder(str(tmp_path)).check()


def test_letterbox_keeps_proportions_in_the_top_left():
    picture = np.full((50, 100, 3), 200, dtype=np.uint8)
    canvas, scale = letterbox(picture, 80)
    assert canvas.shape == (80, 80, 3)
    assert scale == pytest.approx(0.8)
    assert (canvas[:40] == 200).all()
    assert not (canvas[41:] == 200).any()


def _corners(box) -> tuple[float, float, float, float]:
    return box.x0, box.y0, box.x1, box.y1
