"""What early stopping watches: retrieval among the held-out validation products.

The report's figures are computed elsewhere; this is the small gallery a training looks at after
each epoch.
"""

from collections.abc import Sequence

import numpy as np

from vlclip_dagster.encoder.provenance import EpochMetrics


def ranks(text: np.ndarray, image: np.ndarray, correct: np.ndarray) -> np.ndarray:
    """Rank of the one correct image for each text, from 1; ties rank pessimistically.

    Args:
        text: (q, d) unit rows.
        image: (g, d) unit rows, the gallery.
        correct: (q,) the number of each text's image.
    """
    scores = text @ image.T
    own = scores[np.arange(len(text)), correct][:, None]
    # Not "at least as high": a score that is no number must count against the query too.
    return (~(scores < own)).sum(axis=1)


def recall_at(found: np.ndarray, k: int) -> float:
    """Share of queries whose image is among the first ``k``; 0 without queries."""
    return float((found <= k).mean()) if len(found) else 0.0


def mean_reciprocal_rank(found: np.ndarray) -> float:
    """Mean of 1 / rank; 0 without queries."""
    return float((1 / found).mean()) if len(found) else 0.0


def is_better(new: EpochMetrics, before: Sequence[EpochMetrics], kept: int) -> bool:
    """Whether a new epoch's weights replace those of epoch ``kept``.

    Recall@10 decides where it can: among some hundred validation products it saturates and
    wavers by a product or two. Epochs within one standard error of the best Recall@10 are
    equals, and of equals the one with the better MRR is kept.

    Args:
        new: the epoch just finished.
        before: all epochs before it.
        kept: the epoch kept so far, from 1; 0 if none.
    """
    if not kept:
        return True
    old = before[kept - 1]
    best = max(metrics.recall_at_10 for metrics in (new, *before))
    within = best - (best * (1 - best) / max(1, new.queries)) ** 0.5
    if new.recall_at_10 < within:
        return False
    return old.recall_at_10 < within or new.mrr > old.mrr
