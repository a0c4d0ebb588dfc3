"""Where files are kept: a folder of this machine, or a prefix on S3, addressed alike.

What belongs here: turning an address into a path, copying whole files, and the folder of this
machine that goes with a home on S3. What does not: what the files are. The libraries read
credentials and the endpoint from the ``AWS_*`` variables themselves; nothing here holds one.
"""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import quote

from vlclip_dagster.errors import VlclipError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

S3 = "s3://"
STATE_VARIABLE = "VLCLIP_STATE"
CHUNK = 1 << 20


def is_remote(address: str | Path) -> bool:
    """Whether an address is on S3."""
    return str(address).startswith(S3)


def place(address: str | Path) -> Path:
    """The path behind an address; one on S3 has the methods of ``Path``, too."""
    if not is_remote(address):
        return Path(address)
    from obstore.fsspec import register
    from upath import UPath

    register("s3")
    options = {"allow_http": _plain_http()}
    return cast("Path", UPath(str(address), protocol="s3", client_options=options))


def object_store(address: str) -> "ObjectStore":
    """The objects under an address on S3, for what a path can't do: conditional writes."""
    from obstore.store import S3Store

    return S3Store.from_url(address, client_options={"allow_http": _plain_http()})


@contextmanager
def bucket_troubles_told(address: str) -> Iterator[None]:
    """Turn what a bucket refuses inside the block into a sentence.

    Raises:
        VlclipError: the bucket is not there, does not answer, or must not be used.
    """
    from obstore.exceptions import GenericError, PermissionDeniedError, UnauthenticatedError

    try:
        yield
    except (GenericError, PermissionDeniedError, UnauthenticatedError) as error:
        raise VlclipError(
            f"{address} can't be used ({type(error).__name__}): check the bucket, "
            "AWS_ENDPOINT_URL and the credentials in the AWS_* variables"
        ) from error


def lance_options(address: str) -> dict[str, str] | None:
    """What Lance has to be told to read and write at an address."""
    return {"allow_http": "true"} if is_remote(address) and _plain_http() else None


def working_folder(home: str | Path) -> Path:
    """The folder of this machine for what can't be on S3: locks, caches, the Dagster instance.

    It is the home itself where that is a folder; ``$VLCLIP_STATE``, or a folder of the user's
    cache named after the home, otherwise. Whatever is in it can be made again.
    """
    if not is_remote(home):
        return Path(home)
    # Read here and not with the settings: whoever knows the home must find the same folder.
    if chosen := os.environ.get(STATE_VARIABLE):
        return Path(chosen).expanduser().absolute()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "vlclip" / quote(str(home).removeprefix(S3), safe="")


def remote_part(home: str | Path, part: str) -> str | None:
    """The address of one part of a home on S3; None where the home is a folder."""
    return f"{str(home).rstrip('/')}/{part}" if is_remote(home) else None


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file from anywhere to anywhere; ``target`` is there whole or not at all.

    Raises:
        OSError: one of them can't be read or written.
    """
    with source.open("rb") as stream:
        _write(target, cast("BinaryIO", stream))


def write_whole(target: Path, data: bytes) -> None:
    """Write a small file; it is there whole or not at all, also after a power cut.

    Raises:
        OSError: it can't be written.
    """
    _write(target, BytesIO(data))


def _write(target: Path, stream: BinaryIO) -> None:
    if is_remote(target):  # an object appears when its upload is complete
        with target.open("wb") as upload:
            shutil.copyfileobj(stream, upload, CHUNK)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        with partial.open("wb") as file:
            shutil.copyfileobj(stream, file, CHUNK)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _plain_http() -> bool:
    """Whether the endpoint is a server without TLS, which has to be allowed by name."""
    return os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
