"""The report's experiment: the served checkpoint and its ablation on the held-out split."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from vlclip_dagster.checkpoints import CheckpointStore
from vlclip_dagster.encoder.split import TEST
from vlclip_dagster.evaluation.ablation import (
    FULL,
    TrainedVariant,
    Variant,
    VariantResult,
    measure_variant,
    run_ablation,
)
from vlclip_dagster.evaluation.curves import Curve
from vlclip_dagster.evaluation.examples import SHOWN, draw_by_type, query_rows
from vlclip_dagster.evaluation.inputs import ModelResult, QueryRow, SimilarRow
from vlclip_dagster.evaluation.retrieval import Gallery, QuerySet
from vlclip_dagster.grounding.settings import GroundingSettings
from vlclip_dagster.measure import attribute_facts, gallery_of, queries_of
from vlclip_dagster.pairs import complete_products, pairs_of
from vlclip_dagster.recut import recall_by_threshold
from vlclip_dagster.report_data import ReportData
from vlclip_dagster.training import Trained, load_trained, train_beside
from vlclip_dagster.vector_memory import VectorMemory
from vlclip_dagster.warehouse import Warehouse

if TYPE_CHECKING:
    from vlclip_dagster.encoder.embed import Encoder

QUERY_ROWS = 12
SIMILAR_ROWS = 8


@dataclass(frozen=True)
class Measured:
    """What the experiment found; gallery and queries are those of the served checkpoint."""

    retrieval: tuple[ModelResult, ...]
    ablation: tuple[VariantResult, ...]
    curve: Curve
    gallery: Gallery
    queries: QuerySet


class Experiment:
    """Measures the current checkpoint on its own test split, alone or with its ablation.

    Args:
        warehouse: the tables.
        checkpoints: where the served checkpoint is, and where the variants' are kept.
        slugs: product types, slug → display name.
        load: builds the encoder of a checkpoint's folder.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        checkpoints: CheckpointStore,
        slugs: Mapping[str, str],
        load: "Callable[[Path], Encoder]",
    ) -> None:
        self._warehouse = warehouse
        self._checkpoints = checkpoints
        self._slugs = slugs
        self._load = load
        current = checkpoints.require_current()
        self._served = load_trained(checkpoints, current.training_key)
        self._test = self._served.provenance.splits.get(TEST, [])
        self._facts = attribute_facts(warehouse, slugs)
        self._products = complete_products(warehouse, slugs)
        self._memory = VectorMemory(warehouse)

    def run(self, variants: Sequence[Variant]) -> Measured:
        """Measure the served checkpoint; with more than one variant, the ablation too."""
        full = self._encoded(FULL, self._served)
        if len(variants) > 1:
            ablation = run_ablation(
                lambda variant: full if variant == FULL else self._trained(variant), variants
            )
            served = ablation[0]
        else:
            ablation = ()
            served = measure_variant(FULL, full)
        self._memory.forget_the_rest()
        return Measured(
            retrieval=(ModelResult(FULL.name, TEST, served.own),),
            ablation=ablation,
            curve=full.curve,
            gallery=full.gallery,
            queries=full.own,
        )

    def recall_by_threshold(self, grounding: GroundingSettings) -> dict[float, float]:
        """Recall@10 of small trainings on crops cut at other score thresholds."""
        return recall_by_threshold(
            self._warehouse, self._checkpoints, self._slugs, self._served, grounding
        )

    def _trained(self, variant: Variant) -> TrainedVariant:
        trained = train_beside(
            self._warehouse, self._checkpoints, self._products, self._served, variant
        )
        return self._encoded(variant, trained)

    def _encoded(self, variant: Variant, trained: Trained) -> TrainedVariant:
        encoder = self._memory.behind(self._load(trained.folder))
        pairs = pairs_of(self._warehouse, self._products, variant)
        gallery = gallery_of(pairs, self._test, encoder, self._facts)
        own = queries_of(pairs, self._test, gallery, encoder)
        refined = own
        if variant.text != FULL.text:
            asked = pairs_of(self._warehouse, self._products, FULL)
            refined = queries_of(asked, self._test, gallery, encoder)
        return TrainedVariant(
            gallery, own, refined, trained.curve(variant.name), len(pairs.frame), trained.seconds
        )


def query_examples(measured: Measured, data: ReportData) -> tuple[QueryRow, ...]:
    """Test queries drawn by lot over the product types, each with its best results."""
    gallery = measured.gallery
    slug_of = dict(zip(gallery.ids, gallery.slugs, strict=True))
    return query_rows(
        measured.queries,
        gallery,
        measured.retrieval[0].retrieval,
        lambda photo: data.photographs(slug_of[photo], [photo])[0],
        QUERY_ROWS,
    )


def similar_examples(
    measured: Measured, warehouse: Warehouse, data: ReportData
) -> tuple[SimilarRow, ...]:
    """Products and their nearest neighbours of the same type outside their own item group."""
    gallery = measured.gallery
    rows = []
    for at in draw_by_type(gallery.slugs, SIMILAR_ROWS):
        slug, anchor = gallery.slugs[at], gallery.ids[at]
        neighbours = _neighbours(warehouse, slug, anchor, gallery.vectors[at])
        pictures = data.photographs(slug, [anchor, *(photo for photo, _ in neighbours)])
        results = [
            replace(picture, score=score)
            for picture, (_, score) in zip(pictures[1:], neighbours, strict=True)
        ]
        rows.append(SimilarRow(pictures[0], tuple(results)))
    return tuple(rows)


def _neighbours(
    warehouse: Warehouse, slug: str, anchor: str, vector: np.ndarray
) -> list[tuple[str, float]]:
    rows = warehouse.table("embeddings", slug).read(["item_id", "canonical_id", "image", "error"])
    groups = warehouse.table("raw_catalog", slug).read(["item_id", "item_group_id"])
    known = rows.filter(pl.col("error").is_null()).join(groups, on="item_id")
    own = known.filter(pl.col("canonical_id") == anchor)["item_group_id"]
    others = known.filter(~pl.col("item_group_id").is_in(own.to_list()))
    others = others.filter(pl.col("canonical_id") != anchor).unique(
        "canonical_id", keep="first", maintain_order=True
    )
    if others.is_empty():
        return []
    scores = np.stack(others["image"].to_list()) @ vector
    best = np.argsort(-scores, kind="stable")[:SHOWN]
    return [(others["canonical_id"][int(at)], float(scores[at])) for at in best]
