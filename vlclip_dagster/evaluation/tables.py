"""The report's figures as plain JSON data, and the few of them a terminal shows.

What belongs here: from report inputs to dictionaries whose keys are a promise to other programs.
The page is rendered from the same dictionaries, so both always say the same. A figure that was
not measured, or that is not finite, is null.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from vlclip_dagster.evaluation.ablation import (
    Asked,
    Comparison,
    VariantResult,
    comparisons,
    verdict,
)
from vlclip_dagster.evaluation.collisions import Collisions
from vlclip_dagster.evaluation.curves import Curve
from vlclip_dagster.evaluation.inputs import (
    Catalog,
    Dedup,
    Grounding,
    ModelResult,
    Refinement,
    ReportInputs,
)
from vlclip_dagster.evaluation.metrics import HITS_AT, Agreement, Estimate, RankScores
from vlclip_dagster.evaluation.retrieval import Retrieval

Row = dict[str, Any]

PROTOCOL = (
    "Training, validation and test products are split by item group, stratified by product type, "
    "so that no variant of a test product was seen in training.",
    "The gallery holds every canonical item of the test split, over all product types at once; "
    "per-type figures search the same gallery.",
    "A query is the text of one test product. Its one correct answer is that product's canonical "
    "item: where duplicate photographs were folded together, the one that stands for them.",
    "Similarity is the cosine of text and image vector. Ties rank pessimistically: an item ranks "
    "below every other item with the same score.",
    "HITS@k is the share of queries whose correct item ranks k or better; MRR is the mean of "
    "1 / rank over the whole gallery.",
    "Intervals are 95% percentile bootstrap intervals over queries (2,000 resamples, fixed seed); "
    "two systems are compared on the same resamples of the same queries.",
    "Precision@k is the share of the first k results that agree with the correct item in type, "
    "colour or pattern, over the queries where that attribute is known; a result whose attribute "
    "is unknown counts as not agreeing.",
    "Queries with the same text share one ranking, so m products behind one text can reach at "
    "best min(k, m) / m in HITS@k; the ceiling is the mean of that over all queries.",
)


def report_json(inputs: ReportInputs) -> Row:
    """Every figure of the report, ready for ``json.dumps(..., allow_nan=False)``."""
    served = inputs.retrieval[0].retrieval if inputs.retrieval else None
    return {
        "version": 1,
        "title": inputs.title,
        "generated_at": inputs.generated_at,
        "profile": inputs.profile,
        "protocol": " ".join(PROTOCOL),
        "retrieval": [_model_row(result) for result in inputs.retrieval],
        "chance": _chance(served.gallery) if served else None,
        "collisions": _collisions(served.collisions) if served else None,
        "per_type": _per_type(served, inputs.catalog) if served else [],
        "ablation": _ablation(inputs.ablation, "own"),
        "ablation_same_queries": _ablation(inputs.ablation, "refined"),
        "ablation_comparisons": _comparisons(inputs.ablation),
        "ablation_verdict": {
            "own": verdict(inputs.ablation, "own"),
            "refined": verdict(inputs.ablation, "refined"),
        },
        "curves": [_curve(curve) for curve in inputs.curves],
        "catalog": _catalog(inputs.catalog),
        "dedup": _dedup(inputs.dedup),
        "grounding": _grounding(inputs.grounding),
        "refinement": _refinement(inputs.refinement),
        "stages": [{**asdict(stage), "seconds": _number(stage.seconds)} for stage in inputs.stages],
        "settings": dict(inputs.settings),
        "provenance": dict(inputs.provenance),
        "notes": list(inputs.notes),
    }


def summary_table(report: Mapping[str, Any]) -> list[list[str]]:
    """The figures worth a terminal, a heading row first: models, then ablation variants.

    Args:
        report: what ``report_json`` or ``load_report`` returned.
    """
    heading = ["", "HITS@1", "HITS@5", "HITS@10", "MRR", "95% of HITS@5", "queries", "gallery"]
    named = [(row["model"], row) for row in report["retrieval"]]
    named += [(f"ablation: {row['variant']}", row) for row in report["ablation"]]
    return [heading, *([name, *_cells(row)] for name, row in named)]


def _cells(row: Row) -> list[str]:
    figures = [row[name] for name in ("hits@1", "hits@5", "hits@10", "mrr")]
    low, high = (row["ci95"] or {}).get("hits@5", (None, None))
    interval = "–" if low is None else f"{low:.3f} to {high:.3f}"
    cells = ["–" if figure is None else f"{figure:.3f}" for figure in figures]
    return [*cells, interval, f"{row['queries']:,}", f"{row['gallery']:,}"]


def _number(value: float | None) -> float | None:
    """Round to what the resampling can tell apart; null where JSON has no number."""
    return None if value is None or not math.isfinite(value) else round(float(value), 6)


def _bounds(estimate: Estimate | None) -> list[float | None]:
    return [None, None] if estimate is None else [_number(estimate.low), _number(estimate.high)]


def _figures(scores: RankScores | None) -> Row:
    """HITS@1, 5, 10, MRR and their intervals; nulls without queries."""
    if scores is None:
        return {**{f"hits@{k}": None for k in HITS_AT}, "mrr": None, "ci95": None}
    named = {**{f"hits@{k}": scores.hits[k] for k in HITS_AT}, "mrr": scores.mrr}
    return {
        **{name: _number(estimate.value) for name, estimate in named.items()},
        "ci95": {name: _bounds(estimate) for name, estimate in named.items()},
    }


def _precision(found: Mapping[str, Agreement]) -> Row:
    return {
        attribute: {
            "queries": agreement.queries,
            **{f"p@{k}": _number(estimate.value) for k, estimate in agreement.at.items()},
            "ci95": {f"p@{k}": _bounds(estimate) for k, estimate in agreement.at.items()},
        }
        for attribute, agreement in found.items()
    }


def _measured(retrieval: Retrieval) -> Row:
    return {
        "gallery": retrieval.gallery,
        "queries": retrieval.queries,
        **_figures(retrieval.scores),
        "precision": _precision(retrieval.precision),
        "colliding": _number(retrieval.collisions.share),
        "ceiling@5": _number(retrieval.collisions.ceiling[5]),
    }


def _model_row(result: ModelResult) -> Row:
    return {"model": result.model, "split": result.split, **_measured(result.retrieval)}


def _chance(gallery: int) -> Row:
    """What a random order of the gallery reaches on average."""
    reached: Row = {
        f"hits@{k}": _number(min(k / gallery, 1.0)) if gallery else None for k in HITS_AT
    }
    harmonic = sum(1.0 / rank for rank in range(1, gallery + 1))
    return {**reached, "mrr": _number(harmonic / gallery) if gallery else None}


def _collisions(found: Collisions) -> Row:
    return {
        "queries": found.queries,
        "colliding": found.colliding,
        "share": _number(found.share),
        "largest": found.largest,
        "ceiling": {
            **{f"hits@{k}": _number(value) for k, value in found.ceiling.items()},
            "mrr": _number(found.mrr_ceiling),
        },
        "examples": [{"text": text, "products": count} for text, count in found.examples],
    }


def _per_type(served: Retrieval, catalog: Catalog) -> list[Row]:
    names = {row.slug: row.name for row in catalog.types}
    return [
        {
            "type": row.slug,
            "name": names.get(row.slug, row.slug),
            "items": row.items,
            "gallery": served.gallery,
            "queries": row.scores.queries if row.scores else 0,
            **_figures(row.scores),
        }
        for row in served.per_type
    ]


def _ablation(results: Iterable[VariantResult], how: Asked) -> list[Row]:
    return [
        {
            "variant": result.variant.name,
            "picture": result.variant.picture,
            "text": result.variant.text,
            **_measured(result.asked(how)),
            "pairs": result.pairs,
            "epochs": len(result.curve.points),
            "best_epoch": result.curve.best_epoch,
            "seconds": _number(result.seconds),
        }
        for result in results
    ]


def _comparisons(results: tuple[VariantResult, ...]) -> list[Row]:
    kinds: tuple[Asked, ...] = ("own", "refined")
    return [_comparison(pair, how) for how in kinds for pair in comparisons(results, how)]


def _comparison(pair: Comparison, how: Asked) -> Row:
    estimates = {
        "hits@5_ratio": pair.ratio,
        "hits@5_difference": pair.difference,
        "mrr_difference": pair.mrr_difference,
    }
    return {
        "queries": how,
        "better": pair.better,
        "worse": pair.worse,
        **{name: _number(found.value) if found else None for name, found in estimates.items()},
        "ci95": {name: _bounds(found) for name, found in estimates.items()},
        "intervals_apart": pair.intervals_apart,
    }


def _curve(curve: Curve) -> Row:
    return {
        "name": curve.name,
        "best_epoch": curve.best_epoch,
        "epochs": [
            {
                "epoch": point.epoch,
                "train_loss": _number(point.train_loss),
                "val_loss": _number(point.val_loss),
                "recall@10": _number(point.recall10),
            }
            for point in curve.points
        ],
    }


def _catalog(catalog: Catalog) -> Row:
    return {
        "products": sum(row.products for row in catalog.types),
        "types": [asdict(row) for row in catalog.types],
        "rejected": dict(catalog.rejected),
    }


def _dedup(done: Dedup | None) -> Row | None:
    if done is None:
        return None
    counted = ("mode", "photographs", "canonical", "groups", "degenerate", "failed")
    return {name: getattr(done, name) for name in counted}


def _grounding(done: Grounding | None) -> Row | None:
    if done is None:
        return None
    return {
        "grounder": done.grounder,
        "threshold": _number(done.threshold),
        "photographs": done.photographs,
        "accepted": done.accepted,
        "kept_whole": dict(done.kept_whole),
        "mean_area": _number(done.mean_area),
        "by_border": done.by_border,
        "border_iou": _number(done.border_iou),
        "sweep": [
            {name: _number(value) for name, value in asdict(point).items()} for point in done.sweep
        ],
    }


def _refinement(done: Refinement | None) -> Row | None:
    if done is None:
        return None
    return {
        "backend": done.backend,
        "queries": done.queries,
        "converged": done.converged,
        "failed": done.failed,
        "rounds": {str(rounds): count for rounds, count in sorted(done.rounds.items())},
        "words": {str(words): count for words, count in sorted(done.words.items())},
    }
