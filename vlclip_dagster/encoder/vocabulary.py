"""Train only the rows of the token embedding that occur.

CLIP has 49,408 tokens, a catalog a few thousand. During training the embedding holds the rows in
use and one row for the unknown token; afterwards they go back to their places. Steps and resume
states get small, and rows that never occur are not decayed.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch  # noqa: TID253 - only ever imported inside a training
from torch import nn  # noqa: TID253

UNKNOWN = 0


class Vocabulary:
    """The tokens in use, renumbered 1, 2, ... in their order; 0 is the unknown token.

    The order is kept because CLIP finds the end of a text as its highest token.

    Args:
        tokens: token arrays of every text that must keep its own rows.
    """

    def __init__(self, tokens: Iterable[np.ndarray]) -> None:
        self.used = np.unique(np.concatenate([np.unique(array) for array in tokens]))

    def compact(self, tokens: np.ndarray) -> np.ndarray:
        """Renumber ``tokens``; those not in use become the unknown token."""
        places = np.searchsorted(self.used, tokens).clip(max=len(self.used) - 1)
        return np.where(self.used[places] == tokens, places + 1, UNKNOWN)

    def shrink(self, tower: Any) -> torch.Tensor:
        """Replace ``tower.token_embedding`` by the rows in use; return the full table."""
        full = tower.token_embedding.weight.detach().clone()
        small = nn.Embedding(len(self.used) + 1, full.shape[1])
        with torch.no_grad():
            small.weight[UNKNOWN] = full.mean(dim=0)
            small.weight[1:] = full[torch.from_numpy(self.used)]
        tower.token_embedding = small
        return full

    def expand(self, table: torch.Tensor, full: torch.Tensor, *, scratch: bool) -> torch.Tensor:
        """Put the trained rows back into the full table.

        Args:
            table: (used + 1, width) trained rows.
            full: (vocabulary, width) what :meth:`shrink` returned.
            scratch: rows that never occurred hold nothing learned: they become the unknown row.
        """
        whole = table[UNKNOWN].expand_as(full).clone() if scratch else full.clone()
        whole[torch.from_numpy(self.used)] = table[1:].to(whole)
        return whole
