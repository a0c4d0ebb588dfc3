"""Vectors of what a report tests, kept from one report to the next: the table ``test_vectors``.

A report encodes the same pictures and texts with the same checkpoints as the one before it, save
for the few that changed. What is tested, and how, is in ``experiment``.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import polars as pl

from vlclip_dagster.hashing import content_hash, row_key
from vlclip_dagster.warehouse import Table, Warehouse

if TYPE_CHECKING:
    from vlclip_dagster.encoder.embed import Encoder
    from vlclip_dagster.encoder.preprocess import Image

Input = TypeVar("Input")


class VectorMemory:
    """Everything that was encoded for one report, and for the one before it."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._table = warehouse.table("test_vectors")
        self._asked: set[str] = set()

    def behind(self, encoder: "Encoder") -> "RememberingEncoder":
        """An encoder that asks ``encoder`` only for what is not known yet."""
        return RememberingEncoder(encoder, self._table, self._asked)

    def forget_the_rest(self) -> None:
        """Drop the vectors that nobody asked for: of older pictures, texts and checkpoints."""
        stored = self._table.read(["vector_id"])["vector_id"]
        self._table.delete(sorted(set(stored) - self._asked))
        self._table.finish()


class RememberingEncoder:
    """An encoder whose vectors are kept by what was encoded, and by which weights.

    Args:
        encoder: encodes what is not in ``table``.
        table: ``test_vectors``.
        asked: is told the ids of all vectors that were asked for.
    """

    def __init__(self, encoder: "Encoder", table: Table, asked: set[str]) -> None:
        self.fingerprint = encoder.fingerprint
        self.dim = encoder.dim
        self._encoder = encoder
        self._table = table
        self._asked = asked

    def encode_images(self, images: "Sequence[Image]") -> np.ndarray:
        """(n, dim) float32 unit rows of encoded photographs or RGB arrays."""
        shapes = [[] if isinstance(image, bytes) else list(image.shape) for image in images]
        hashes = [content_hash(bytes(image)) for image in images]
        ids = [row_key(self.fingerprint, *one) for one in zip(shapes, hashes, strict=True)]
        return self._vectors(ids, images, self._encoder.encode_images)

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dim) float32 unit rows."""
        ids = [row_key(self.fingerprint, text) for text in texts]
        return self._vectors(ids, texts, self._encoder.encode_texts)

    def _vectors(
        self,
        ids: Sequence[str],
        inputs: Sequence[Input],
        encode: Callable[[Sequence[Input]], np.ndarray],
    ) -> np.ndarray:
        self._asked.update(ids)
        by_id = dict(zip(ids, inputs, strict=True))
        stored = self._table.read(["vector_id", "vector"], list(by_id))
        known = {vector_id: vector for vector_id, vector in stored.iter_rows() if vector}
        missing = [vector_id for vector_id in by_id if vector_id not in known]
        if missing:
            vectors = encode([by_id[vector_id] for vector_id in missing])
            known |= zip(missing, vectors, strict=True)
            kept = {"vector_id": missing, "key": missing, "vector": list(vectors)}
            self._table.upsert(pl.DataFrame(kept))
        return np.array([known[vector_id] for vector_id in ids], np.float32).reshape(-1, self.dim)
