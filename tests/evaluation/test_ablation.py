import numpy as np
import pytest

from vlclip_dagster.evaluation.ablation import (
    BASELINE,
    FULL,
    NO_GROUNDING,
    TrainedVariant,
    Variant,
    comparisons,
    run_ablation,
    verdict,
)
from vlclip_dagster.evaluation.curves import Curve, CurvePoint
from vlclip_dagster.evaluation.retrieval import Gallery, QuerySet

_COUNT = 400


def _unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def _trainer(noise: dict[str, float], refined_noise: float | None = None):
    """Stand-in for training: the noisier a variant, the worse its text vectors."""
    rng = np.random.default_rng(0)
    vectors = _unit(rng.normal(size=(_COUNT, 32)))
    blur = rng.normal(size=vectors.shape)
    ids = [f"shop/{i}" for i in range(_COUNT)]
    nothing = [None] * _COUNT
    gallery = Gallery(ids, ["dress"] * _COUNT, vectors, nothing, nothing)

    def queries(amount: float) -> QuerySet:
        return QuerySet(ids, ids, _unit(vectors + amount * blur), np.arange(_COUNT))

    def train(variant: Variant) -> TrainedVariant:
        own = queries(noise[variant.name])
        refined = own if refined_noise is None else queries(refined_noise)
        curve = Curve(variant.name, (CurvePoint(1, 2.0, 2.1, 0.3),), 1)
        return TrainedVariant(gallery, own, refined, curve, pairs=1000, seconds=2.0)

    return train


def _noise(full: float, middle: float, baseline: float) -> dict[str, float]:
    return {FULL.name: full, NO_GROUNDING.name: middle, BASELINE.name: baseline}


def test_variants_differ_in_one_thing_at_a_time():
    assert (FULL.picture, FULL.text) == ("crop", "refined")
    assert (NO_GROUNDING.picture, NO_GROUNDING.text) == ("whole", "refined")
    assert (BASELINE.picture, BASELINE.text) == ("whole", "raw")


def test_a_clear_lead_is_told_with_its_ratio_and_interval():
    results = run_ablation(_trainer(_noise(0.3, 0.45, 0.6)))
    whole, first_step, second_step = comparisons(results)
    assert (whole.better, whole.worse) == (FULL.name, BASELINE.name)
    assert whole.ratio.value == pytest.approx(whole.hits5[0].value / whole.hits5[1].value)
    assert 1.0 < whole.ratio.low < whole.ratio.value < whole.ratio.high
    assert whole.intervals_apart
    assert (first_step.worse, second_step.better) == (NO_GROUNDING.name, NO_GROUNDING.name)
    said = verdict(results)
    assert f"{whole.ratio.value:.2f} times as often" in said
    assert "do not overlap" in said
    assert "without grounding lies between" in said


def test_a_small_lead_is_said_to_be_uncertain():
    said = verdict(run_ablation(_trainer(_noise(0.40, 0.41, 0.42))))
    assert "HITS@5 overlap" in said


def test_no_difference_is_said_plainly():
    said = verdict(run_ablation(_trainer(_noise(0.5, 0.5, 0.5))))
    assert said.startswith("No difference is shown")


def test_a_loss_is_said_plainly():
    said = verdict(run_ablation(_trainer(_noise(0.6, 0.3, 0.4))))
    assert said.startswith("The full method is worse")
    assert "does not lie between" in said


def test_same_queries_are_a_second_measurement():
    results = run_ablation(_trainer(_noise(0.3, 0.45, 0.6), refined_noise=0.4))
    assert len({result.refined.scores.mrr.value for result in results}) == 1
    assert len({result.own.scores.mrr.value for result in results}) == 3
    assert verdict(results, "refined").startswith("No difference is shown")


def test_variants_tested_on_other_items_are_refused():
    train = _trainer(_noise(0.3, 0.3, 0.3))

    def cheat(variant: Variant) -> TrainedVariant:
        trained = train(variant)
        if variant is not BASELINE:
            return trained
        kept = QuerySet(*(column[:9] for column in vars(trained.own).values()))
        return TrainedVariant(trained.gallery, kept, kept, trained.curve, 9, 1.0)

    with pytest.raises(ValueError, match="different galleries or items"):
        run_ablation(cheat)


def test_nothing_run_is_said():
    assert "not run" in verdict(())
    assert comparisons(()) == ()
