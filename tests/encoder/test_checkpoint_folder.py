import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tiny_encoder import ShapePairs

from vlclip_dagster.encoder.checkpoint import (
    TEXT_ONNX,
    fingerprint,
    load_metrics,
    load_provenance,
    save_checkpoint,
)
from vlclip_dagster.encoder.embed import OnnxEncoder, OpenClipEncoder, load_encoder
from vlclip_dagster.errors import VlclipError

SERVE = """
import sys
from pathlib import Path
from vlclip_dagster.encoder.embed import load_encoder
encoder = load_encoder(Path(sys.argv[1]))
assert encoder.encode_texts(["red disc"]).shape == (1, 64)
print(sorted({"torch", "open_clip", "timm"} & set(sys.modules)))
"""


def torch_encoder(folder):
    config = json.loads((folder / "open_clip_config.json").read_text())
    return OpenClipEncoder(folder, config, "", "cpu")


def test_serving_form_equals_the_model(checkpoint):
    served, model = load_encoder(checkpoint, "cpu"), torch_encoder(checkpoint)
    assert isinstance(served, OnnxEncoder)
    pairs = ShapePairs(70)
    for method, inputs in (
        ("encode_images", pairs.images(range(70))),
        ("encode_texts", [*pairs.frame["query"], "", "word " * 100, "naïve 日本 👗"]),
    ):
        found, expected = getattr(served, method)(inputs), getattr(model, method)(inputs)
        assert found.shape == (len(inputs), served.dim)
        assert found.dtype == np.float32
        assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
        assert (found * expected).sum(axis=1).min() >= 0.9999


def test_batch_mates_change_nothing(checkpoint):
    encoder = load_encoder(checkpoint, "cpu")
    texts = ["red disc", "a much longer text about a blue square in a room"]
    alone = np.concatenate([encoder.encode_texts([text]) for text in texts])
    assert np.allclose(encoder.encode_texts(texts), alone, atol=1e-5)
    assert encoder.encode_texts([]).shape == (0, encoder.dim)
    assert encoder.encode_images([]).shape == (0, encoder.dim)


def test_serving_imports_no_torch(checkpoint):
    done = subprocess.run(
        [sys.executable, "-c", SERVE, str(checkpoint)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=60,
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_folder_says_what_it_is(checkpoint, trained):
    provenance = load_provenance(checkpoint)
    assert provenance.fingerprint == fingerprint(checkpoint) == load_encoder(checkpoint).fingerprint
    assert provenance.pairs == 144
    assert sum(map(len, provenance.splits.values())) == 144
    assert provenance.model_copy(update={"fingerprint": ""}) == trained.provenance
    assert load_metrics(checkpoint) == trained.metrics
    assert "torch" in provenance.packages


def test_open_clip_loads_the_folder_by_itself(checkpoint):
    import open_clip

    network, _, _ = open_clip.create_model_and_transforms(f"local-dir:{checkpoint}")
    assert network.visual.image_size in (32, (32, 32))


def test_a_failed_save_leaves_nothing(trained, tmp_path, monkeypatch):
    def fail(*_):
        raise VlclipError("the disk is full; free some space.")

    monkeypatch.setattr("vlclip_dagster.encoder.export.export_serving_form", fail)
    with pytest.raises(VlclipError, match="disk is full"):
        save_checkpoint(trained, tmp_path / "checkpoint")
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_is_never_overwritten(trained, checkpoint):
    with pytest.raises(VlclipError, match="exists already"):
        save_checkpoint(trained, checkpoint)


def test_a_folder_without_a_checkpoint_is_named(tmp_path):
    with pytest.raises(VlclipError, match="holds no checkpoint"):
        load_encoder(tmp_path)


def test_without_a_serving_form_torch_serves(checkpoint, tmp_path):
    import shutil

    folder = tmp_path / "copy"
    shutil.copytree(checkpoint, folder)
    (folder / TEXT_ONNX).unlink()
    assert isinstance(load_encoder(folder, "cpu"), OpenClipEncoder)
