"""Thresholds of the data-quality checks."""

from pydantic import BaseModel, ConfigDict, Field


class QualitySettings(BaseModel):
    """What still counts as good; shares are of one product type's rows.

    Attributes:
        max_rejected_share: feed rows that could not be used.
        min_price: lowest plausible price, in the feed's currency.
        max_price: highest plausible price.
        max_unreadable_share: photographs that could not be decoded.
        min_side: shorter side of a photograph in pixels.
        max_duplicate_share: photographs that another one stands for.
        max_degenerate_share: photographs of a single colour.
        min_accepted_share: photographs that were cut to their product.
        max_failed_query_share: products whose query could not be made.
        min_full_query_share: queries with as many words as a query should have; where a shop
            says little of its products, they have fewer.
        min_converged_share: queries that the evaluator had nothing left to say about.
        max_mean_cosine: mean cosine of two different products' vectors; near 1, the model
            sees no difference between them.
        recall_queries: searches that are compared with exact ones.
        min_recall: share of the true ten nearest that those find.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_rejected_share: float = Field(default=0.2, ge=0, le=1)
    min_price: float = Field(default=0.0, ge=0)
    max_price: float = Field(default=1_000_000.0, gt=0)
    max_unreadable_share: float = Field(default=0.05, ge=0, le=1)
    min_side: int = Field(default=100, ge=1)
    max_duplicate_share: float = Field(default=0.5, ge=0, le=1)
    max_degenerate_share: float = Field(default=0.0, ge=0, le=1)
    min_accepted_share: float = Field(default=0.5, ge=0, le=1)
    max_failed_query_share: float = Field(default=0.05, ge=0, le=1)
    min_full_query_share: float = Field(default=0.25, ge=0, le=1)
    min_converged_share: float = Field(default=0.8, ge=0, le=1)
    max_mean_cosine: float = Field(default=0.9, ge=-1, le=1)
    recall_queries: int = Field(default=16, ge=1, le=1000)
    min_recall: float = Field(default=0.95, ge=0, le=1)
