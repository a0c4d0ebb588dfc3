"""The folder of one product type: builds that never change, one pointer, and drafts.

::

    <root>/<name>/current.json            the pointer; moved by os.replace
    <root>/<name>/builds/<id>/shard/      a Qdrant Edge shard
    <root>/<name>/builds/<id>/points.sqlite
    <root>/<name>/builds/<id>/build.json  count, recall, seconds
    <root>/<name>/drafts/<token>/         changes waiting for finish()

The current and the previous build are kept, so that a reader that has just read the pointer
always finds its folder.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from vlclip_dagster.index.naming import safe_name
from vlclip_dagster.mirror import Mirror
from vlclip_dagster.storage import write_whole

POINTER = "current.json"


@dataclass(frozen=True)
class Pointer:
    """What is published: a build, what it was made with, and the build before it."""

    product_type: str
    build: str
    version: str
    dim: int
    count: int
    recall: float
    created: str
    previous: str | None


class TypeFolder:
    """Paths and the pointer of one product type, in a root that may mirror one on S3."""

    def __init__(self, root: Mirror, product_type: str) -> None:
        self.product_type = product_type
        self.path = root.local / safe_name(product_type)
        self._root = root

    @property
    def lock(self) -> Path:
        """The lock that one writer at a time holds while it publishes."""
        return self.path / ".lock"

    def build(self, build: str) -> Path:
        """Folder of a build; a published one is brought here."""
        folder = self.path / "builds" / build
        self._root.fetch(folder)
        return folder

    def draft(self, token: str) -> Path:
        """Folder of a draft."""
        return self.path / "drafts" / token

    def pointer(self) -> Pointer | None:
        """What is published now, or None."""
        return read_pointer(self.path)

    def refresh(self) -> None:
        """Let the pointer be what it is now, before something is written on its ground."""
        self._root.refresh(POINTER, now=True)

    def publish(self, pointer: Pointer) -> None:
        """Move the pointer; a reader sees the old or the new one, never half of it.

        Raises:
            VlclipError: another machine moved it since it was read.
        """
        self._root.publish(self.path / "builds" / pointer.build)
        write_whole(self.path / POINTER, json.dumps(asdict(pointer), indent=1).encode())
        self._root.point(self.path / POINTER)

    def clean(self) -> None:
        """Delete drafts, and builds other than the current and the previous one."""
        pointer = self.pointer()
        keep = {pointer.build, pointer.previous} if pointer else set()
        shutil.rmtree(self.path / "drafts", ignore_errors=True)
        for folder in (self.path / "builds").glob("*"):
            if folder.name not in keep:
                shutil.rmtree(folder, ignore_errors=True)
        self._root.prune(self.path / "builds", keep)

    def retire(self) -> None:
        """Take the type out of sight, then delete its files."""
        self._root.remove(self.path)
        (self.path / POINTER).unlink(missing_ok=True)
        shutil.rmtree(self.path, ignore_errors=True)


def read_pointer(folder: Path) -> Pointer | None:
    """The pointer in a type's folder, or None where nothing is published.

    A damaged pointer counts as none, so that the next run builds the type anew.
    """
    try:
        return Pointer(**json.loads((folder / POINTER).read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
        return None


def published(root: Mirror) -> Iterator[Pointer]:
    """Every pointer under a root."""
    root.refresh(POINTER)
    for folder in root.local.glob("*"):
        if pointer := read_pointer(folder):
            yield pointer
