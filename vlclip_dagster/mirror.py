"""Folders that readers open on their own machine, kept on S3 where the home is there.

What belongs here: moving versioned folders and the pointers to them between the two. What does
not: what is in them. A folder never changes once it is published, so it travels as one object
and whoever has it has it. A pointer is a small file that says which folder counts; moving it is
one conditional write, which only one of two writers wins. Where the home is a folder of this
machine, nothing has to be moved and every method does nothing.
"""

import shutil
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.packing import pack, unpack
from vlclip_dagster.storage import bucket_troubles_told, object_store, write_whole

if TYPE_CHECKING:
    from obstore.store import ObjectStore

PACKED = ".tar.zst"
FRESH_SECONDS = 2.0  # who asks again sooner than this is told what was read before
_DOWNLOADS = 16


class Mirror:
    """A folder of this machine and the prefix on S3 that it goes with.

    Args:
        local: the folder.
        remote: ``s3://bucket/prefix``, or None where the folder is all there is.
    """

    def __init__(self, local: Path, remote: str | None) -> None:
        self.local = local
        self._remote = remote
        self._seen: dict[str, str | None] = {}  # version of each pointer as it was last read
        self._read_at = float("-inf")

    @cached_property
    def _store(self) -> "ObjectStore":
        return object_store(str(self._remote))

    def refresh(self, pointer: str, *, now: bool = False) -> None:
        """Bring the local pointers of that file name up to date, and delete those that are gone.

        Args:
            pointer: the file name.
            now: read them even if they were read a moment ago, as a writer has to.

        Raises:
            VlclipError: the bucket can't be read.
        """
        if self._remote is None or not (now or time.monotonic() > self._read_at + FRESH_SECONDS):
            return
        there = {n: v for n, v in self._objects() if n.rpartition("/")[2] == pointer}
        moved = [n for n, v in there.items() if v != self._seen.get(n) or not self._at(n).is_file()]
        with ThreadPoolExecutor(_DOWNLOADS) as pool:
            list(pool.map(self._read_pointer, moved))
        for path in self.local.rglob(pointer):
            if self._name(path) not in there:
                path.unlink(missing_ok=True)
        self._seen, self._read_at = there, time.monotonic()

    def fetch(self, folder: Path) -> None:
        """Bring a published folder here, unless it is here or was never published.

        Raises:
            VlclipError: the bucket can't be read.
        """
        if self._remote is None or folder.is_dir():
            return
        import obstore

        draft = self.local / f".{uuid.uuid4().hex}"
        draft.mkdir(parents=True)
        try:
            with bucket_troubles_told(str(self._remote)), (draft / PACKED).open("wb") as file:
                for chunk in obstore.get(self._store, self._name(folder) + PACKED):
                    file.write(chunk)
            unpack(draft / PACKED, draft / "whole")
            folder.parent.mkdir(parents=True, exist_ok=True)
            (draft / "whole").rename(folder)
        except FileNotFoundError:
            return
        except OSError:
            if not folder.is_dir():  # else another process was faster
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def publish(self, folder: Path) -> None:
        """Copy a finished folder to S3, unless it is there.

        Raises:
            VlclipError: the bucket can't be written.
        """
        if self._remote is None:
            return
        import obstore

        name = self._name(folder) + PACKED
        if any(known == name for known, _ in self._objects(name)):
            return
        archive = self.local / f".{uuid.uuid4().hex}{PACKED}"
        try:
            pack(folder, archive)
            with bucket_troubles_told(str(self._remote)):
                obstore.put(self._store, name, archive)
        finally:
            archive.unlink(missing_ok=True)

    def point(self, pointer: Path) -> None:
        """Move a pointer on S3 to what the local one says, if nobody moved it since it was read.

        Raises:
            VlclipError: somebody did, or the bucket can't be written.
        """
        if self._remote is None:
            return
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        name = self._name(pointer)
        seen = self._seen.get(name)
        try:
            with bucket_troubles_told(str(self._remote)):
                put = obstore.put(
                    self._store,
                    name,
                    pointer.read_bytes(),
                    mode={"e_tag": seen} if seen else "create",
                )
        except (AlreadyExistsError, PreconditionError):
            self._read_pointer(name)
            raise VlclipError(
                f"another machine published {name} in the meantime: run this one again"
            ) from None
        self._seen[name] = put["e_tag"]

    def prune(self, folder: Path, keep: set[str | None]) -> None:
        """Delete the published folders in ``folder`` but those named in ``keep``."""
        for name, _ in self._objects(self._name(folder)) if self._remote else ():
            if name.endswith(PACKED) and Path(name.removesuffix(PACKED)).name not in keep:
                self._delete(name)

    def remove(self, folder: Path) -> None:
        """Delete a folder with all that was published of it, pointers first."""
        if self._remote is None:
            return
        names = [name for name, _ in self._objects(self._name(folder))]
        for name in sorted(names, key=lambda name: name.endswith(PACKED)):
            self._delete(name)

    def _objects(self, prefix: str | None = None) -> Iterator[tuple[str, str | None]]:
        import obstore

        with bucket_troubles_told(str(self._remote)):
            for page in obstore.list(self._store, prefix):
                yield from ((found["path"], found["e_tag"]) for found in page)

    def _read_pointer(self, name: str) -> None:
        import obstore

        with bucket_troubles_told(str(self._remote)):
            write_whole(self._at(name), bytes(obstore.get(self._store, name).bytes()))

    def _delete(self, name: str) -> None:
        import obstore

        with bucket_troubles_told(str(self._remote)):
            obstore.delete(self._store, name)
        self._seen.pop(name, None)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.local).as_posix()

    def _at(self, name: str) -> Path:
        return self.local / name
