"""Text to tokens, the same way in training and in serving, without torch.

CLIP's byte-pair vocabulary is run by the ``tokenizers`` library. What does not belong here:
tokenizers of other model families; those run through open_clip (see ``model.py``).
"""

import gzip
import html
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import ftfy
import numpy as np

from vlclip_dagster.errors import MissingRequirementError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CONTEXT_LENGTH = 77
START, END = "<start_of_text>", "<end_of_text>"
VOCABULARY_SIZE = 49408
_MERGES = VOCABULARY_SIZE - 2 * 256 - 2
_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


class ClipTokenizer:
    """CLIP's byte-pair tokenizer.

    The names of the special tokens are ordinary text here: no product description can end its
    own sequence.

    Args:
        path: a ``tokenizer.json`` saved with a checkpoint; None builds it from the vocabulary
            that open_clip ships.

    Example:
        >>> ClipTokenizer()(["black polka dot dress"]).shape
        (1, 6)
    """

    def __init__(self, path: Path | None = None) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(path)) if path else _build()
        self._start = self._tokenizer.token_to_id(START)
        self._end = self._tokenizer.token_to_id(END)

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Encode ``texts`` as (n, longest) int64 tokens, at most 77 wide, padded with 0."""
        encodings = self._tokenizer.encode_batch([clean(text) for text in texts])
        rows = [encoding.ids[: CONTEXT_LENGTH - 2] for encoding in encodings]
        tokens = np.zeros((len(rows), max(map(len, rows), default=0) + 2), dtype=np.int64)
        for row, ids in zip(tokens, rows, strict=True):
            row[: len(ids) + 2] = np.array([self._start, *ids, self._end])
        return tokens

    def save(self, path: Path) -> None:
        """Write the whole tokenizer to ``path`` as JSON."""
        self._tokenizer.save(str(path), pretty=False)


def clean(text: str) -> str:
    """Repair and normalise ``text`` as CLIP does: mojibake, entities, whitespace, lower case."""
    repaired = html.unescape(html.unescape(ftfy.fix_text(text)))
    return " ".join(repaired.split()).lower()


def _build() -> "Tokenizer":
    """Assemble the tokenizer from open_clip's merges; the file is read, the package is not."""
    from tokenizers import Regex, Tokenizer
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import ByteLevel, Sequence, Split

    merges = _merges()
    letters = _byte_letters()
    words = [*letters, *(letter + "</w>" for letter in letters), *map("".join, merges), START, END]
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(BPE(vocabulary, merges, end_of_word_suffix="</w>"))
    tokenizer.pre_tokenizer = Sequence(
        [
            Split(Regex(_WORDS), behavior="removed", invert=True),
            ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return tokenizer


def _merges() -> list[tuple[str, str]]:
    found = importlib.util.find_spec("open_clip")
    if found is None or found.origin is None:
        raise MissingRequirementError(
            "the package open_clip_torch, whose vocabulary the tokenizer needs, is not installed;"
            " install the project again"
        )
    with gzip.open(
        Path(found.origin).parent / "bpe_simple_vocab_16e6.txt.gz", "rt", encoding="utf-8"
    ) as f:
        lines = f.read().split("\n")[1 : _MERGES + 1]
    return [(left, right) for left, right in (line.split() for line in lines)]


def _byte_letters() -> list[str]:
    """The printable letter of each byte, in the order in which CLIP numbers them (as GPT-2)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [*map(chr, printable), *(chr(256 + n) for n in range(len(others)))]
