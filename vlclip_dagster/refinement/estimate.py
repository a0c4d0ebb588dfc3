"""What refining would cost, before anything is asked.

An estimate: tokens are counted from the real questions, but how often a product is asked about
is taken from the ledger, or from experience where the ledger is empty.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from vlclip_dagster.refinement.openai_backend import OpenAIBackend
from vlclip_dagster.refinement.spending import Usage, estimated_tokens
from vlclip_dagster.refinement.types import Draft, ProductText

# Measured on a generated catalog: a first query, a verdict and 0.7 repairs for each product.
_CALLS_PER_PRODUCT = 2.7
_ANSWER_TOKENS = 40
# OpenAI bills a prompt's known prefix as cached from this many tokens on.
_PREFIX_TOKENS = 1024
# A query of average length stands in for the one that will be judged.
_STAND_IN = "word " * 14


@dataclass(frozen=True)
class Estimate:
    """What ``products`` would take; ``usd`` is None where the model's price is not known.

    ``answered`` counts the products whose first answer is stored already: they cost next to
    nothing and are not among ``products``.
    """

    model: str
    products: int
    answered: int
    calls: int
    usage: Usage
    usd: float | None
    max_usd: float | None


def estimate(products: Sequence[ProductText], backend: OpenAIBackend) -> Estimate:
    """Estimate the calls, tokens and US dollars of refining ``products``."""
    prompter, cache, settings = backend.prompter, backend.cache, backend.settings
    firsts = [(one, prompter.summarise(one)) for one in products]
    new = [one for one, first in firsts if cache.get(backend.request_key(first)) is None]
    each = cache.calls_per_product() or _CALLS_PER_PRODUCT
    usage = Usage()
    for product in new:
        question = prompter.evaluate(Draft(product, _STAND_IN))
        static, data = (estimated_tokens(one["content"]) for one in question.messages("fence"))
        cached = static if static >= _PREFIX_TOKENS else 0
        usage = usage.plus(Usage(static + data, cached, _ANSWER_TOKENS))
    usage = Usage(*(round(each * count) for count in usage))
    return Estimate(
        model=settings.model,
        products=len(new),
        answered=len(products) - len(new),
        calls=round(each * len(new)),
        usage=usage,
        usd=None if backend.price is None else round(backend.price.usd(usage), 2),
        max_usd=settings.max_usd,
    )
