"""The bytes of a feed as text: compression and encoding recognised.

What belongs here: gzip, zstd, byte order marks, UTF-8, UTF-16 and Windows-1252. What does not:
what the text says.
"""

import codecs
import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TextIO

_BLOCK = 1 << 20
_SAMPLE = 1 << 16
_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HIGH = bytes(range(0x80, 0x100))
_LETTERS = bytes(range(0x41, 0x5B)) + bytes(range(0x61, 0x7B))
_CONTROLS = bytes(set(range(0x20)) - set(b"\x00\t\n\v\f\r"))


@dataclass(frozen=True)
class Encoding:
    """How to decode a feed: a codec name, and what to do with bytes that don't fit it."""

    name: str
    errors: str = "strict"


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open ``path`` for reading, through gzip or zstd where its first bytes say so."""
    with path.open("rb") as raw:
        magic = raw.read(4)
        raw.seek(0)
        if magic.startswith(_GZIP_MAGIC):
            with gzip.open(raw) as unpacked:
                yield unpacked  # type: ignore[misc]
        elif magic == _ZSTD_MAGIC:
            with _unpacked_zstd(raw) as unpacked:
                yield unpacked
        else:
            yield raw


def _unpacked_zstd(raw: IO[bytes]) -> IO[bytes]:
    import pyarrow as pa

    return io.BufferedReader(pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd"))


@contextmanager
def open_text(path: Path, encoding: Encoding) -> Iterator[TextIO]:
    """Open ``path`` as text with its line ends kept."""
    with (
        open_bytes(path) as stream,
        io.TextIOWrapper(stream, encoding.name, encoding.errors, newline="") as text,
    ):
        yield text


class Recoded:
    """Text as the bytes of its UTF-8."""

    def __init__(self, text: TextIO) -> None:
        self._text = text

    def read(self, size: int) -> bytes:
        """At most ``size`` characters."""
        return self._text.read(size).encode()

    def readline(self, limit: int = -1) -> bytes:
        """The next line, or its beginning."""
        return self._text.readline(limit).encode()


@contextmanager
def open_utf8(path: Path, encoding: Encoding) -> Iterator[IO[bytes] | Recoded]:
    """Open ``path`` as UTF-8 with its line ends kept, whatever its own encoding is."""
    if encoding == Encoding("utf-8"):
        with open_bytes(path) as stream:
            yield stream
    else:
        with open_text(path, encoding) as text:
            yield Recoded(text)


def detect_encoding(path: Path) -> Encoding | None:
    """The encoding under which the whole file can be read, or None if there is none.

    A file that is UTF-8 but for a few damaged bytes stays UTF-8 (those bytes become U+FFFD).
    Windows-1252 is believed only of text that looks European: few high bytes, no controls.
    """
    with open_bytes(path) as stream:
        sample = stream.read(_SAMPLE)
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return Encoding(name)
    wide = _wide_without_mark(sample)
    if wide is not None:
        return wide
    if _decodes(path, "utf-8"):
        return Encoding("utf-8")
    if _mostly_utf8(path):
        return Encoding("utf-8", "replace")
    if _looks_european(path) and _decodes(path, "cp1252"):
        return Encoding("cp1252")
    return Encoding("utf-8", "replace") if _hardly_any_high(path) else None


def _wide_without_mark(sample: bytes) -> Encoding | None:
    """UTF-16 shows by zeros in every other byte of Latin text."""
    half = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > 0.3 * half and even < 0.05 * half:
        return Encoding("utf-16-le")
    if even > 0.3 * half and odd < 0.05 * half:
        return Encoding("utf-16-be")
    return None


def _blocks(path: Path) -> Iterator[bytes]:
    with open_bytes(path) as stream:
        yield from iter(partial(stream.read, _BLOCK), b"")


def _decodes(path: Path, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    try:
        for block in _blocks(path):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _mostly_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    good = bad = 0
    for block in _blocks(path):
        text = decoder.decode(block)
        damaged = text.count("\ufffd")
        bad += damaged
        good += sum(1 for letter in text if letter > "\x7f") - damaged
    # Text of another encoding holds next to nothing that is a letter in UTF-8 too.
    return 0 < bad <= good


def _looks_european(path: Path) -> bool:
    high = letters = controls = 0
    for block in _blocks(path):
        high += _count(block, _HIGH)
        letters += _count(block, _LETTERS)
        controls += _count(block, _CONTROLS)
    return high * 3 < letters and controls * 1000 <= letters


def _hardly_any_high(path: Path) -> bool:
    high = total = 0
    for block in _blocks(path):
        high += _count(block, _HIGH)
        total += len(block)
    return high * 200 <= total


def _count(block: bytes, of: bytes) -> int:
    return len(block) - len(block.translate(None, of))
