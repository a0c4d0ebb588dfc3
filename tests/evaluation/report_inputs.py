"""Inputs for reports, filled with small made-up figures and pictures."""

import cv2
import numpy as np

from vlclip_dagster.evaluation.ablation import (
    BASELINE,
    FULL,
    NO_GROUNDING,
    TrainedVariant,
    Variant,
    run_ablation,
)
from vlclip_dagster.evaluation.curves import Curve, CurvePoint
from vlclip_dagster.evaluation.inputs import (
    Catalog,
    CatalogType,
    CropExample,
    Dedup,
    DuplicateGroup,
    Grounding,
    ModelResult,
    Picture,
    QueryRow,
    Refinement,
    RefinementExample,
    RefinementStep,
    ReportInputs,
    SimilarRow,
    Stage,
)
from vlclip_dagster.evaluation.retrieval import Gallery, QuerySet, evaluate
from vlclip_dagster.grounding.types import SweepPoint

_NOISE = {FULL.name: 0.3, NO_GROUNDING.name: 0.4, BASELINE.name: 0.5}


def jpeg(level: int = 128) -> bytes:
    """A small grey picture."""
    return cv2.imencode(".jpg", np.full((8, 8, 3), level, np.uint8))[1].tobytes()


def train(variant: Variant, count: int = 60, text: str = "query") -> TrainedVariant:
    """Stand-in for training: the noisier a variant, the worse its text vectors."""
    rng = np.random.default_rng(0)
    vectors = _unit(rng.normal(size=(count, 16)))
    blur = rng.normal(size=vectors.shape)
    ids = [f"shop/{i}" for i in range(count)]
    slugs = [("dress", "sofa")[i % 2] for i in range(count)]
    gallery = Gallery(ids, slugs, vectors, ["red"] * count, [None] * count)
    texts = [f"{text} {i // 2}" for i in range(count)]
    queries = QuerySet(ids, texts, _unit(vectors + _NOISE[variant.name] * blur), np.arange(count))
    curve = Curve(variant.name, (CurvePoint(1, 2.0, 2.1, 0.3), CurvePoint(2, 1.0, 1.4, 0.5)), 2)
    return TrainedVariant(gallery, queries, queries, curve, pairs=1000, seconds=2.0)


def train_without_queries(variant: Variant) -> TrainedVariant:
    """A training whose test split came out empty."""
    trained = train(variant)
    none = QuerySet([], [], np.empty((0, 16), np.float32), np.array([], dtype=int))
    return TrainedVariant(trained.gallery, none, none, trained.curve, 5, 1.0)


def filled(text: str = "Black dress") -> ReportInputs:
    """A report with something in every section; ``text`` stands wherever a catalog's words do."""
    shown = Picture(jpeg(), text, text, score=0.7)
    right = Picture(jpeg(200), text, text, score=0.9, right=True)
    ablation = run_ablation(train)
    served = evaluate(train(FULL, text=text).own, train(FULL).gallery)
    return ReportInputs(
        title=text,
        generated_at="21 November 2026",
        catalog=Catalog((CatalogType("dress", text, 1020, 70, 60, 50, 60, 60),), {text: 3}),
        retrieval=(ModelResult("fine-tuned", "test", served),),
        ablation=ablation,
        queries=(
            QueryRow(text, text, 1, right, (right, shown)),
            QueryRow(text, text, 1234, right, (shown, shown)),
        ),
        similar=(SimilarRow(shown, (shown, shown)),),
        dedup=Dedup(70, 60, 9, 1, 0, text, (DuplicateGroup(shown, (shown,), 4),)),
        grounding=Grounding(
            60,
            50,
            0.35,
            text,
            {text: 10},
            0.4,
            (CropExample(shown, shown, text, False, text),),
            by_border=7,
            border_iou=0.97,
            sweep=(SweepPoint(0.0, 1.0, 0.4), SweepPoint(0.5, 0.6, 0.7, recall=0.3)),
        ),
        refinement=Refinement(
            60,
            55,
            text,
            {1: 50, 5: 10},
            {12: 60},
            0,
            (RefinementExample(text, text * 40, text, 5, False, (RefinementStep(text, text),)),),
        ),
        stages=(Stage("raw_catalog", 60, 1.5, 60), Stage("embeddings", 60, 75.0)),
        settings={text: text},
        provenance={"torch": text},
        notes=(text,),
    )


def _unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
