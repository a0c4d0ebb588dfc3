import numpy as np
import pytest

from vlclip_dagster.evaluation import retrieval
from vlclip_dagster.evaluation.retrieval import Gallery, QuerySet, evaluate


def _unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def _gallery(count: int = 60, seed: int = 0) -> Gallery:
    vectors = _unit(np.random.default_rng(seed).normal(size=(count, 16)))
    slugs = [("dress", "sofa", "lamp")[i % 3] for i in range(count)]
    return Gallery(
        [f"shop/{i}" for i in range(count)], slugs, vectors, [None] * count, [None] * count
    )


def _queries(gallery: Gallery, noise: float, count: int | None = None) -> QuerySet:
    rng = np.random.default_rng(1)
    count = len(gallery.ids) if count is None else count
    vectors = gallery.vectors[:count] + noise * rng.normal(size=(count, 16))
    ids = list(gallery.ids[:count])
    return QuerySet(ids, [f"text of {i}" for i in ids], _unit(vectors), np.arange(count))


def test_queries_that_equal_their_product_are_found_first():
    gallery = _gallery()
    result = evaluate(_queries(gallery, 0.0), gallery)
    assert result.scores.hits[1].value == 1.0
    assert result.scores.mrr.value == 1.0
    assert result.top[:, 0].tolist() == list(range(60))
    assert result.top_scores[:, 0] == pytest.approx(np.ones(60), abs=1e-5)
    assert result.precision["type"].at[1].value == 1.0
    assert set(result.precision) == {"type"}


def test_ranks_equal_brute_force_whatever_the_block_size(monkeypatch):
    gallery = _gallery()
    queries = _queries(gallery, 0.6)
    scores = queries.vectors.astype(np.float64) @ gallery.vectors.T.astype(np.float64)
    order = np.argsort(-scores, axis=1)
    expected = [order[i].tolist().index(i) + 1 for i in range(60)]
    whole = evaluate(queries, gallery)
    monkeypatch.setattr(retrieval, "_CHUNK_CELLS", 60 * 7)
    blocks = evaluate(queries, gallery)
    assert whole.ranks.tolist() == blocks.ranks.tolist() == expected
    assert np.array_equal(whole.top, order[:, :10])
    assert np.array_equal(whole.top, blocks.top)


def test_copies_of_one_vector_tie_wherever_they_stand_in_the_gallery():
    gallery = _gallery(37)
    gallery.vectors[:] = gallery.vectors[0]
    result = evaluate(_queries(gallery, 0.0), gallery)
    assert result.ranks.tolist() == [37] * 37


def test_each_type_is_searched_in_the_whole_gallery():
    gallery = _gallery()
    result = evaluate(_queries(gallery, 0.5, count=31), gallery)
    assert [(row.slug, row.items, row.scores.queries) for row in result.per_type] == [
        ("dress", 20, 11),
        ("lamp", 20, 10),
        ("sofa", 20, 10),
    ]
    assert {row.scores.gallery for row in result.per_type} == {60}
    total = sum(row.scores.hits[5].value * row.scores.queries for row in result.per_type)
    assert total / 31 == pytest.approx(result.scores.hits[5].value)


def test_a_type_nobody_asked_for_keeps_its_row():
    gallery = _gallery(3)
    result = evaluate(_queries(gallery, 0.0, count=1), gallery)
    assert [row.scores is None for row in result.per_type] == [False, True, True]


def test_duplicates_of_a_product_are_answered_by_its_canonical_item():
    gallery = _gallery(5)
    queries = QuerySet(["shop/2", "shop/2b"], ["a", "b"], gallery.vectors[[2, 2]], np.array([2, 2]))
    assert evaluate(queries, gallery).ranks.tolist() == [1, 1]


def test_a_gallery_smaller_than_the_list_of_results():
    gallery = _gallery(3)
    result = evaluate(_queries(gallery, 0.0), gallery)
    assert result.top.shape == (3, 3)
    assert result.scores.hits[5].value == 1.0


@pytest.mark.parametrize("count", [0, 4])
def test_no_queries(count):
    gallery = _gallery(count)
    result = evaluate(_queries(gallery, 0.0, count=0), gallery)
    assert result.scores is None
    assert result.precision == {}
    assert (result.queries, result.gallery) == (0, count)


def test_a_right_answer_outside_the_gallery_is_refused():
    gallery = _gallery(3)
    queries = QuerySet(["shop/9"], ["text"], gallery.vectors[:1], np.array([3]))
    with pytest.raises(ValueError, match="outside the gallery"):
        evaluate(queries, gallery)


def test_columns_of_unequal_length_are_refused():
    gallery = _gallery(3)
    with pytest.raises(ValueError, match="gallery columns"):
        Gallery(gallery.ids, gallery.slugs[:2], gallery.vectors, gallery.colours, gallery.patterns)
    with pytest.raises(ValueError, match="query columns"):
        QuerySet(["shop/0"], [], gallery.vectors[:1], np.array([0]))
