"""Which checkpoint is current, and one that another version wrote."""

import json

import pytest

from vlclip_dagster.checkpoints import CheckpointStore
from vlclip_dagster.encoder.checkpoint import load_provenance
from vlclip_dagster.errors import VlclipError


def test_before_the_first_training_there_is_a_sentence(tmp_path):
    store = CheckpointStore(tmp_path)
    assert store.current() is None
    with pytest.raises(VlclipError, match="there is no checkpoint yet"):
        store.require_current()


def test_promotion_moves_one_pointer(tmp_path):
    store = CheckpointStore(tmp_path)
    store.promote("key-one", "print-one")
    store.promote("key-two", "print-two")
    current = CheckpointStore(tmp_path).require_current()
    assert (current.training_key, current.fingerprint) == ("key-two", "print-two")
    assert current.folder == store.folder("key-two")
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["current.json"]


def test_a_checkpoint_of_another_version_is_a_sentence(tmp_path):
    (tmp_path / "provenance.json").write_text(json.dumps({"key": "k", "new_field": 1}))
    with pytest.raises(VlclipError, match=r"another version.*vlclip run --retrain"):
        load_provenance(tmp_path)
