"""The checkpoint and the report of a sound home comply; what does not fit is told by name."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from vlclip_dagster.checkpoints import CheckpointStore, Decision
from vlclip_dagster.encoder.checkpoint import CONFIG, WEIGHTS, fingerprint
from vlclip_dagster.encoder.provenance import Provenance
from vlclip_dagster.encoder.settings import EncoderSettings, TrainingSettings
from vlclip_dagster.evaluation.ablation import FULL
from vlclip_dagster.pairs import training_pairs
from vlclip_dagster.quality.expectations import Verdict, judge
from vlclip_dagster.quality.model import model_suites
from vlclip_dagster.quality.suite import Artifacts
from vlclip_dagster.training import training_key
from vlclip_dagster.warehouse import Warehouse

ITEMS = {"sofa": ["s/1", "s/2"], "vase": ["v/1", "v/2", "v/3"]}
TEST = ["s/1", "v/1", "v/2"]  # the two vases share a photograph
HITS = {"hits@1": 0.3, "hits@5": 0.6, "hits@10": 1.0, "mrr": 0.5}


@pytest.fixture
def home(tmp_path) -> Artifacts:
    tables = Warehouse(tmp_path)
    for slug, items in ITEMS.items():
        fill(tables, slug, items)
    artifacts = Artifacts(
        tables, CheckpointStore(tmp_path), tmp_path / "report", lambda: None, tuple(ITEMS)
    )
    train(artifacts)
    write_report(artifacts.report, sound_report())
    return artifacts


def fill(tables: Warehouse, slug: str, items: list[str], query: str = "a query") -> None:
    rows = pl.DataFrame({"item_id": items}).with_columns(
        key="item_id",
        item_group_id="item_id",
        query=pl.lit(query),
        texts=pl.lit([], pl.List(pl.String)),
        position=0,
        photo_id="item_id",
        canonical_id=pl.col("item_id").replace("v/2", "v/1"),
    )
    for name in ("raw_catalog", "deduped_images", "grounded_crops"):
        tables.table(name, slug).upsert(rows)
    tables.table("refined_queries", slug).upsert(rows.with_columns(key="query"))


def train(artifacts: Artifacts, weights: bytes = b"1", test: list[str] = TEST) -> Path:
    """A checkpoint of what the tables hold now, brought into use."""
    pairs = training_pairs(artifacts.tables, artifacts.slugs, FULL)
    encoder, training = EncoderSettings(), TrainingSettings()
    key = training_key(pairs.version, encoder, training)
    folder = artifacts.checkpoints.folder(key)
    folder.mkdir(parents=True)
    (folder / WEIGHTS).write_bytes(weights)
    (folder / CONFIG).write_bytes(b"{}")
    splits = {"test": test, "val": [], "train": sorted({*pairs.frame["item_id"]} - {*test})}
    provenance = Provenance(
        key=key,
        data_version="d",
        pairs=pairs.frame.height,
        splits={name: items for name, items in splits.items() if items},
        best_epoch=1,
        encoder=encoder,
        training=training,
        fingerprint=fingerprint(folder),
    )
    (folder / "provenance.json").write_text(provenance.model_dump_json())
    artifacts.checkpoints.record(Decision(key, provenance.fingerprint, True, "it is the first one"))
    return folder


def sound_report() -> dict:
    measured = {"queries": 3, "gallery": 2, **HITS}
    alone = {"queries": 1, "items": 1, "gallery": 2, **HITS}
    return {
        "retrieval": [{"model": "full", **measured}],
        "ablation": [{"variant": "no_grounding", **measured}],
        "per_type": [{"type": "sofa", **alone}, {"type": "vase", **alone, "queries": 2}],
    }


def write_report(folder: Path, report: dict) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "report.json").write_text(json.dumps(report))
    (folder / "report.html").write_text("<html></html>\n")


def failed(artifacts: Artifacts, asset: str) -> dict[str, Verdict]:
    suite = next(suite for suite in model_suites() if suite.asset == asset)
    verdicts = judge(suite.read(artifacts), suite.rules)
    return {verdict.rule.name: verdict for verdict in verdicts if not verdict.passed}


@pytest.mark.parametrize("asset", ["finetuned_checkpoint", "eval_report"])
def test_what_is_sound_complies(home, asset):
    assert failed(home, asset) == {}


def test_other_weights_than_those_saved_block(home):
    (home.checkpoints.require_current().folder / WEIGHTS).write_bytes(b"2")
    found = failed(home, "finetuned_checkpoint")
    assert set(found) == {"weights_are_those_saved"}
    assert found["weights_are_those_saved"].rule.blocking


def test_a_checkpoint_in_use_is_held_to_its_weights_when_a_newer_one_was_held_back(home):
    in_use = home.checkpoints.require_current()
    fill(home.tables, "vase", ["v/6"])
    folder = train(home, b"4")
    home.checkpoints.roll_back()
    (in_use.folder / WEIGHTS).write_bytes(b"5")
    assert failed(home, "finetuned_checkpoint")["weights_are_those_saved"].unexpected == 1
    (folder / WEIGHTS).write_bytes(b"6")
    assert failed(home, "finetuned_checkpoint")["weights_are_those_saved"].unexpected == 2


def test_products_that_came_or_went_since_are_named(home):
    fill(home.tables, "vase", ["v/4"])
    home.tables.table("refined_queries", "sofa").delete(["s/2"])
    found = failed(home, "finetuned_checkpoint")
    assert set(found) == {"newest_was_trained_on_the_tables", "products_are_those_of_the_tables"}
    assert set(found["products_are_those_of_the_tables"].sample_ids) == {"v/4", "s/2"}
    assert not any(verdict.rule.blocking for verdict in found.values())


def test_a_text_that_changed_since_is_noticed(home):
    fill(home.tables, "vase", ["v/3"], query="another query")
    assert set(failed(home, "finetuned_checkpoint")) == {"newest_was_trained_on_the_tables"}


def test_a_checkpoint_that_was_held_back_says_why(home):
    before = home.checkpoints.require_current()
    fill(home.tables, "vase", ["v/5"])
    folder = train(home, b"3")
    worse = Decision(folder.name, fingerprint(folder), False, "it is not shown to be better: <b>")
    home.checkpoints.record(replace(worse))
    found = failed(home, "finetuned_checkpoint")
    assert set(found) == {"newest_beats_the_one_before"}
    observed = found["newest_beats_the_one_before"].observed
    assert observed == "it is not shown to be better: &lt;b&gt;"
    assert before.fingerprint != home.checkpoints.newest().fingerprint


def test_before_the_first_training_there_is_nothing_to_say(tmp_path):
    nothing = Artifacts(
        Warehouse(tmp_path), CheckpointStore(tmp_path), tmp_path / "report", lambda: None, ()
    )
    assert failed(nothing, "finetuned_checkpoint") == {}
    assert set(failed(nothing, "eval_report")) == {"files_are_whole"}


@pytest.mark.parametrize("value", [1.2, -0.1, None])
def test_a_figure_that_is_no_share_is_named(home, value):
    report = sound_report()
    report["per_type"][1]["mrr"] = value
    write_report(home.report, report)
    found = failed(home, "eval_report")
    assert {name: verdict.sample_ids for name, verdict in found.items()} == {
        "figures_are_shares": ("vase mrr",)
    }


def test_a_type_that_nobody_asked_for_has_no_figures(home):
    report = sound_report()
    report["per_type"].append({"type": "lamp", "queries": 0, "items": 0, "gallery": 2})
    write_report(home.report, report)
    assert failed(home, "eval_report") == {}


def test_a_catalog_too_small_for_a_test_split_complies(home):
    fill(home.tables, "sofa", ITEMS["sofa"], "another query")
    train(home, b"5", test=[])
    nothing = {"model": "full", "queries": 0, "gallery": 0, **dict.fromkeys(HITS)}
    write_report(home.report, {"retrieval": [nothing], "ablation": [], "per_type": []})
    assert failed(home, "eval_report") == {}


def test_counts_of_another_split_are_named(home):
    report = sound_report()
    report["ablation"][0]["gallery"] = 9
    report["per_type"][0]["queries"] = 4
    write_report(home.report, report)
    (broken,) = failed(home, "eval_report").values()
    assert set(broken.sample_ids) == {"gallery of no_grounding", "queries of sofa"}
    assert broken.observed == "9 and 2, 4 and 1"


@pytest.mark.parametrize("name", ["report.html", "report.json"])
def test_a_file_that_is_missing_or_half_is_named(home, name):
    (home.report / name).unlink()
    assert failed(home, "eval_report")["files_are_whole"].sample_ids == (name,)
    (home.report / "report.html").write_text("<html><body>")
    assert "report.html" in failed(home, "eval_report")["files_are_whole"].sample_ids
    shutil.rmtree(home.report)
    assert len(failed(home, "eval_report")["files_are_whole"].sample_ids) == 2
