"""Where checkpoints are kept and which of them is in use.

A checkpoint's folder is named by its training key, the hash of what it is trained from, and
never changes once it is there; one small pointer file says which is current.
"""

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from vlclip_dagster.errors import VlclipError


@dataclass(frozen=True)
class Current:
    """The checkpoint in use."""

    training_key: str
    fingerprint: str
    folder: Path


class CheckpointStore:
    """Checkpoints under ``<home>/checkpoints``, trainings under way under ``<home>/training``."""

    def __init__(self, home: str | Path) -> None:
        self._checkpoints = Path(home, "checkpoints")
        self._trainings = Path(home, "training")
        self._pointer = self._checkpoints / "current.json"

    def folder(self, training_key: str) -> Path:
        """Where the finished checkpoint of ``training_key`` is, or will be."""
        return self._checkpoints / training_key

    def workdir(self, training_key: str) -> Path:
        """Where a training keeps what it needs to go on after a kill; made if missing."""
        path = self._trainings / training_key
        path.mkdir(parents=True, exist_ok=True)
        return path

    def forget_training(self, training_key: str) -> None:
        """Drop the working files of a training that is finished."""
        shutil.rmtree(self._trainings / training_key, ignore_errors=True)

    def promote(self, training_key: str, fingerprint: str) -> Current:
        """Make a finished checkpoint the one in use; readers see the old one or the new one."""
        pointer = {"training_key": training_key, "fingerprint": fingerprint}
        self._checkpoints.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._checkpoints, suffix=".tmp")
        with os.fdopen(handle, "w") as file:
            json.dump(pointer, file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self._pointer)
        return Current(**pointer, folder=self.folder(training_key))

    def current(self) -> Current | None:
        """The checkpoint in use, or None before the first training."""
        if not self._pointer.is_file():
            return None
        pointer = json.loads(self._pointer.read_text())
        return Current(**pointer, folder=self.folder(pointer["training_key"]))

    def require_current(self) -> Current:
        """The checkpoint in use.

        Raises:
            VlclipError: there is none yet.
        """
        current = self.current()
        if current is None:
            raise VlclipError(
                "there is no checkpoint yet: run `vlclip run`, or materialize finetuned_checkpoint"
            )
        return current
