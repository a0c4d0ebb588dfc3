"""Real detector code on a tiny random checkpoint that the tests build, save and load."""

from pathlib import Path

import numpy as np
import pytest
from tiny_checkpoints import save_grounding_dino, save_owlv2

from vlclip_dagster.errors import MissingRequirementError
from vlclip_dagster.grounding.grounding_dino import GroundingDino
from vlclip_dagster.grounding.packshot import PackshotFirst
from vlclip_dagster.grounding.settings import GroundingSettings, build_grounder


@pytest.fixture(scope="module")
def grounding_dino(tmp_path_factory) -> Path:
    return save_grounding_dino(tmp_path_factory.mktemp("gdino"))


@pytest.fixture(scope="module")
def owlv2(tmp_path_factory) -> Path:
    return save_owlv2(tmp_path_factory.mktemp("owlv2"))


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
    together = GroundingDino(str(checkpoint), "cpu", batch=5).detect(pictures, PROMPTS)
    alone = GroundingDino(str(checkpoint), "cpu", batch=1).detect(pictures, PROMPTS)
    for one, other in zip(together, alone, strict=True):
        assert one.box is not None
        assert other.box is not None
        moved = np.abs(np.subtract(_corners(one.box), _corners(other.box))).max()
        assert moved <= 0.5
        assert one.score == pytest.approx(other.score, abs=1e-3)


def test_boxes_lie_in_their_picture_and_scores_in_range(checkpoint):
    pictures = _pictures()
    found = GroundingDino(str(checkpoint), "cpu", batch=3).detect(pictures, PROMPTS)
    for picture, detection in zip(pictures, found, strict=True):
        box = detection.box
        assert 0 <= box.x0 <= box.x1 <= picture.shape[1]
        assert 0 <= box.y0 <= box.y1 <= picture.shape[0]
        assert 0 < detection.score < 1


def test_the_prompt_is_heard_per_picture(checkpoint):
    picture = _pictures()[2]
    grounder = GroundingDino(str(checkpoint), "cpu", batch=4)
    asked = grounder.detect([picture, picture, picture], ["dress.", "sneaker.", "dress."])
    assert asked[0].score == pytest.approx(asked[2].score, abs=1e-5)
    assert asked[0].score != pytest.approx(asked[1].score, abs=1e-7)


def test_boxes_are_those_of_transformers_own_processing(checkpoint):
    """The same pictures through the checkpoint's whole processor and its post-processing."""
    import torch
    from transformers import AutoModelForZeroShotObjectDetection, AutoProcessor

    random = np.random.default_rng(5)
    pictures = [random.integers(0, 255, (*s, 3), dtype=np.uint8) for s in [(96, 96), (60, 96)]]
    found = GroundingDino(str(checkpoint), "cpu").detect(pictures, ["dress.", "dress."])
    processor = AutoProcessor.from_pretrained(checkpoint)
    model = AutoModelForZeroShotObjectDetection.from_pretrained(checkpoint).eval()
    inputs = processor(images=pictures, text=[["dress"]] * 2, return_tensors="pt")
    with torch.inference_mode():
        outputs = model(**inputs)
    finish = getattr(processor, "post_process_grounded_object_detection")  # noqa: B009
    sizes = [picture.shape[:2] for picture in pictures]
    for picture, mine, theirs in zip(
        pictures, found, finish(outputs, threshold=0.0, target_sizes=sizes), strict=True
    ):
        best = int(theirs["scores"].argmax())
        corners = theirs["boxes"][best].numpy()
        limits = [picture.shape[1], picture.shape[0]] * 2
        assert mine.score == pytest.approx(float(theirs["scores"][best]), abs=1e-4)
        assert np.abs(corners.clip(0, limits) - _corners(mine.box)).max() <= 0.5


def test_a_box_does_not_depend_on_the_worker(checkpoint):
    import torch

    pictures = _pictures()
    here = GroundingDino(str(checkpoint), "cpu", batch=2).detect(pictures, PROMPTS)
    threads = torch.get_num_threads()
    torch.set_num_threads(3 - min(threads, 2))
    try:
        there = GroundingDino(str(checkpoint), "cpu", batch=3).detect(pictures, PROMPTS)
    finally:
        torch.set_num_threads(threads)
    for one, other in zip(here, there, strict=True):
        assert np.abs(np.subtract(_corners(one.box), _corners(other.box))).max() <= 0.5


def test_bfloat16_answers_alike_alone_and_in_company(grounding_dino, monkeypatch):
    """As an accelerator computes, here on the processor: in batches of one size."""
    monkeypatch.setattr(GroundingDino, "_precision", "bf16")
    pictures = _pictures()
    together = GroundingDino(str(grounding_dino), "cpu", batch=3).detect(pictures, PROMPTS)
    alone = GroundingDino(str(grounding_dino), "cpu", batch=3)
    for picture, prompt, one in zip(pictures, PROMPTS, together, strict=True):
        other = alone.detect([picture], [prompt])[0]
        assert np.abs(np.subtract(_corners(one.box), _corners(other.box))).max() <= 0.5


def test_the_fingerprint_follows_the_weights_not_the_place(grounding_dino, owlv2, tmp_path):
    import shutil

    moved = tmp_path / "elsewhere"
    shutil.copytree(grounding_dino, moved)
    same = GroundingDino(str(moved), "cpu").fingerprint
    assert same == GroundingDino(str(grounding_dino), "cpu").fingerprint
    assert same != GroundingDino(str(owlv2), "cpu").fingerprint


@pytest.mark.parametrize("model", ["nobody/no-such-detector", "/no/such/folder", "a b c"])
def test_a_missing_checkpoint_is_one_sentence_before_any_work(model, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(MissingRequirementError, match="VLCLIP_GROUNDING__MODEL"):
        build_grounder(GroundingSettings(kind="transformers", model=model))


def test_a_folder_without_weights_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(MissingRequirementError, match="safetensors"):
        GroundingDino(str(tmp_path)).check()


def test_a_folder_without_a_tokenizer_is_refused(grounding_dino, tmp_path):
    """As a broken-off download leaves it; transformers would hear every prompt as unknown words."""
    import shutil

    unread = shutil.ignore_patterns("tokenizer.json", "vocab.txt")
    folder = shutil.copytree(grounding_dino, tmp_path / "half", ignore=unread)
    with pytest.raises(MissingRequirementError, match=r"lacks tokenizer\.json"):
        GroundingDino(str(folder)).check()


def test_a_gpu_that_is_not_there_is_said_before_any_work(grounding_dino, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    settings = GroundingSettings(kind="transformers", model=str(grounding_dino), device="cuda")
    with pytest.raises(MissingRequirementError, match="VLCLIP_GROUNDING__DEVICE asks for cuda"):
        build_grounder(settings)


@pytest.mark.parametrize(("native", "precision"), [(True, "bf16"), (False, "fp32")])
def test_bfloat16_is_for_gpus_that_compute_it(native, precision, grounding_dino, monkeypatch):
    """A T4 only emulates it."""

    def supported(including_emulation: bool = True) -> bool:
        return native or including_emulation

    monkeypatch.setattr("torch.cuda.is_bf16_supported", supported)
    assert GroundingDino(str(grounding_dino), "cuda").fingerprint.endswith(precision)


@pytest.mark.parametrize("config", ['{"model_type": "clip"}', "{}", "[]", "not json"])
def test_a_checkpoint_of_another_kind_is_refused(config, grounding_dino, tmp_path):
    import shutil

    folder = tmp_path / "other"
    shutil.copytree(grounding_dino, folder)
    (folder / "config.json").write_text(config, encoding="utf-8")
    with pytest.raises(MissingRequirementError, match="of kind"):
        build_grounder(GroundingSettings(kind="transformers", model=str(folder)))


def test_a_detector_is_asked_about_no_packshot_unless_told_to(grounding_dino):
    chosen = GroundingSettings(kind="transformers", model=str(grounding_dino), device="cpu")
    first = build_grounder(chosen)
    asked = build_grounder(chosen.model_copy(update={"packshots": False}))
    assert isinstance(first, PackshotFirst)
    assert isinstance(asked, GroundingDino)
    assert first.fingerprint != asked.fingerprint


def _corners(box) -> tuple[float, float, float, float]:
    return box.x0, box.y0, box.x1, box.y1
