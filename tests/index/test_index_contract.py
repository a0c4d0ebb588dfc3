"""What every index promises, whichever engine is behind it."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from index_cases import DIM, found, keys, make_index, publish, rows, unit

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.index import Filters, VectorIndex

pytestmark = pytest.mark.filterwarnings(
    "ignore:Payload indexes have no effect", "ignore:Local mode performs exact"
)

EYE = np.eye(DIM, dtype=np.float32)


@pytest.fixture(scope="module", params=["edge", "server"])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def index(kind: str, tmp_path: Path) -> VectorIndex:
    return make_index(kind, tmp_path)


@pytest.fixture(scope="module")
def filled(kind: str, tmp_path_factory: pytest.TempPathFactory) -> VectorIndex:
    """Four dresses in two groups, one of them shared by a duplicate; two sofas."""
    index = make_index(kind, tmp_path_factory.mktemp("filled"))
    ids = ["a/1", "a/2", "a/3", "b/1"]
    payloads = [
        {"item_group_id": "a/g", "color": "Black/White", "price": 10, "variants": ["a/1", "a/9"]},
        {"item_group_id": "a/g", "color": "Red", "price": 20.5, "gender": "Women"},
        {"item_group_id": "a/h", "color": "Jet Black", "price": None, "material": "100% Cotton"},
        {"color": None, "price": 30, "title": "näht <b>x</b>"},
    ]
    image = np.stack([EYE[0], EYE[0] * 0.8 + EYE[1] * 0.6, EYE[1], EYE[2]])
    publish(index, "dress", rows(ids, image, np.stack([EYE[4], EYE[5], EYE[6], EYE[7]]), payloads))
    publish(index, "sofa", rows(["a/s1", "a/s2"], np.stack([EYE[0] * 0.6 + EYE[3] * 0.8, EYE[3]])))
    return index


def test_nothing_is_there_at_first(index: VectorIndex):
    assert index.check() is None
    assert index.product_types() == []
    assert found(index, None, EYE[0]) == []
    assert index.count("dress") == 0
    assert index.find("a/1") is None
    assert index.resolve("1") == []
    assert keys(index, "dress") == {}


def test_search_ranks_by_cosine(filled: VectorIndex):
    hits = filled.search(["dress"], EYE[0], k=2)
    assert [hit.item_id for hit in hits] == ["a/1", "a/2"]
    assert [hit.score for hit in hits] == pytest.approx([1.0, 0.8], abs=1e-6)
    assert {hit.product_type for hit in hits} == {"dress"}


def test_text_vectors_are_a_space_of_their_own(filled: VectorIndex):
    assert found(filled, "dress", EYE[6], using="text", k=1) == ["a/3"]


def test_types_are_merged_by_score(filled: VectorIndex):
    hits = filled.search(None, EYE[0], k=3)
    assert [(hit.item_id, hit.product_type) for hit in hits] == [
        ("a/1", "dress"),
        ("a/2", "dress"),
        ("a/s1", "sofa"),
    ]
    assert found(filled, None, EYE[0], k=2, where=Filters(shop="B")) == ["b/1"]
    assert [h.item_id for h in filled.search(["dress", "sofa", "none"], EYE[3], k=1)] == ["a/s2"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (Filters(color="black"), {"a/1", "a/3"}),
        (Filters(color="JET  black"), {"a/3"}),
        (Filters(color="Black/White"), {"a/1"}),
        (Filters(gender="women"), {"a/2"}),
        (Filters(gender="men"), set()),
        (Filters(material="cotton"), {"a/3"}),
        (Filters(price_min=10, price_max=20.5), {"a/1", "a/2"}),
        (Filters(price_min=25), {"b/1"}),
        (Filters(shop="a", price_max=15), {"a/1"}),
        (Filters(color="  "), {"a/1", "a/2", "a/3", "b/1"}),
        (Filters(), {"a/1", "a/2", "a/3", "b/1"}),
    ],
)
def test_filters(filled: VectorIndex, where: Filters, expected: set[str]):
    assert set(found(filled, "dress", EYE[0], k=10, where=where)) == expected


def test_a_group_can_be_left_out(filled: VectorIndex):
    assert set(found(filled, "dress", EYE[0], k=9, exclude_group="a/g")) == {"a/3", "b/1"}
    # An item that the feed puts into no group is a group of its own.
    assert "b/1" not in found(filled, "dress", EYE[2], k=9, exclude_group="b/1")


def test_find_gives_back_what_was_stored(filled: VectorIndex):
    point = filled.find("b/1")
    assert point is not None
    assert (point.item_id, point.key) == ("b/1", "k-b/1")
    np.testing.assert_allclose(point.image, EYE[2], atol=1e-6)
    np.testing.assert_allclose(point.text, EYE[7], atol=1e-6)
    assert point.payload == {
        "item_id": "b/1",
        "id": "1",
        "shop": "b",
        "slug": "dress",
        "color": None,
        "price": 30,
        "title": "näht <b>x</b>",
    }
    hit = filled.search(["dress"], EYE[2], k=1)[0]
    assert hit.payload == point.payload


def test_a_duplicate_is_found_through_its_canonical_item(filled: VectorIndex):
    point = filled.find("a/9")
    assert point is not None
    assert point.item_id == "a/1"
    assert filled.find("a/77") is None
    assert filled.find("1") is None


def test_names_resolve(filled: VectorIndex):
    assert filled.resolve("1") == ["a/1", "b/1"]
    assert filled.resolve("a/1") == ["a/1"]
    assert filled.resolve("9") == ["a/9"]
    assert filled.resolve("s2") == ["a/s2"]
    assert filled.resolve("' or 1=1 --") == []
    assert set(filled.item_ids(100)) == {"a/1", "a/9", "a/2", "a/3", "b/1", "a/s1", "a/s2"}
    assert len(filled.item_ids(2)) == 2


def test_counts_and_types(filled: VectorIndex):
    assert filled.product_types() == ["dress", "sofa"]
    assert (filled.count("dress"), filled.count("sofa"), filled.count("rug")) == (4, 2, 0)


def test_changes_and_deletions_converge(index: VectorIndex):
    vectors = unit(4)
    ids = [f"a/{n}" for n in range(4)]
    publish(index, "dress", rows(ids, vectors))
    collection = index.collection("dress", "v1", DIM)
    collection.upsert(rows(["a/0"], vectors[3:], key="new"))
    collection.delete(["a/3", "a/2", "never-there"])
    collection.upsert(rows(["a/2"], vectors[2:3], key="back"))
    assert keys(index, "dress") == {"a/0": "new-a/0", "a/1": "k-a/1", "a/2": "back-a/2"}
    collection.finish()
    assert index.count("dress") == 3
    assert found(index, "dress", vectors[3], k=1) == ["a/0"]
    assert index.find("a/3") is None
    assert keys(index, "dress") == {"a/0": "new-a/0", "a/1": "k-a/1", "a/2": "back-a/2"}


def test_a_second_run_changes_nothing(index: VectorIndex, tmp_path: Path):
    publish(index, "dress", rows(["a/1"], EYE[:1]))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    collection = index.collection("dress", "v1", DIM)
    assert len(collection.keys()) == 1
    collection.finish()
    assert before == {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()}


def test_an_empty_type_is_published(index: VectorIndex):
    index.collection("dress", "v1", DIM).finish()
    assert index.product_types() == ["dress"]
    assert index.count("dress") == 0
    assert found(index, "dress", EYE[0]) == []


def test_a_new_version_replaces_the_old_only_when_finished(index: VectorIndex):
    publish(index, "dress", rows(["a/1", "a/2"], EYE[:2]))
    assert keys(index, "dress", "v2") == {}
    collection = index.collection("dress", "v2", DIM)
    collection.upsert(rows(["a/1"], EYE[5:6], key="two"))
    # A run that dies here leaves the published version as it was, and can go on later.
    assert found(index, "dress", EYE[0], k=9) == ["a/1", "a/2"]
    assert index.spaces() == {"dress": index.space("v1", DIM)}
    assert keys(index, "dress", "v2") == {"a/1": "two-a/1"}
    again = index.collection("dress", "v2", DIM)
    again.upsert(rows(["a/3"], EYE[6:7], key="two"))
    again.finish()
    assert found(index, "dress", EYE[5], k=9) == ["a/1", "a/3"]
    assert index.spaces() == {"dress": index.space("v2", DIM)}
    assert keys(index, "dress", "v2") == {"a/1": "two-a/1", "a/3": "two-a/3"}


def test_another_dimension_is_another_version(index: VectorIndex):
    publish(index, "dress", rows(["a/1"], EYE[:1]))
    publish(index, "dress", rows(["a/1"], unit(1, 16)))
    assert found(index, "dress", unit(1, 16)[0]) == ["a/1"]


def test_a_type_that_left_is_retired(index: VectorIndex):
    publish(index, "dress", rows(["a/1"], EYE[:1]))
    publish(index, "sofa", rows(["a/2"], EYE[1:2]))
    index.retire("dress")
    index.retire("never-there")
    assert index.product_types() == ["sofa"]
    assert found(index, None, EYE[0]) == ["a/2"]
    assert index.find("a/1") is None
    assert keys(index, "dress") == {}


@pytest.mark.parametrize("slug", ["../../etc/passwd", "Fußmatte_2"])
def test_hostile_slugs_are_only_names(index: VectorIndex, slug: str, tmp_path: Path):
    publish(index, slug, rows(["a/1"], EYE[:1]))
    assert index.product_types() == [slug]
    assert found(index, slug, EYE[0]) == ["a/1"]
    assert {path.name for path in tmp_path.iterdir()} <= {"index"}


@pytest.mark.parametrize(
    ("vector", "said"),
    [
        (np.full(DIM, np.nan, np.float32), "not a unit vector"),
        (np.zeros(DIM, np.float32), "not a unit vector"),
        (np.ones(DIM - 1, np.float32), f"not {DIM} long"),
    ],
)
def test_vectors_that_mean_nothing_are_refused(index: VectorIndex, vector: np.ndarray, said: str):
    collection = index.collection("dress", "v1", DIM)
    frame = pl.concat([rows(["a/1"], EYE[:1]), rows(["a/2"], vector[None])])
    with pytest.raises(VlclipError, match=f"{said} for a/2"):
        collection.upsert(frame)
    assert keys(index, "dress") == {}


def test_a_payload_that_is_no_object_is_refused(index: VectorIndex):
    frame = rows(["a/1"], EYE[:1]).with_columns(payload=pl.lit("[1]"))
    with pytest.raises(VlclipError, match="a/1 is not a JSON object"):
        index.collection("dress", "v1", DIM).upsert(frame)


def test_the_fingerprint_follows_the_graph(kind: str, tmp_path: Path):
    prints = {make_index(kind, tmp_path, m=m, ef=ef).fingerprint for m, ef in ((16, 64), (16, 128))}
    assert len(prints) == 1
    assert make_index(kind, tmp_path, m=32).fingerprint not in prints
