"""Rows and indexes that the tests of this folder share."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from vlclip_dagster.index import VectorIndex, build_index
from vlclip_dagster.index.settings import IndexSettings

DIM = 8


def unit(n: int, dim: int = DIM, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def rows(
    ids: Sequence[str],
    image: np.ndarray,
    text: np.ndarray | None = None,
    payloads: Sequence[dict] | None = None,
    key: str = "k",
) -> pl.DataFrame:
    text = image if text is None else text
    payloads = payloads or [{} for _ in ids]
    full = [
        {"item_id": item, "id": item.split("/")[1], "shop": item.split("/")[0], **payload}
        for item, payload in zip(ids, payloads, strict=True)
    ]
    return pl.DataFrame(
        {
            "item_id": list(ids),
            "key": [f"{key}-{item}" for item in ids],
            "image": list(image),
            "text": list(text),
            "payload": [json.dumps(payload) for payload in full],
        },
        schema_overrides={"image": pl.List(pl.Float32), "text": pl.List(pl.Float32)},
    )


def make_index(kind: str, root: Path, **settings: object) -> VectorIndex:
    chosen = IndexSettings(kind=kind, root=root / "index", **settings)
    if kind == "edge":
        return build_index(chosen)
    from qdrant_client import QdrantClient

    from vlclip_dagster.index.server import ServerIndex

    return ServerIndex(chosen, QdrantClient(":memory:"))


def publish(index: VectorIndex, slug: str, frame: pl.DataFrame, version: str = "v1") -> None:
    dim = len(frame["image"][0]) if len(frame) else DIM
    collection = index.collection(slug, version, dim)
    collection.upsert(frame)
    collection.finish()


def found(index: VectorIndex, slug: str | None, vector: np.ndarray, **how: object) -> list[str]:
    types = None if slug is None else [slug]
    return [hit.item_id for hit in index.search(types, vector, **how)]


def keys(index: VectorIndex, slug: str, version: str = "v1") -> dict[str, str]:
    frame = index.collection(slug, version, DIM).keys()
    assert frame.columns == ["item_id", "key", "failed"]
    assert not frame["failed"].any()
    return dict(frame.select("item_id", "key").iter_rows())
