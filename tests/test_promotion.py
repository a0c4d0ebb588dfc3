"""A new checkpoint comes into use only when it finds more of what neither was trained on."""

import hashlib

import numpy as np
import polars as pl
import pytest

from vlclip_dagster.checkpoints import CheckpointStore
from vlclip_dagster.encoder.provenance import EpochMetrics, Provenance
from vlclip_dagster.encoder.settings import EncoderSettings, TrainingSettings
from vlclip_dagster.promotion import FEWEST_QUERIES, judge, unseen_by_both
from vlclip_dagster.training import Trained
from vlclip_dagster.warehouse import Warehouse

ITEMS = [f"shop/{number:02}" for number in range(60)]
TEST, VAL, TRAIN = ITEMS[:30], ITEMS[30:36], ITEMS[36:]


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Warehouse:
    """Sixty vases, each with its own picture and query; both are the item's id."""
    warehouse = Warehouse(tmp_path_factory.mktemp("catalog"))
    rows = pl.DataFrame({"item_id": ITEMS, "key": "1", "item_group_id": ITEMS, "raw_title": "t"})
    photographs = rows.select("item_id", "key", photo_id="item_id", canonical_id="item_id")
    warehouse.table("raw_catalog", "vase").upsert(rows)
    queries = rows.with_columns(query="item_id", texts=pl.lit([], pl.List(pl.String)))
    warehouse.table("refined_queries", "vase").upsert(queries)
    warehouse.table("deduped_images", "vase").upsert(photographs.with_columns(position=0))
    crops = photographs.with_columns(crop=pl.col("item_id").cast(pl.Binary))
    warehouse.table("grounded_crops", "vase").upsert(crops)
    return warehouse


class Encoder:
    """Puts a picture where its query is for the items it knows, and anywhere for the others."""

    dim = 16

    def __init__(self, fingerprint: str, knows: set[str]) -> None:
        self.fingerprint = fingerprint
        self._knows = knows

    def encode_images(self, images):
        return self._vectors([data.decode() for data in images], "picture")

    def encode_texts(self, texts):
        return self._vectors(texts, "text")

    def _vectors(self, names, side):
        places = [name if name in self._knows else f"{name} {side}" for name in names]
        seeds = [int.from_bytes(hashlib.sha256(p.encode()).digest()[:8]) for p in places]
        vectors = np.stack([np.random.default_rng(seed).normal(size=self.dim) for seed in seeds])
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


class Lab:
    """Trains checkpoints that know what they are told to know, and judges them."""

    def __init__(self, warehouse: Warehouse, store: CheckpointStore) -> None:
        self.warehouse, self.store = warehouse, store
        self.encoders: dict[str, Encoder] = {}
        self.asked = 0

    def train(self, name, knows, test=TEST, train=TRAIN, weights=None):
        provenance = Provenance(
            key=name,
            data_version="d",
            pairs=len(ITEMS),
            splits={"test": test, "val": VAL, "train": train},
            best_epoch=1,
            encoder=EncoderSettings(),
            training=TrainingSettings(),
            fingerprint=f"print-{weights or name}",
        )
        folder = self.store.folder(name)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "provenance.json").write_text(provenance.model_dump_json())
        self.encoders[name] = Encoder(provenance.fingerprint, set(knows))
        trained = Trained(name, folder, provenance, list[EpochMetrics](), reused=False)
        return judge(self.warehouse, self.store, ["vase"], trained, self.load)

    def load(self, folder):
        self.asked += 1
        return self.encoders[folder.name]

    @property
    def in_use(self):
        return self.store.require_current().training_key


@pytest.fixture
def lab(home, tmp_path) -> Lab:
    return Lab(home, CheckpointStore(tmp_path))


def test_the_first_is_promoted(lab):
    decision = lab.train("first", [])
    assert (decision.promoted, decision.reason, decision.comparison) == (
        True,
        "it is the first one",
        None,
    )


def test_a_better_one_is_promoted_and_the_record_says_by_how_much(lab):
    lab.train("old", TEST[:15])
    decision = lab.train("new", TEST)
    assert decision.promoted
    assert lab.in_use == "new"
    found = decision.comparison
    assert (found.against, found.queries, found.gallery) == ("print-old", 30, 30)
    assert found.mrr == found.hits5 == 1.0
    assert found.mrr_before < 0.8
    assert 0 < found.low < found.difference < found.high
    assert "it is better: MRR 1.000 against" in decision.reason
    assert "over 30 queries" in decision.reason


@pytest.mark.parametrize(("old", "new"), [(TEST, TEST[:15]), (TEST, TEST), (TEST[:15], TEST[:16])])
def test_a_worse_an_equal_and_a_luckier_one_are_held_back(lab, old, new):
    lab.train("old", old)
    decision = lab.train("new", new)
    assert not decision.promoted
    assert lab.in_use == "old"
    assert "not shown to be better" in decision.reason
    assert lab.store.newest().training_key == "new"


def test_only_what_neither_was_trained_on_is_asked(lab):
    """The old one knows by heart what it was trained on; that may not count for it."""
    lab.train("old", TEST[20:], test=TEST[:20], train=[*TEST[20:], *TRAIN])
    decision = lab.train("new", TEST[:20])
    assert decision.promoted
    assert decision.comparison.queries == 20


def test_the_kin_of_what_was_trained_on_is_not_asked(lab):
    frame = pl.DataFrame(
        {
            "item_id": ["a", "b", "c", "d"],
            "group": ["g", "g", "h", "i"],
            "canonical_id": ["1", "2", "3", "3"],
        }
    )
    old, new = (
        Provenance(
            key="k",
            data_version="d",
            pairs=4,
            splits=splits,
            best_epoch=1,
            encoder=EncoderSettings(),
            training=TrainingSettings(),
        )
        for splits in ({"train": ["a"], "val": ["d"]}, {"test": ["b", "c"]})
    )
    assert unseen_by_both(frame, new, old) == []
    assert unseen_by_both(frame, new, old.model_copy(update={"splits": {"train": ["a"]}})) == ["c"]


def test_too_few_queries_tell_nothing_and_name_the_way_out(lab):
    lab.train("old", [])
    decision = lab.train("new", TEST, test=TEST[: FEWEST_QUERIES - 1])
    assert not decision.promoted
    assert "vlclip rollback print-ne" in decision.reason


def test_one_that_can_serve_no_longer_is_replaced_whatever_it_knew(lab):
    lab.train("old", TEST)
    (lab.store.folder("old") / "provenance.json").write_text("{}")
    decision = lab.train("new", [])
    assert decision.promoted
    assert "can serve no longer" in decision.reason
    assert "another version" in decision.reason


def test_training_the_same_again_neither_compares_nor_overrules_a_person(lab):
    lab.train("old", [])
    lab.train("new", TEST)
    lab.store.roll_back()
    before = lab.store.decisions()
    assert lab.train("new", TEST).promoted
    assert lab.in_use == "old"
    assert lab.store.decisions() == before


def test_equal_weights_of_other_settings_are_the_same_checkpoint(lab):
    lab.train("old", [])
    lab.train("new", TEST)
    lab.train("patient", TEST, weights="new")
    assert lab.in_use == lab.store.newest().training_key == "patient"
    lab.store.roll_back()
    assert not lab.train("more patient", TEST, weights="new").promoted
    assert (lab.in_use, lab.store.newest().training_key) == ("old", "more patient")


def test_settings_that_were_changed_back_are_the_newest_training_again(lab):
    """Else the training would stay due, and be reported as done by every run."""
    lab.train("old", TEST)
    lab.train("new", [])
    assert lab.train("old", TEST).promoted
    assert (lab.in_use, lab.store.newest().training_key) == ("old", "old")


def test_a_training_on_more_may_replace_what_a_person_chose(lab):
    lab.train("old", [])
    lab.train("new", TEST)
    lab.store.roll_back()
    lab.train("newer", TEST)
    assert lab.in_use == "newer"


def test_what_was_held_back_comes_into_use_when_nothing_else_can_serve(lab):
    lab.train("old", TEST)
    assert not lab.train("new", []).promoted
    (lab.store.folder("old") / "provenance.json").unlink()
    assert lab.train("new", []).promoted
