"""A report encodes what changed since the one before it, and keeps what it asked for."""

import numpy as np
import pytest

from vlclip_dagster.vector_memory import VectorMemory
from vlclip_dagster.warehouse import Warehouse


class Encoder:
    """Counts what it is asked; a vector is made of the weights and the length of the input."""

    dim = 2

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self.asked: list[object] = []

    def encode_images(self, images):
        return self._vectors(images)

    def encode_texts(self, texts):
        return self._vectors(texts)

    def _vectors(self, inputs):
        self.asked += inputs
        return np.array([[len(one), len(self.fingerprint)] for one in inputs], np.float32)


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path)


def report(warehouse, encoder, images=(), texts=()):
    memory = VectorMemory(warehouse)
    known = memory.behind(encoder)
    vectors = known.encode_images(images), known.encode_texts(texts)
    memory.forget_the_rest()
    return vectors


def test_only_what_is_new_is_encoded_and_vectors_come_in_the_order_of_the_inputs(warehouse):
    encoder = Encoder("w")
    report(warehouse, encoder, [b"a", b"bb"], ["ccc", "ccc"])
    assert encoder.asked == [b"a", b"bb", "ccc"]
    images, texts = report(warehouse, encoder, [b"bb", b"dddd", b"a"], ["ccc"])
    assert encoder.asked[3:] == [b"dddd"]
    assert images.tolist() == [[2, 1], [4, 1], [1, 1]]
    assert texts.tolist() == [[3, 1]]
    assert images.dtype == np.float32


def test_other_weights_have_vectors_of_their_own(warehouse):
    report(warehouse, Encoder("w"), [b"a"])
    images, texts = report(warehouse, Encoder("other"), [b"a"])
    assert images.tolist() == [[1, 5]]
    assert texts.shape == (0, 2)


def test_what_no_report_asks_for_any_more_is_dropped(warehouse):
    report(warehouse, Encoder("w"), [b"a", b"b"], ["a"])
    report(warehouse, Encoder("w"), [b"b"])
    assert warehouse.table("test_vectors").count() == 1
