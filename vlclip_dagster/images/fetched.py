"""What came of asking for a photograph; plain data."""

from typing import NamedTuple


class Version(NamedTuple):
    """What a server calls the bytes it sent, so that it can be asked whether they changed.

    Attributes:
        etag: its ``ETag``, quotes included.
        last_modified: its ``Last-Modified``, as it was sent.
    """

    etag: str | None = None
    last_modified: str | None = None


UNKNOWN = Version()


class Fetched(NamedTuple):
    """An answer.

    Attributes:
        data: the bytes; None where they are still the version that was asked about.
        version: what the server calls them.
    """

    data: bytes | None
    version: Version = UNKNOWN
