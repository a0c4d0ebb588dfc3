"""What grounding and refinement each bring: the paper's Table 2, honestly compared.

Three variants are trained with one budget on one split; what differs is the picture (crop or
whole rendition) and the text (refined query or the shop's own). Each is measured twice: queried
with its own kind of text, as the paper does, and queried with the same refined queries, which
takes the easier or harder questions out of the comparison. What belongs here: the variants,
their comparison and the sentence about it. What does not: training, which the caller hands in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from vlclip_dagster.evaluation.curves import Curve
from vlclip_dagster.evaluation.metrics import (
    Estimate,
    hits,
    paired_difference,
    paired_ratio,
    reciprocal,
)
from vlclip_dagster.evaluation.retrieval import Gallery, QuerySet, Retrieval, evaluate
from vlclip_dagster.evaluation.wording import figure
from vlclip_dagster.progress import track

Asked = Literal["own", "refined"]


@dataclass(frozen=True)
class Variant:
    """One way to make training pairs: which picture and which text a product is shown by."""

    name: str
    picture: Literal["crop", "whole"]
    text: Literal["refined", "raw"]


FULL = Variant("full", "crop", "refined")
NO_GROUNDING = Variant("no_grounding", "whole", "refined")
BASELINE = Variant("no_grounding_no_refinement", "whole", "raw")
VARIANTS = (FULL, NO_GROUNDING, BASELINE)


@dataclass(frozen=True)
class TrainedVariant:
    """A variant's model seen through its vectors, as the caller's training returns it.

    Attributes:
        gallery: the test gallery, encoded from the variant's kind of picture.
        own: the test queries in the variant's kind of text.
        refined: the same items' refined queries (the same object as ``own`` where that is so).
        curve: loss and Recall@10 per epoch.
        pairs: number of training pairs.
        seconds: wall time of the training.
    """

    gallery: Gallery
    own: QuerySet
    refined: QuerySet
    curve: Curve
    pairs: int
    seconds: float


@dataclass(frozen=True)
class VariantResult:
    """A variant measured with its own texts and with the refined queries all variants share."""

    variant: Variant
    own: Retrieval
    refined: Retrieval
    curve: Curve
    pairs: int
    seconds: float

    def asked(self, how: Asked) -> Retrieval:
        """The retrieval for one of the two kinds of query."""
        return self.own if how == "own" else self.refined


@dataclass(frozen=True)
class Comparison:
    """Two variants over the same test items, resampled together.

    Attributes:
        better: name of the variant meant to lead.
        worse: name of the variant it is held against.
        hits5: HITS@5 of each, in that order.
        ratio: quotient of the two HITS@5; None where the second finds nothing.
        difference: of HITS@5.
        mrr_difference: of MRR.
        intervals_apart: whether their two 95% intervals of HITS@5 share no value.
    """

    better: str
    worse: str
    hits5: tuple[Estimate, Estimate]
    ratio: Estimate | None
    difference: Estimate
    mrr_difference: Estimate
    intervals_apart: bool


def run_ablation(
    train: Callable[[Variant], TrainedVariant],
    variants: Sequence[Variant] = VARIANTS,
    seed: int = 0,
) -> tuple[VariantResult, ...]:
    """Train and measure each variant in turn.

    Raises:
        ValueError: the variants were not tested on the same gallery, items and right answers.
    """
    results = tuple(
        measure_variant(variant, train(variant), seed)
        for variant in track(variants, "ablation", len(variants))
    )
    _assert_same_split(results)
    return results


def measure_variant(variant: Variant, trained: TrainedVariant, seed: int = 0) -> VariantResult:
    """Evaluate one trained variant with both kinds of query."""
    own = evaluate(trained.own, trained.gallery, seed)
    shares = trained.refined is trained.own
    refined = own if shares else evaluate(trained.refined, trained.gallery, seed)
    return VariantResult(variant, own, refined, trained.curve, trained.pairs, trained.seconds)


def _assert_same_split(results: Sequence[VariantResult]) -> None:
    splits = {(r.gallery, r.item_ids) for result in results for r in (result.own, result.refined)}
    if len(splits) > 1:
        raise ValueError("the variants were tested on different galleries or items")


def compare(
    better: VariantResult, worse: VariantResult, how: Asked = "own", seed: int = 0
) -> Comparison | None:
    """Hold one variant against another; None without queries."""
    ours, theirs = better.asked(how), worse.asked(how)
    if ours.scores is None or theirs.scores is None:
        return None
    found = hits(ours.ranks, 5), hits(theirs.ranks, 5)
    pair = ours.scores.hits[5], theirs.scores.hits[5]
    return Comparison(
        better=better.variant.name,
        worse=worse.variant.name,
        hits5=pair,
        ratio=paired_ratio(*found, seed=seed),
        difference=paired_difference(*found, seed=seed),
        mrr_difference=paired_difference(
            reciprocal(ours.ranks), reciprocal(theirs.ranks), seed=seed
        ),
        intervals_apart=pair[0].apart_from(pair[1]),
    )


def comparisons(results: Sequence[VariantResult], how: Asked = "own") -> tuple[Comparison, ...]:
    """The whole method against the baseline first, then the two steps between them."""
    by_name = {result.variant.name: result for result in results}
    pairs = ((FULL, BASELINE), (FULL, NO_GROUNDING), (NO_GROUNDING, BASELINE))
    found = (
        compare(by_name[a.name], by_name[b.name], how)
        for a, b in pairs
        if a.name in by_name and b.name in by_name
    )
    return tuple(comparison for comparison in found if comparison is not None)


def verdict(results: Sequence[VariantResult], how: Asked = "own") -> str:
    """Say in words what the figures show, and as plainly where they do not show it."""
    found = {(c.better, c.worse): c for c in comparisons(results, how)}
    whole = found.get((FULL.name, BASELINE.name))
    if whole is None:
        return "The ablation was not run, so nothing is said about grounding and refinement."
    middle = next((r.asked(how).scores for r in results if r.variant == NO_GROUNDING), None)
    between = "" if middle is None else " " + _between(middle.hits[5], whole)
    return _headline(whole) + between


def _headline(whole: Comparison) -> str:
    ours, theirs = whole.hits5
    figures = f"HITS@5 {figure(ours.value)} against {figure(theirs.value)}"
    if whole.difference.low <= 0.0 <= whole.difference.high:
        return (
            "No difference is shown between the full method and the baseline without grounding "
            f"and refinement: {figures}, and the paired interval of their difference holds zero."
        )
    if whole.difference.value < 0.0:
        return (
            "The full method is worse than the baseline without grounding and refinement: "
            f"{figures}. On this catalog it does not pay."
        )
    return f"{_lead(whole)} ({figures}). {_certainty(whole)}"


def _lead(whole: Comparison) -> str:
    if whole.ratio is None:
        return "The full method finds right products where the baseline finds none"
    return (
        "The full method finds the right product among its first five "
        f"{whole.ratio.value:.2f} times as often as the baseline without grounding and refinement"
    )


def _certainty(whole: Comparison) -> str:
    overlap = "do not overlap" if whole.intervals_apart else "overlap"
    if whole.ratio is None:
        return f"Their two intervals {overlap}."
    return (
        f"The 95% interval of the ratio is {figure(whole.ratio.low, 2)} to "
        f"{figure(whole.ratio.high, 2)}, and the two intervals of HITS@5 {overlap}."
    )


def _between(middle: Estimate, whole: Comparison) -> str:
    low, high = sorted(estimate.value for estimate in whole.hits5)
    where = "lies between" if low <= middle.value <= high else "does not lie between"
    return f"Refinement without grounding {where} the two, at {figure(middle.value)}."
