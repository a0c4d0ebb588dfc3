"""Training pairs made ready once: images decoded, texts tokenised, identities numbered.

What belongs here: everything a step needs, as arrays. What does not: which rows a step takes
(``sampling.py``) and what it does with them (``train.py``).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl

from vlclip_dagster.encoder.model import ClipModel
from vlclip_dagster.encoder.split import VAL
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.progress import report

DECODE_BATCH = 64
WIDTH_STEP = 8
COLUMNS = ("item_id", "slug", "group", "canonical_id", "query", "texts")


class PairSource(Protocol):
    """The pairs to train on.

    ``frame`` has one row an item: ``item_id``, ``slug``, ``group``, ``canonical_id``, ``query``
    (str) and ``texts`` (list of further texts of the same product, may be empty), and optionally
    ``split``. No value but an element of ``texts`` may be missing.
    """

    @property
    def frame(self) -> pl.DataFrame:
        """The rows; their order is the numbering that ``images`` takes."""

    def images(self, indices: Sequence[int]) -> list[bytes]:
        """The encoded images of those rows."""


class Texts:
    """Distinct texts, tokenised once.

    Args:
        tokens: (t, longest) int64, padded with 0 behind the end token.
        trim: whether a batch may be cut to its longest text.
    """

    def __init__(self, tokens: np.ndarray, *, trim: bool) -> None:
        self.tokens = tokens
        self._lengths = (tokens != 0).sum(axis=1) if trim else None

    def batch(self, numbers: np.ndarray) -> np.ndarray:
        """The (n, length) tokens of those texts."""
        if self._lengths is None:
            return self.tokens[numbers]
        # Few distinct widths: a new shape makes the CPU's kernels be built anew.
        width = -(-int(self._lengths[numbers].max()) // WIDTH_STEP) * WIDTH_STEP
        return self.tokens[numbers, :width]


@dataclass(frozen=True)
class TrainingData:
    """The arrays a training reads.

    Args:
        frame: the source's rows with their ``split``.
        pixels: (m, s, s, 3) uint8 on disk, one per canonical image, a little larger than the
            model's input so that a crop keeps its sharpness.
        exact: (v, input, input, 3) uint8 of ``watched``, exactly as served.
        watched: (v,) image numbers that validation rows show.
        image: (n,) the image of each row.
        query: (n,) the text number of each row's query.
        kind: (n,) the text number of each row's product type, by its name alone.
        further: per row, the text numbers of its other texts.
        labels: (n, 2) numbered canonical images and item groups.
        texts: every text.
        digest: hash of all of it.
    """

    frame: pl.DataFrame
    pixels: np.ndarray
    exact: np.ndarray
    watched: np.ndarray
    image: np.ndarray
    query: np.ndarray
    kind: np.ndarray
    further: list[np.ndarray]
    labels: np.ndarray
    texts: Texts
    digest: str

    def rows(self, split: str) -> np.ndarray:
        """Row numbers of one split."""
        return np.flatnonzero((self.frame["split"] == split).to_numpy())

    def other_text(self, rows: np.ndarray, turn: int) -> np.ndarray:
        """One further text per row, in turn; the query where a row has none."""
        return np.array(
            [
                self.further[row][(turn + row) % len(self.further[row])]
                if len(self.further[row])
                else self.query[row]
                for row in rows
            ]
        )


def prepare(
    source: PairSource, frame: pl.DataFrame, model: ClipModel, folder: Path
) -> TrainingData:
    """Decode and tokenise the pairs of ``frame`` (``source.frame`` with its splits).

    Raises:
        VlclipError: a column is missing, or a row lacks a value it needs.
    """
    validate(frame)
    image, first = _first_rows(frame["canonical_id"])
    size = round(model.preprocess.size * 8 / 7)
    pixels = _decode(source, first, model, size, folder / "pixels.npy")
    watched = np.unique(image[(frame["split"] == VAL).to_numpy()])
    shown = source.images([int(row) for row in first[watched]])
    numbers: dict[str, int] = {}
    query = np.array([numbers.setdefault(text, len(numbers)) for text in frame["query"]])
    kind = np.array(
        [numbers.setdefault(slug.replace("-", " "), len(numbers)) for slug in frame["slug"]]
    )
    further = [
        np.array([numbers.setdefault(text, len(numbers)) for text in texts if text], dtype=int)
        for texts in frame["texts"]
    ]
    return TrainingData(
        frame=frame,
        pixels=pixels,
        exact=model.preprocess.pixels(shown),
        watched=watched,
        image=image,
        query=query,
        kind=kind,
        further=further,
        labels=np.stack([image, _first_rows(frame["group"])[0]], axis=1),
        texts=Texts(model.tokenize(list(numbers)), trim=model.clip_tokens),
        digest=_digest(frame, pixels),
    )


def validate(frame: pl.DataFrame) -> None:
    """Check that ``frame`` can be trained on.

    Raises:
        VlclipError: names the first missing column or value.
    """
    missing = [name for name in COLUMNS if name not in frame.columns]
    if missing:
        raise VlclipError(f"the training pairs lack the column {missing[0]}; add it")
    for name in COLUMNS:
        holes = frame.filter(pl.col(name).is_null())
        if len(holes):
            raise VlclipError(
                f"the training pair of item {holes['item_id'][0]} has no {name}; leave the row out"
            )


def _first_rows(values: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Number the distinct values by first appearance; also give the row of each number."""
    numbers: dict[str, int] = {}
    coded = np.array([numbers.setdefault(value, len(numbers)) for value in values])
    return coded, np.unique(coded, return_index=True)[1]


def _decode(
    source: PairSource, rows: np.ndarray, model: ClipModel, size: int, path: Path
) -> np.ndarray:
    """Decode the images of ``rows`` once into an array on disk, so that memory stays flat."""
    shape = (len(rows), size, size, 3)
    pixels = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
    for start in range(0, len(rows), DECODE_BATCH):
        batch = [int(row) for row in rows[start : start + DECODE_BATCH]]
        pixels[start : start + len(batch)] = model.preprocess.pixels(source.images(batch), size)
        report("decode training images", start + len(batch), len(rows))
    return pixels


def _digest(frame: pl.DataFrame, pixels: np.ndarray) -> str:
    digest = hashlib.blake2b(digest_size=16)
    digest.update(frame.select(*COLUMNS, "split").write_json().encode("utf-8", "surrogatepass"))
    for image in pixels:
        digest.update(image.tobytes())
    return digest.hexdigest()
