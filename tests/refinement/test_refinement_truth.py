"""The rules' queries beside the truth of the catalog that ``vlclip sample`` makes.

Its photographs are not drawn. ``benchmarks/refinement_truth.py`` prints all attributes. About one
column in thirty lies, as in a shop, and where nothing contradicts it a query repeats it: that is
most of what is missing to a precision of one.
"""

from collections import Counter
from collections.abc import Mapping

import pytest

from benchmarks.refinement_truth import measure, precision, product_of, recall
from vlclip_dagster.catalog.generated.feed_rows import feed_row, item_id, true_words
from vlclip_dagster.catalog.generated.planning import plan
from vlclip_dagster.refinement.loop import refine_all
from vlclip_dagster.refinement.rules import RuleBackend

SEED = 7
PRODUCTS = 1020


@pytest.fixture(scope="module")
def counts() -> Mapping[str, Counter[str]]:
    items = plan(PRODUCTS, SEED)
    truth = {item_id(one.number, SEED): {"attributes": true_words(one.look)} for one in items}
    products = [product_of(feed_row(item, SEED)) for item in items]
    return measure(products, refine_all(products, RuleBackend()), truth)[0]


@pytest.mark.parametrize(
    "name", ["colour", "pattern", "material", "neckline", "shape", "sleeve", "legs"]
)
def test_what_the_data_states_is_said_and_nothing_false(counts: Mapping, name: str):
    assert counts[name]["stated"] > 40
    assert recall(counts[name]) >= 0.95
    assert precision(counts[name]) >= 0.98
