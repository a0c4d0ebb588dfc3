"""What a JPEG file says about itself before anything decodes it.

What belongs here: walking the segments of a JPEG file, to keep a shop's own encoding without
whatever else the file carries. What does not: decoding (``rendition``, through Pillow).
"""

from collections.abc import Iterator

START, END, SCAN, BASELINE, COMMENT = 0xD8, 0xD9, 0xDA, 0xC0, 0xFE
APP0, ADOBE = 0xE0, 0xEE
APPLICATION = range(0xE0, 0xF0)
TABLES = frozenset({0xDB, 0xC4, 0xDD})
JFIF = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"


def lean_jpeg(data: bytes) -> bytes | None:
    """The same picture without metadata and trailing bytes, or None if it must be re-encoded.

    Kept are the tables, the frame, the single scan and the markers that say how colours are
    coded, so the decoded pixels stay the same to the bit. Locations, thumbnails, profiles,
    comments and anything appended after the picture are gone. None for anything but a
    three-component baseline JPEG with one scan: progressive files decode slowly, and a small
    one can hide thousands of scans.
    """
    kept = [b"\xff\xd8"]
    for marker, start, end in _segments(data):
        segment = data[start:end]
        if marker == SCAN:
            stop = data.find(b"\xff\xd9", end)
            return b"".join([*kept, data[start : stop + 2]]) if segment[4:5] == b"\3" else None
        if marker == BASELINE and segment[9:10] != b"\3":
            return None
        if marker == APP0 and segment[4:9] == b"JFIF\0":
            kept.insert(1, JFIF)
        elif marker in TABLES or marker in (BASELINE, ADOBE):
            kept.append(segment)
        elif marker not in APPLICATION and marker != COMMENT:
            return None
    return None


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of each segment up to and including the first scan header.

    Stops without a scan where the file is not a well-formed sequence of segments.
    """
    at = 2
    while data[at : at + 1] == b"\xff" and at + 4 <= len(data):
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        end = at + 2 + length
        if length < 2 or end > len(data):
            return
        yield data[at + 1], at, end
        if data[at + 1] == SCAN:
            return
        at = end
