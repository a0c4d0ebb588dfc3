from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.index import Filters, VectorIndex
from vlclip_dagster.index.settings import IndexSettings
from vlclip_dagster.serving.search import SearchService

pytestmark = pytest.mark.filterwarnings(
    "ignore:Payload indexes have no effect", "ignore:Local mode performs exact"
)

EYE = np.eye(6, dtype=np.float32)
AXES = {"red": 0, "blue": 1, "wood": 2}


class WordEncoder:
    """One axis per known word; a photograph is its own word in bytes."""

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([EYE[next(AXES[w] for w in text.split() if w in AXES)] for text in texts])

    def encode_images(self, images: Sequence[bytes]) -> np.ndarray:
        return self.encode_texts([image.decode() for image in images])


def add(
    index: VectorIndex, slug: str, items: dict[str, tuple[np.ndarray, str]], version: str = "v1"
) -> None:
    frame = pl.DataFrame(
        {
            "item_id": list(items),
            "key": ["k"] * len(items),
            "image": [vector / np.linalg.norm(vector) for vector, _ in items.values()],
            "text": [EYE[5]] * len(items),
            "payload": [payload for _, payload in items.values()],
        },
        schema_overrides={"image": pl.List(pl.Float32), "text": pl.List(pl.Float32)},
    )
    collection = index.collection(slug, version, 6)
    collection.upsert(frame)
    collection.finish()


def empty_index() -> VectorIndex:
    from qdrant_client import QdrantClient

    from vlclip_dagster.index.server import ServerIndex

    return ServerIndex(IndexSettings(kind="server"), QdrantClient(":memory:"))


@pytest.fixture(scope="module")
def service() -> SearchService:
    index = empty_index()
    tee = '{"item_group_id": "luma/MH01", "color": "%s", "variants": %s}'
    add(
        index,
        "t-shirt",
        {
            "luma/MH01-Red": (EYE[0] + 0.1 * EYE[1], tee % ("Red", '["luma/MH01-Red-2"]')),
            "luma/MH01-Blue": (EYE[1] + 0.2 * EYE[0], tee % ("Blue", "[]")),
            "luma/MH02-Red": (EYE[0] + 0.5 * EYE[3], '{"item_group_id": "luma/MH02"}'),
            "luma/7": (EYE[3], "{}"),
        },
    )
    add(index, "coffee-table", {"home/7": (EYE[2] + 0.6 * EYE[0], "{}")})
    return SearchService(index, lambda space: WordEncoder())


def ids(hits: Sequence) -> list[str]:
    return [hit.item_id for hit in hits]


def test_a_text_finds_photographs(service: SearchService):
    assert ids(service.text("something red", k=2)) == ["luma/MH01-Red", "luma/MH02-Red"]
    assert ids(service.text("wood", k=1)) == ["home/7"]


@pytest.mark.parametrize("asked", ["coffee-table", "Coffee table", "COFFEE_TABLE"])
def test_a_type_by_slug_or_by_name(service: SearchService, asked: str):
    assert ids(service.text("red", product_type=asked)) == ["home/7"]


def test_a_photograph_finds_photographs(service: SearchService):
    assert ids(service.image(b"blue", k=1)) == ["luma/MH01-Blue"]
    assert ids(service.image(b"red", "t-shirt", 5, Filters(color="blue"))) == ["luma/MH01-Blue"]


@pytest.mark.parametrize("name", ["luma/MH01-Red", "MH01-Red", " MH01-Red ", "MH01-Red-2"])
def test_similar_items_leave_out_their_own_group(service: SearchService, name: str):
    assert ids(service.similar(name, k=5)) == ["luma/MH02-Red", "luma/7"]


def test_similar_items_of_another_type(service: SearchService):
    assert ids(service.similar("MH01-Red", product_type="coffee table")) == ["home/7"]
    assert ids(service.similar("home/7")) == []  # alone in its type


def test_an_id_that_two_shops_have(service: SearchService):
    with pytest.raises(VlclipError, match="'7' is in several shops: say home/7 or luma/7"):
        service.similar("7")
    assert service.item("home/7").item_id == "home/7"


def test_an_unknown_item_gets_suggestions(service: SearchService):
    with pytest.raises(VlclipError, match=r"no item 'mh01-rd'.*did you mean luma/MH01-Red"):
        service.similar("mh01-rd")
    with pytest.raises(VlclipError, match=r"there is no item 'zzzzzzzzz' in the index$"):
        service.similar("zzzzzzzzz")


def test_an_unknown_type_lists_the_types(service: SearchService):
    with pytest.raises(VlclipError) as caught:
        service.text("red", product_type="T-shirts")
    assert str(caught.value) == (
        "there is no product type 'T-shirts' (did you mean t-shirt?); "
        "the index has coffee-table, t-shirt"
    )
    with pytest.raises(VlclipError, match="no product type"):
        service.similar("MH01-Red", product_type="boat")


def test_mistakes_of_a_caller(service: SearchService):
    with pytest.raises(VlclipError, match="search is empty"):
        service.text("  ")
    with pytest.raises(VlclipError, match="at least 1"):
        service.text("red", k=0)


def test_nothing_built_yet():
    service = SearchService(empty_index(), lambda space: WordEncoder())
    for search in (lambda: service.text("red"), lambda: service.similar("a/1")):
        with pytest.raises(VlclipError, match=r"nothing is indexed yet.*`vlclip run`"):
            search()


def test_while_a_checkpoint_takes_over_each_type_is_asked_in_its_own_space():
    class TurnedEncoder(WordEncoder):
        """Another checkpoint: the same words lie elsewhere."""

        def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
            return np.roll(super().encode_texts(texts), 3, axis=1)

    index = empty_index()
    add(index, "t-shirt", {"luma/old-red": (EYE[0], "{}"), "luma/old-blue": (EYE[1], "{}")})
    add(index, "dress", {"luma/red": (EYE[3], "{}"), "luma/blue": (EYE[4], "{}")}, "v2")
    encoders = {index.space("v1", 6): WordEncoder(), index.space("v2", 6): TurnedEncoder()}
    service = SearchService(index, encoders.__getitem__)
    assert ids(service.text("red", k=2)) == ["luma/old-red", "luma/red"]
    assert ids(service.image(b"blue", "dress", k=1)) == ["luma/blue"]
