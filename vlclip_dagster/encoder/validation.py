"""What early stopping watches: retrieval among the held-out validation products.

The report's figures are computed elsewhere; this is the small gallery a training looks at after
each epoch.
"""

import numpy as np


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
