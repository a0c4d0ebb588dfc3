"""How well each checkpoint finds products, kept over checkpoints: the table ``retrieval_scores``.

A report measures one checkpoint; its figures per product type are kept here, so that checkpoints
can be compared after their reports were replaced. What is measured is ``evaluation``'s business.
"""

import polars as pl

from vlclip_dagster.evaluation.metrics import RankScores
from vlclip_dagster.evaluation.retrieval import Retrieval
from vlclip_dagster.hashing import row_key
from vlclip_dagster.warehouse import Warehouse


def keep_scores(
    warehouse: Warehouse, checkpoint: str, retrieval: Retrieval, measured_at: str
) -> None:
    """Keep what a report says of ``checkpoint``, in place of what an earlier one said of it.

    Args:
        warehouse: where the table is.
        checkpoint: fingerprint of the checkpoint that was measured.
        retrieval: its scores over all product types, and of each.
        measured_at: when, as ISO 8601 in UTC.
    """
    measured = {None: retrieval.scores} | {one.slug: one.scores for one in retrieval.per_type}
    rows = [
        {
            "score_id": f"{checkpoint}/{slug or ''}",
            "key": row_key(checkpoint, slug, measured_at),
            "checkpoint": checkpoint,
            "slug": slug,
            "gallery": retrieval.gallery,
            "measured_at": measured_at,
            **_figures(scores),
        }
        for slug, scores in measured.items()
        if scores is not None
    ]
    table = warehouse.table("retrieval_scores")
    stored = table.read(["score_id", "checkpoint"]).filter(pl.col("checkpoint") == checkpoint)
    table.upsert(pl.DataFrame(rows, schema_overrides={"slug": pl.String}))
    table.delete(sorted(set(stored["score_id"]) - {row["score_id"] for row in rows}))
    table.finish()


def _figures(scores: RankScores) -> dict[str, float]:
    five = scores.hits[5]
    return {
        "queries": scores.queries,
        "hits1": scores.hits[1].value,
        "hits5": five.value,
        "hits5_low": five.low,
        "hits5_high": five.high,
        "hits10": scores.hits[10].value,
        "mrr": scores.mrr.value,
    }
