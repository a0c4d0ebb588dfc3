"""Whether a checkpoint that was just trained comes into use: only if it beats the one that is.

Both are asked the same queries, on products that neither was trained on, and a paired bootstrap
over the queries says whether the new one is better. Nothing is trained here; the held-out
products are encoded twice, which takes seconds.
"""

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from vlclip_dagster.checkpoints import CheckpointStore, Comparison, Decision
from vlclip_dagster.encoder.checkpoint import load_provenance
from vlclip_dagster.encoder.provenance import Provenance
from vlclip_dagster.encoder.split import TEST
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.evaluation.ablation import FULL
from vlclip_dagster.evaluation.metrics import hits, paired_difference, reciprocal
from vlclip_dagster.evaluation.retrieval import Retrieval, evaluate
from vlclip_dagster.evaluation.wording import figure
from vlclip_dagster.measure import attribute_facts, gallery_of, queries_of
from vlclip_dagster.pairs import WarehousePairs, training_pairs
from vlclip_dagster.training import Trained
from vlclip_dagster.warehouse import Warehouse

if TYPE_CHECKING:
    from vlclip_dagster.encoder.embed import Encoder

Load = Callable[[Path], "Encoder"]
# Fewer answers can't tell a better checkpoint from a lucky one.
FEWEST_QUERIES = 10


def judge(
    warehouse: Warehouse,
    checkpoints: CheckpointStore,
    slugs: Collection[str],
    trained: Trained,
    load: Load,
) -> Decision:
    """Decide about a finished checkpoint, keep the decision, and act on it.

    Weights are judged once: training the same again neither promotes what was held back nor
    undoes what a person decided since. A change of settings is judged like any other; only
    where the one in use can't be loaded any more is there nothing to compare with.

    Args:
        warehouse: the tables.
        checkpoints: where both checkpoints are.
        slugs: the product types.
        trained: the new checkpoint.
        load: builds the encoder of a checkpoint's folder.
    """
    current, newest = checkpoints.current(), checkpoints.newest()
    if current is None or newest is None:
        return _decide(checkpoints, trained, "it is the first one", promoted=True)
    try:
        before, old = load_provenance(current.folder), load(current.folder)
    except VlclipError as error:
        reason = f"the one before it can serve no longer: {error}"
        return _decide(checkpoints, trained, reason, promoted=True)
    fingerprint = trained.provenance.fingerprint
    same = [d for d in checkpoints.decisions() if d.fingerprint == fingerprint]
    if same and trained.training_key == newest.training_key:
        return same[-1]
    if same:
        # Settings were changed back, or led to equal weights: nothing new is known of them.
        reason = f"the same weights were judged before: {same[-1].reason}"
        in_use = fingerprint == current.fingerprint
        return _decide(checkpoints, trained, reason, promoted=in_use)
    pairs = training_pairs(warehouse, slugs, FULL)
    items = unseen_by_both(pairs.frame, trained.provenance, before)
    if len(items) < FEWEST_QUERIES:
        return _decide(checkpoints, trained, _too_few(len(items), trained), promoted=False)
    found = _compare(warehouse, slugs, pairs, items, old, load(trained.folder))
    return _decide(checkpoints, trained, _reason(found), found, promoted=found.low > 0)


def _decide(
    checkpoints: CheckpointStore,
    trained: Trained,
    reason: str,
    comparison: Comparison | None = None,
    *,
    promoted: bool,
) -> Decision:
    decision = Decision(
        training_key=trained.training_key,
        fingerprint=trained.provenance.fingerprint,
        promoted=promoted,
        reason=reason,
        comparison=comparison,
    )
    checkpoints.record(decision)
    return decision


def unseen_by_both(frame: pl.DataFrame, new: Provenance, old: Provenance) -> list[str]:
    """Items of the new checkpoint's test split, and of no family that the old one learned from.

    Args:
        frame: the pairs: ``item_id``, ``group`` and ``canonical_id`` at least.
        new: of the checkpoint that was just trained.
        old: of the one in use; what its early stopping watched counts as learned from.
    """
    learned = [item for split, items in old.splits.items() if split != TEST for item in items]
    seen = frame.filter(pl.col("item_id").is_in(learned))
    tested = frame.filter(pl.col("item_id").is_in(new.splits.get(TEST, [])))
    fresh = tested.join(seen, on="group", how="anti").join(seen, on="canonical_id", how="anti")
    return fresh["item_id"].to_list()


def _compare(
    warehouse: Warehouse,
    slugs: Iterable[str],
    pairs: WarehousePairs,
    items: Collection[str],
    old: "Encoder",
    new: "Encoder",
) -> Comparison:
    facts = attribute_facts(warehouse, slugs)

    def asked(encoder: "Encoder") -> Retrieval:
        gallery = gallery_of(pairs, items, encoder, facts)
        return evaluate(queries_of(pairs, items, gallery, encoder), gallery)

    before, after = asked(old), asked(new)
    gain = paired_difference(reciprocal(after.ranks), reciprocal(before.ranks))
    return Comparison(
        against=old.fingerprint,
        queries=after.queries,
        gallery=after.gallery,
        mrr=reciprocal(after.ranks).mean(),
        mrr_before=reciprocal(before.ranks).mean(),
        hits5=hits(after.ranks, 5).mean(),
        hits5_before=hits(before.ranks, 5).mean(),
        difference=gain.value,
        low=gain.low,
        high=gain.high,
    )


def _too_few(queries: int, trained: Trained) -> str:
    return (
        f"{queries} products are held out from both checkpoints, too few to tell which is "
        f"better ({FEWEST_QUERIES} are needed); to use it all the same: "
        f"vlclip rollback {trained.provenance.fingerprint[:8]}"
    )


def _reason(found: Comparison) -> str:
    interval = f"95% interval {figure(found.low)} to {figure(found.high)}"
    verdict = "it is better" if found.low > 0 else "it is not shown to be better"
    return (
        f"{verdict}: MRR {figure(found.mrr)} against {figure(found.mrr_before)} over "
        f"{found.queries} queries, difference {figure(found.difference)} ({interval})"
    )
