"""Which checkpoint is in use, how it came to be, and how to go back."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from vlclip_dagster.checkpoints import CheckpointStore, Decision
from vlclip_dagster.encoder.checkpoint import load_provenance
from vlclip_dagster.errors import VlclipError


@pytest.fixture
def store(tmp_path):
    return CheckpointStore(tmp_path)


def decide(store, name, *, promoted=True):
    """A checkpoint was trained, and this was decided."""
    store.folder(f"key-{name}").mkdir(parents=True)
    store.record(Decision(f"key-{name}", f"print-{name}", promoted, "so it was measured"))


def in_use(store):
    current = store.current()
    return current and current.fingerprint.removeprefix("print-")


def test_before_the_first_training_there_is_a_sentence(store):
    assert store.current() is None
    assert store.newest() is None
    with pytest.raises(VlclipError, match="there is no checkpoint yet"):
        store.require_current()


def test_a_promotion_moves_one_pointer_and_keeps_the_history(store, tmp_path):
    decide(store, "one")
    decide(store, "two")
    current = CheckpointStore(tmp_path).require_current()
    assert (current.training_key, current.fingerprint) == ("key-two", "print-two")
    assert current.folder == store.folder("key-two")
    assert [decision.fingerprint for decision in store.decisions()] == ["print-one", "print-two"]
    files = [path.name for path in (tmp_path / "checkpoints").iterdir() if path.is_file()]
    assert files == ["current.json"]


def test_what_is_held_back_is_kept_and_not_in_use(store):
    decide(store, "one")
    decide(store, "two", promoted=False)
    assert in_use(store) == "one"
    assert store.newest().fingerprint == "print-two"
    assert store.decisions()[-1].reason == "so it was measured"


def test_decisions_at_once_are_all_kept(store, tmp_path):
    names = [f"n{number}" for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: decide(CheckpointStore(tmp_path), name), names))
    assert sorted(d.fingerprint.removeprefix("print-") for d in store.decisions()) == sorted(names)


def test_what_a_killed_training_left_goes_when_it_is_done(store, tmp_path):
    for name in ("key-one", "key-two"):
        (tmp_path / "checkpoints" / f".{name}.5eed").mkdir(parents=True)
    store.forget_training("key-one")
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == [".key-two.5eed"]


def test_rolling_back_goes_to_the_one_before_and_further(store):
    for name in ("one", "two", "three"):
        decide(store, name)
    decide(store, "four", promoted=False)
    assert [store.roll_back() and in_use(store) for _ in range(2)] == ["two", "one"]
    with pytest.raises(VlclipError, match="no checkpoint was promoted before"):
        store.roll_back()
    decision = store.decisions()[-1]
    assert (decision.by, decision.reason) == ("person", "a person chose it instead of print-two")
    assert store.newest().fingerprint == "print-four"


def test_a_person_may_choose_any_by_its_beginning(store):
    for name in ("one", "two"):
        decide(store, name)
    decide(store, "three", promoted=False)
    store.roll_back("print-th")
    assert in_use(store) == "three"
    store.roll_back("key-one")
    assert in_use(store) == "one"
    for name, told in (
        ("print-t", "more than one"),
        ("print-one", "no checkpoint beside"),
        ("x", "no"),
    ):
        with pytest.raises(VlclipError, match=told):
            store.roll_back(name)
    assert in_use(store) == "one"


def test_after_a_choice_by_hand_back_means_the_last_that_was_promoted(store):
    for name in ("one", "two"):
        decide(store, name)
    decide(store, "three", promoted=False)
    store.roll_back("print-three")
    store.roll_back()
    assert in_use(store) == "two"


def test_a_folder_that_is_gone_can_not_come_back(store):
    for name in ("one", "two", "three"):
        decide(store, name)
    store.folder("key-two").rmdir()
    store.roll_back()
    assert in_use(store) == "one"


def test_a_broken_file_is_a_sentence(store, tmp_path):
    decide(store, "one")
    (tmp_path / "checkpoints" / "current.json").write_text("{")
    with pytest.raises(VlclipError, match=r"current\.json cannot be read"):
        store.current()


def test_a_checkpoint_of_another_version_is_a_sentence(tmp_path):
    (tmp_path / "provenance.json").write_text(json.dumps({"key": "k", "new_field": 1}))
    with pytest.raises(VlclipError, match=r"another version.*vlclip run --retrain"):
        load_provenance(tmp_path)
