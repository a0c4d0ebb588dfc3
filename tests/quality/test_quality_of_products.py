"""A sound product type complies with every rule; each thing that breaks fails the rule about it."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from vlclip_dagster.checkpoints import CheckpointStore
from vlclip_dagster.index.types import Hit
from vlclip_dagster.quality.expectations import judge
from vlclip_dagster.quality.products import mean_cosine_to_others, product_suites
from vlclip_dagster.quality.settings import QualitySettings
from vlclip_dagster.quality.suite import Artifacts
from vlclip_dagster.warehouse import Warehouse

ITEMS = [f"shop/{n}" for n in range(8)]
HOSTILE = "<img src=x onerror=alert(1)>"


class Index:
    """Points in memory; ``blind`` searches find the last points instead of the nearest."""

    def __init__(self, vectors: np.ndarray, *, blind: bool = False, lost: int = 0) -> None:
        self.vectors, self.blind, self.lost = vectors, blind, lost

    def count(self, slug: str) -> int:
        return len(self.vectors) - self.lost

    def search(self, slugs, vector, *, k, exact) -> list[Hit]:
        scores = sorted(map(float, self.vectors @ vector), reverse=exact or not self.blind)
        return [Hit("", score, {}, slugs[0]) for score in scores[: min(k, 3)]]


@pytest.fixture
def home(tmp_path) -> Warehouse:
    """Eight vases: two share a photograph, one photograph can't be read."""
    home = Warehouse(tmp_path)
    unit = np.eye(8, dtype=np.float32).tolist()
    photos = [f"{item}#0" for item in ITEMS]
    tables = {
        "raw_catalog": {
            "item_id": ITEMS,
            "title": "vase",
            "gender": "unisex",
            "age_group": None,
            "price": 9.0,
        },
        "photographs": {
            "photo_id": photos,
            "width": [300] * 7 + [None],
            "height": [400] * 7 + [None],
            "degenerate": [False] * 7 + [None],
            "error": [None] * 7 + ["torn"],
        },
        "deduped_images": {"photo_id": photos[:7], "canonical_id": [photos[1], *photos[1:7]]},
        "grounded_crops": {
            "photo_id": photos[1:7],
            "x0": [0.0] * 5 + [None],
            "y0": 0.0,
            "x1": 300.0,
            "y1": 400.0,
            "area_share": 1.0,
            "accepted": [True] * 5 + [False],
        },
        "refined_queries": {
            "item_id": ITEMS,
            "query": "a tall round blue glass vase with a narrow neck",
            "words": 10,
            "converged": True,
        },
        "embeddings": {
            "item_id": ITEMS[:7],
            "canonical_id": [photos[1], *photos[1:7]],
            "image": unit[:7],
            "text": unit[:7],
        },
    }
    for name, columns in tables.items():
        frame = pl.DataFrame({k: v for k, v in columns.items() if isinstance(v, list)})
        plain = [pl.lit(v).alias(k) for k, v in columns.items() if not isinstance(v, list)]
        home.table(name, "vase").upsert(frame.with_columns(*plain, key=pl.lit("k")))
    return home


LIMITS = QualitySettings(max_unreadable_share=0.2, min_full_query_share=0.5)


def verdicts(home: Warehouse, asset: str, index: Index | None = None):
    suite = next(suite for suite in product_suites(LIMITS) if suite.asset == asset)
    found = index or Index(np.eye(8, dtype=np.float32)[1:7])
    artifacts = Artifacts(home, CheckpointStore(home.home), Path(), lambda: found, ("vase",))
    return judge(suite.read(artifacts), suite.rules)


def change(home: Warehouse, table: str, row: int, **values) -> None:
    """Overwrite columns of one row."""
    stored = home.table(table, "vase")
    rows = stored.read().sort(stored.id_column)
    home.table(table, "vase").upsert(
        rows[row : row + 1].with_columns(
            pl.lit(value, dtype=rows.schema[name]).alias(name) for name, value in values.items()
        )
    )


ASSETS = [suite.asset for suite in product_suites(LIMITS)]


@pytest.mark.parametrize("asset", ASSETS)
def test_a_sound_type_complies_with_every_rule(home, asset):
    assert [verdict.rule.name for verdict in verdicts(home, asset) if not verdict.passed] == []


@pytest.mark.parametrize("asset", ASSETS)
def test_a_type_without_products_complies_with_every_rule(tmp_path, asset):
    nothing = Index(np.zeros((0, 8), np.float32))
    assert all(verdict.passed for verdict in verdicts(Warehouse(tmp_path), asset, nothing))


@pytest.mark.parametrize(
    ("asset", "table", "values", "rule", "blocks"),
    [
        ("raw_catalog", "raw_catalog", {"title": " "}, "titles_are_there", True),
        ("raw_catalog", "raw_catalog", {"gender": HOSTILE}, "genders_are_known", False),
        ("raw_catalog", "raw_catalog", {"age_group": "old"}, "age_groups_are_known", False),
        ("raw_catalog", "raw_catalog", {"price": -1.0}, "prices_are_plausible", False),
        ("deduped_images", "photographs", {"error": "torn"}, "photographs_are_readable", False),
        ("deduped_images", "photographs", {"width": 9}, "photographs_are_large_enough", False),
        (
            "deduped_images",
            "photographs",
            {"degenerate": True},
            "photographs_show_something",
            False,
        ),
        (
            "deduped_images",
            "deduped_images",
            {"canonical_id": None},
            "photographs_have_a_canonical",
            True,
        ),
        ("grounded_crops", "grounded_crops", {"x1": 301.0}, "crops_lie_inside", True),
        ("grounded_crops", "grounded_crops", {"y0": -1.0}, "crops_lie_inside", True),
        ("grounded_crops", "grounded_crops", {"x0": 300.0}, "crops_lie_inside", True),
        ("grounded_crops", "grounded_crops", {"area_share": 0.0}, "crops_lie_inside", True),
        ("refined_queries", "refined_queries", {"words": 21}, "queries_are_short", True),
        (
            "refined_queries",
            "refined_queries",
            {"query": None, "words": None, "converged": None, "error": "no answer"},
            "queries_are_there",
            False,
        ),
        (
            "refined_queries",
            "refined_queries",
            {"query": "a gorgeous luxury vase"},
            "queries_name_what_shows",
            False,
        ),
        ("embeddings", "embeddings", {"image": [2.0] + [0.0] * 7}, "image_vectors_are_units", True),
        ("embeddings", "embeddings", {"text": [0.0] * 8}, "text_vectors_are_units", True),
        (
            "embeddings",
            "embeddings",
            {"text": [float("nan")] + [0.0] * 7},
            "vectors_are_finite",
            True,
        ),
    ],
)
def test_one_broken_row_is_counted_named_and_blocks_if_it_is_integrity(
    home, asset, table, values, rule, blocks
):
    change(home, table, 1, **values)
    failed = [verdict for verdict in verdicts(home, asset) if not verdict.passed]
    assert rule in {verdict.rule.name for verdict in failed}
    (broken,) = [verdict for verdict in failed if verdict.rule.name == rule]
    assert broken.unexpected == len(broken.sample_ids) in (1, 2)  # one was unreadable before
    assert any(item.startswith(("shop/1", "shop/2")) for item in broken.sample_ids)
    assert broken.rule.blocking is blocks
    assert "<" not in broken.observed


def test_a_failed_row_stops_no_type(home):
    """Its error is its own; what is downstream leaves it out."""
    change(home, "refined_queries", 1, query=None, words=None, error="no answer")
    change(home, "photographs", 1, error="torn", width=None, height=None, degenerate=None)
    for asset in ("deduped_images", "refined_queries"):
        assert [v for v in verdicts(home, asset) if v.rule.blocking and not v.passed] == []


@pytest.mark.parametrize(
    ("asset", "table", "values", "rule"),
    [
        ("deduped_images", "deduped_images", {"canonical_id": "x"}, "photographs_are_originals"),
        ("grounded_crops", "grounded_crops", {"accepted": False}, "boxes_are_accepted"),
        ("refined_queries", "refined_queries", {"words": 9}, "queries_say_enough"),
        ("refined_queries", "refined_queries", {"converged": False}, "queries_converged"),
    ],
)
def test_a_share_is_held_against_its_limit(home, asset, table, values, rule):
    def passed() -> bool:
        return next(v.passed for v in verdicts(home, asset) if v.rule.name == rule)

    change(home, table, 1, **values)
    assert passed()
    for row in range(2, 6):
        change(home, table, row, **values)
    change(home, table, 0, **values)
    assert not passed()


def test_rejected_rows_of_the_type_count_against_it(home):
    def rejected(slug: str | None, ids: list[str]) -> None:
        rows = pl.DataFrame({"rejected_id": ids}).with_columns(key=pl.lit("k"), slug=pl.lit(slug))
        home.table("rejected_products").upsert(rows)

    rejected("sofa", ["1", "2", "3"])
    rejected(None, ["4", "5", "6"])
    rejected("vase", ["7"])
    assert all(verdict.passed for verdict in verdicts(home, "raw_catalog"))
    rejected("vase", [f"8{HOSTILE}", "9"])
    (failed,) = [verdict for verdict in verdicts(home, "raw_catalog") if not verdict.passed]
    assert (failed.rule.name, failed.rows, failed.unexpected) == ("rows_are_usable", 11, 3)
    assert "&lt;img" in failed.sample_ids[1]


def test_equal_vectors_are_a_collapse(home):
    same = [1.0] + [0.0] * 7
    for row in range(7):
        change(home, "embeddings", row, image=same)
    failed = [verdict for verdict in verdicts(home, "embeddings") if not verdict.passed]
    assert [verdict.rule.name for verdict in failed] == ["image_vectors_differ"]
    assert failed[0].observed.startswith("1.0")


def test_the_mean_cosine_is_over_all_pairs_of_different_products():
    vectors = np.random.default_rng(1).normal(size=(9, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    pairs = [vectors[a] @ vectors[b] for a in range(9) for b in range(9) if a != b]
    assert mean_cosine_to_others(vectors).mean() == pytest.approx(np.mean(pairs))
    assert mean_cosine_to_others(vectors[:1]) == pytest.approx(0)


def test_a_collection_that_lost_points_blocks_and_one_that_finds_others_warns(home):
    vectors = np.eye(8, dtype=np.float32)[1:7]
    lost = {v.rule.name: v for v in verdicts(home, "qdrant_collections", Index(vectors, lost=2))}
    assert not lost["points_are_published"].passed
    assert lost["points_are_published"].rule.blocking
    assert lost["points_are_published"].observed == "6 and 4"
    blind = Index(np.linspace(0, 1, 48, dtype=np.float32).reshape(6, 8), blind=True)
    (failed,) = [v for v in verdicts(home, "qdrant_collections", blind) if not v.passed]
    assert failed.rule.name == "searches_find_the_nearest"
    assert not failed.rule.blocking
