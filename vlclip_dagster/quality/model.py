"""The suites of what is made of all product types: the checkpoint and the report.

A checkpoint whose weights are not what was saved blocks the embeddings; all else warns, since a
drop that came while it was trained is no reason to stop.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl

from vlclip_dagster.encoder.checkpoint import fingerprint, load_provenance
from vlclip_dagster.encoder.split import TEST
from vlclip_dagster.evaluation.ablation import FULL
from vlclip_dagster.evaluation.metrics import HITS_AT
from vlclip_dagster.evaluation.report import HTML_NAME, JSON_NAME, load_report
from vlclip_dagster.measure import held_out
from vlclip_dagster.pairs import training_pairs
from vlclip_dagster.quality.suite import Artifacts, Frames, Suite, absent, equal, share
from vlclip_dagster.training import training_key

FIGURES = (*(f"hits@{k}" for k in HITS_AT), "mrr")


def model_suites() -> list[Suite]:
    """The suites of the checkpoint and of the report."""
    checkpoint = (
        equal("weights_are_those_saved", "weights", "saved", blocking=True, rows="weights"),
        absent("newest_beats_the_one_before", "held_back_because"),
        equal("newest_was_trained_on_the_tables", "trained_on", "tables"),
        equal("products_are_those_of_the_tables", "trained", "stored", rows="products"),
    )
    report = (
        share("files_are_whole", "whole", 1.0),
        share("figures_are_shares", "share", 1.0, rows="figures"),
        equal("counts_are_those_of_the_split", "reported", "held_out", rows="counts"),
    )
    return [
        Suite("finetuned_checkpoint", _checkpoint, checkpoint),
        Suite("eval_report", _report, report),
    ]


def _checkpoint(artifacts: Artifacts) -> Frames:
    current, newest = artifacts.checkpoints.current(), artifacts.checkpoints.newest()
    if current is None or newest is None:
        return dict.fromkeys(("rows", "weights", "products"), pl.DataFrame())
    known = load_provenance(newest.folder)
    pairs = training_pairs(artifacts.tables, artifacts.slugs, FULL)
    decisions = [d for d in artifacts.checkpoints.decisions() if d.by == "training"]
    row = {
        "checkpoint": newest.fingerprint,
        "held_back_because": next((d.reason for d in decisions[-1:] if not d.promoted), None),
        "trained_on": newest.training_key,
        "tables": training_key(pairs.version, known.encoder, known.training),
    }
    weights = [
        {
            "checkpoint": one.fingerprint,
            "weights": fingerprint(one.folder),
            "saved": one.fingerprint,
        }
        for one in dict.fromkeys((current, newest))
    ]
    trained = pl.Series("item_id", [item for items in known.splits.values() for item in items])
    products = (
        trained.to_frame()
        .with_columns(trained=True)
        .join(pairs.frame.select("item_id", stored=True), on="item_id", how="full", coalesce=True)
    )
    return {
        "rows": pl.DataFrame([row], schema_overrides={"held_back_because": pl.String}),
        "weights": pl.DataFrame(weights),
        "products": products.with_columns(pl.col("trained", "stored").fill_null(False)),
    }


def _report(artifacts: Artifacts) -> Frames:
    page, data = artifacts.report / HTML_NAME, artifacts.report / JSON_NAME
    files = {
        HTML_NAME: page.is_file() and page.read_bytes().rstrip().endswith(b"</html>"),
        JSON_NAME: data.is_file(),
    }
    report = load_report(artifacts.report) if files[JSON_NAME] else {}
    return {
        "rows": pl.DataFrame(list(files.items()), schema=["file", "whole"], orient="row"),
        "figures": _figures(report),
        "counts": _counts(artifacts, report),
    }


def _figures(report: Mapping[str, Any]) -> pl.DataFrame:
    """Every figure of the report with whether it is a share; what nobody asked for is none."""
    asked = [(name, row) for name, row in _measured(report) if row["queries"]]
    rows = [(f"{name} {figure}", row[figure]) for name, row in asked for figure in FIGURES]
    frame = pl.DataFrame(rows, schema={"figure": pl.String, "value": pl.Float64}, orient="row")
    return frame.with_columns(share=pl.col("value").is_between(0, 1).fill_null(False))


def _counts(artifacts: Artifacts, report: Mapping[str, Any]) -> pl.DataFrame:
    """Queries and gallery of each measurement beside those of the checkpoint's test split."""
    current = artifacts.checkpoints.current()
    split = load_provenance(current.folder).splits.get(TEST, []) if current else []
    tested = held_out(training_pairs(artifacts.tables, artifacts.slugs, FULL), split)
    rows: list[tuple[str, int, int]] = []
    for name, row in _measured(report):
        own = tested.filter(pl.col("slug") == row["type"]) if "type" in row else tested
        reported = row["queries"], row.get("items", row["gallery"])
        expected = own.height, own["canonical_id"].n_unique()
        rows += zip((f"queries of {name}", f"gallery of {name}"), reported, expected, strict=True)
    kinds = {"count": pl.String, "reported": pl.Int64, "held_out": pl.Int64}
    return pl.DataFrame(rows, schema=kinds, orient="row")


def _measured(report: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The report's measurements by name: the served model's, the variants', each type's."""
    keys = {"retrieval": "model", "ablation": "variant", "per_type": "type"}
    return [(row[key], row) for part, key in keys.items() for row in report.get(part, ())]
