"""The builder of this process: a child that builds one edge index after the other.

What belongs here: starting it, asking it, and telling how it died. What does not: the building
itself (``edge_build``). Starting a child takes longer than building a small index, so it stays for
the next one.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path

import vlclip_dagster
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.index.edge_build import Job


class Builder:
    """Builds in a child process, which is started when there is something to build."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115, as long as the child is there

    def run(self, job: Job, path: Path) -> None:
        """Hand ``job`` over in the file ``path``, and wait until it is built.

        Raises:
            VlclipError: the build was refused by its verification, or the process died.
        """
        job.write(path)
        with self._lock:
            child = self._running()
            try:
                answer = _ask(child, path)
            except BaseException:
                child.kill()  # or its answer would be taken for that to the next job
                child.wait()  # or the next job would be given to it
                raise
            if answer is None:
                raise VlclipError(self._how_it_died(child, job))
        if answer:
            raise VlclipError(answer)

    def close(self) -> None:
        """Let the child end, and wait for it."""
        if self._child is not None:
            self._child.communicate()

    def _running(self) -> subprocess.Popen[str]:
        if self._child is None or self._child.poll() is not None:
            # What the one before it said is not why this one dies.
            self._said.seek(0)
            self._said.truncate()
            home = str(Path(vlclip_dagster.__file__).resolve().parents[1])
            search = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
            self._child = subprocess.Popen(
                [sys.executable, "-m", "vlclip_dagster.index.edge_build"],
                env={**os.environ, "PYTHONPATH": search},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                text=True,
            )
        return self._child

    def _how_it_died(self, child: subprocess.Popen[str], job: Job) -> str:
        status = child.wait()
        self._said.seek(0)
        said = (self._said.read().strip().splitlines() or ["it said nothing"])[-1]
        return (
            f"building the index of {job.product_type} stopped with status {status} "
            f"({said[:300]}): run it again; what was published before stays"
        )


def _ask(child: subprocess.Popen[str], path: Path) -> str | None:
    """What the child answers about a job; None when it died over it."""
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        print(json.dumps(str(path)), file=child.stdin, flush=True)
    except BrokenPipeError:
        return None
    line = child.stdout.readline()
    return json.loads(line) if line else None


@cache
def builder() -> Builder:
    """The builder of this process."""
    made = Builder()
    atexit.register(made.close)
    return made
