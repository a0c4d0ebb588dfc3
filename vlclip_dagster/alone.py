"""One process at a time, on this machine, and for a home on S3 on all machines.

What belongs here: waiting for one's turn. What does not: what is done with it. The kernel frees
the lock of a process that died. No such thing watches over a bucket; there a turn is a small
object that its holder writes again and again, and that another machine takes over when it
stood still for ``LEASE_S``. Each write of it is conditional, so one of two takers wins.
"""

import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.storage import (
    bucket_troubles_told,
    object_store,
    remote_part,
    working_folder,
    write_whole,
)

if TYPE_CHECKING:
    from obstore.store import ObjectStore

BEAT_S = 10.0
LEASE_S = 60.0  # long enough for a holder that swaps or is cut off for some beats
PAUSE_S = 0.5


@contextmanager
def alone(home: str, name: str, timeout: float | None = None) -> Iterator[None]:
    """Let nobody else work under ``name`` in ``home`` meanwhile; wait for whoever does.

    Args:
        home: a folder, or ``s3://…``.
        name: of the work; part of a file name.
        timeout: seconds to wait at most; None waits as long as it takes.

    Raises:
        Timeout: somebody else was at it for longer.
        VlclipError: the bucket can't be used.
    """
    deadline = float("inf") if timeout is None else time.monotonic() + timeout
    folder = working_folder(home) / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f"{name}.lock", timeout=-1 if timeout is None else timeout):
        address = remote_part(home, "locks")
        if address is None:
            yield
            return
        with _Lease(address, name, _machine(folder)).held(deadline):
            yield


def _machine(folder: Path) -> str:
    """What this machine signs with: who finds its own signature knows that its writer died."""
    file = folder / "machine"
    if not file.exists():
        write_whole(file, uuid.uuid4().hex.encode())
    # A working folder may be copied, a name may be common; hardly both at once.
    return f"{socket.gethostname()} {file.read_text()}"


class _Lease:
    """An object that says who works; empty while nobody does."""

    def __init__(self, address: str, name: str, machine: str) -> None:
        self._address, self._name, self._machine = address, name, machine
        self._store: ObjectStore = object_store(address)
        self._version: str | None = None  # of what was written here last
        self._seen: tuple[str | None, float] = (None, 0.0)  # a foreign version, and since when

    @contextmanager
    def held(self, deadline: float) -> Iterator[None]:
        """Take it before ``deadline`` (of the monotonic clock), and keep it alive meanwhile."""
        while not self._taken():
            if time.monotonic() > deadline:
                raise Timeout(f"{self._address}/{self._name}")
            time.sleep(PAUSE_S)
        done = threading.Event()
        beats = threading.Thread(target=self._beat, args=[done], daemon=True)
        beats.start()
        try:
            yield
        finally:
            done.set()
            beats.join()
            with suppress(VlclipError):  # then it is taken over when it stood still
                self._write(b"", self._version)

    def _taken(self) -> bool:
        """Try to write it, where it is nobody's, a dead one's or one's own."""
        import obstore

        try:
            with bucket_troubles_told(self._address):
                found = obstore.get(self._store, self._name)
        except FileNotFoundError:
            return self._sign(None)
        version, holder = found.meta["e_tag"], bytes(found.bytes()).decode()
        if not holder or holder.startswith(self._machine) or self._stood_still(version):
            return self._sign(version)
        return False

    def _stood_still(self, version: str | None) -> bool:
        """Whether it was the same for long, by this machine's clock: no two need to agree."""
        if version != self._seen[0]:
            self._seen = (version, time.monotonic())
        return time.monotonic() - self._seen[1] > LEASE_S

    def _sign(self, over: str | None) -> bool:
        return self._write(f"{self._machine} {uuid.uuid4().hex}".encode(), over)

    def _write(self, text: bytes, over: str | None) -> bool:
        """Replace the version ``over``, or write the first; whether nobody else was faster."""
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        try:
            with bucket_troubles_told(self._address):
                put = obstore.put(
                    self._store, self._name, text, mode={"e_tag": over} if over else "create"
                )
        except (AlreadyExistsError, PreconditionError):
            return False
        except FileNotFoundError as error:
            raise VlclipError(f"{self._address} can't be written: create its bucket") from error
        self._version = put["e_tag"]
        return True

    def _beat(self, done: threading.Event) -> None:
        """Write it again and again; a holder that lost it goes on, as commits stay atomic."""
        while not done.wait(BEAT_S):
            try:
                if not self._sign(self._version):
                    return
            except VlclipError:  # the bucket may be back for the next beat
                continue
