"""What waits in an inbox: its drops, told apart without reading a file.

What belongs here: listing an inbox, on this machine or on S3, and grouping its files into drops.
What does not: reading a drop (``drops``), and which of them were landed (``inbox``).
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vlclip_dagster.catalog.drops import MANIFEST
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.hashing import row_key


@dataclass(frozen=True)
class Entry:
    """A file of an inbox: its name there, size in bytes, a stamp that moves with its content."""

    name: str
    size: int
    stamp: str
    modified: datetime


@dataclass(frozen=True)
class Waiting:
    """A drop in an inbox: a folder with a manifest, or what a person put there.

    Attributes:
        place: its name in the inbox.
        signature: changes when one of its files does.
        modified: when its newest file changed.
        pinned: whether it has a manifest.
    """

    place: str
    signature: str
    modified: datetime
    pinned: bool

    @property
    def shop(self) -> str:
        """The shop that a drop without a manifest is taken for: the first name of its place."""
        first, _, rest = self.place.partition("/")
        return first if rest else first.split(".")[0]


def folder_entries(inbox: Path) -> Iterator[Entry]:
    """The files of an inbox on this machine; links are not followed."""
    for folder, folders, files in os.walk(inbox):
        folders[:] = [] if MANIFEST in files else folders
        for file in files:
            path = Path(folder, file)
            try:
                status = path.lstat()
            except FileNotFoundError:  # taken away since it was listed
                continue
            modified = datetime.fromtimestamp(status.st_mtime, UTC)
            stamp = f"{status.st_mtime_ns}-{status.st_ino}"
            yield Entry(path.relative_to(inbox).as_posix(), status.st_size, stamp, modified)


def bucket_entries(client: Any, inbox: str) -> Iterator[Entry]:
    """The objects of an inbox on S3, all pages of them.

    Args:
        client: a boto3 client, such as ``S3Resource.get_client()`` gives.
        inbox: ``s3://bucket/prefix``.

    Raises:
        VlclipError: the bucket can't be listed.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, _, prefix = inbox.removeprefix("s3://").strip("/").partition("/")
    prefix = f"{prefix}/" if prefix else ""
    try:
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            yield from (_entry(found, prefix) for found in page.get("Contents", ()))
    except (BotoCoreError, ClientError) as error:
        raise VlclipError(
            f"the inbox {inbox} can't be listed ({type(error).__name__}): check the bucket, "
            "AWS_ENDPOINT_URL and the credentials in the AWS_* variables"
        ) from error


def _entry(found: dict[str, Any], prefix: str) -> Entry:
    stamp = f"{found['ETag']}-{found['LastModified'].timestamp()}"
    name = found["Key"].removeprefix(prefix)
    return Entry(name, found["Size"], stamp, found["LastModified"])


def waiting_drops(entries: Iterable[Entry]) -> list[Waiting]:
    """Group the files of an inbox into drops, by place; hidden files are nobody's.

    A drop is the folder of a manifest. Of the rest, it is the topmost folder or file that has
    no manifest beneath it.
    """
    visible = [entry for entry in entries if not _is_hidden(entry.name)]
    pinned = {e.name.removesuffix(MANIFEST).rstrip("/") for e in visible if _is_manifest(e.name)}
    above = {above for place in pinned for above in _above(place)}
    drops: dict[str, list[Entry]] = defaultdict(list)
    for entry in visible:
        drops[_place(entry.name, pinned, above)].append(entry)
    return [_waiting(name, drops[name], name in pinned) for name in sorted(drops)]


def _is_hidden(name: str) -> bool:
    # S3 has no folders, but consoles mark them with an empty object whose name ends so.
    return name.endswith("/") or any(part.startswith(".") for part in name.split("/"))


def _is_manifest(name: str) -> bool:
    return name.endswith(f"/{MANIFEST}")


def _above(name: str) -> Iterator[str]:
    """The folders that a name lies in, the topmost first."""
    parts = name.split("/")
    return ("/".join(parts[:depth]) for depth in range(1, len(parts)))


def _place(name: str, pinned: set[str], above: set[str]) -> str:
    folders = list(_above(name))
    drop = next((folder for folder in folders if folder in pinned), None)
    return drop or next((folder for folder in folders if folder not in above), name)


def _waiting(place: str, entries: list[Entry], pinned: bool) -> Waiting:
    # Photographs of a manifest are pinned by it; what else lies beside the feeds is told by name.
    decisive = [e for e in entries if not pinned or "/" not in e.name[len(place) + 1 :]]
    signature = row_key(sorted((e.name, e.size, e.stamp) for e in decisive))
    return Waiting(place, signature, max(e.modified for e in entries), pinned)
