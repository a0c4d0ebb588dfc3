"""Where checkpoints are kept, which of them is in use, and what was decided about each.

A checkpoint's folder is named by its training key, the hash of what it is trained from, and
never changes once it is there. One small file says which is current and holds the decisions
that led there, so that the two can't disagree. How a decision is come to is in ``promotion``.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as pydantic_dataclass

from vlclip_dagster.alone import alone
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.mirror import Mirror
from vlclip_dagster.storage import remote_part, working_folder, write_whole


@dataclass(frozen=True)
class Current:
    """The checkpoint in use."""

    training_key: str
    fingerprint: str
    folder: Path


@pydantic_dataclass(frozen=True)
class Comparison:
    """Two checkpoints asked the same queries, on products that neither was trained on.

    Attributes:
        against: fingerprint of the checkpoint that was in use.
        queries: how many queries were asked.
        gallery: among how many photographs.
        mrr: mean reciprocal rank of the new checkpoint.
        mrr_before: that of the one in use.
        hits5: HITS@5 of the new one.
        hits5_before: that of the one in use.
        difference: mean difference of the reciprocal ranks, new minus old.
        low: lower end of its 95% interval, by a paired bootstrap over the queries.
        high: upper end.
    """

    against: str
    queries: int
    gallery: int
    mrr: float
    mrr_before: float
    hits5: float
    hits5_before: float
    difference: float
    low: float
    high: float


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@pydantic_dataclass(frozen=True)
class Decision:
    """Whether a checkpoint came into use, and why; ``by`` tells a training from a person."""

    training_key: str
    fingerprint: str
    promoted: bool
    reason: str
    by: Literal["training", "person"] = "training"
    at: str = field(default_factory=_now)
    comparison: Comparison | None = None


@pydantic_dataclass(frozen=True)
class _Record:
    """The file: what is in use, and the decisions, oldest first."""

    training_key: str = ""
    fingerprint: str = ""
    decisions: tuple[Decision, ...] = ()


_FILE = TypeAdapter(_Record)


class CheckpointStore:
    """Checkpoints under ``<home>/checkpoints``, trainings under way under ``<home>/training``."""

    def __init__(self, home: str | Path) -> None:
        local = working_folder(home)
        self._home = str(home)
        self._checkpoints = local / "checkpoints"
        self._trainings = local / "training"
        self._mirror = Mirror(self._checkpoints, remote_part(home, "checkpoints"))
        self._pointer = self._checkpoints / "current.json"

    def folder(self, training_key: str) -> Path:
        """Where the finished checkpoint of ``training_key`` is, or will be."""
        folder = self._checkpoints / training_key
        self._mirror.fetch(folder)
        return folder

    def workdir(self, training_key: str) -> Path:
        """Where a training keeps what it needs to go on after a kill; made if missing."""
        path = self._trainings / training_key
        path.mkdir(parents=True, exist_ok=True)
        return path

    def forget_training(self, training_key: str) -> None:
        """Drop the working files of a training that is finished, and what kills left of it."""
        shutil.rmtree(self._trainings / training_key, ignore_errors=True)
        for unfinished in self._checkpoints.glob(f".{training_key}.*"):
            shutil.rmtree(unfinished, ignore_errors=True)

    def current(self) -> Current | None:
        """The checkpoint in use, or None before the first training."""
        record = self._read()
        if not record.training_key:
            return None
        return Current(record.training_key, record.fingerprint, self.folder(record.training_key))

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

    def decisions(self) -> tuple[Decision, ...]:
        """What was decided so far, oldest first."""
        return self._read().decisions

    def newest(self) -> Current | None:
        """The checkpoint that was trained last, in use or not; None before the first training."""
        trained = [decision for decision in self.decisions() if decision.by == "training"]
        if not trained:
            return self.current()
        last = trained[-1]
        return Current(last.training_key, last.fingerprint, self.folder(last.training_key))

    def record(self, decision: Decision) -> None:
        """Keep ``decision``; if it promotes, readers see the old checkpoint or the new one."""
        with alone(self._home, "decisions"):
            self._mirror.refresh(self._pointer.name, now=True)
            self._mirror.publish(self.folder(decision.training_key))
            before = self._read()
            in_use = decision if decision.promoted else before
            decisions = (*before.decisions, decision)
            self._write(_Record(in_use.training_key, in_use.fingerprint, decisions))

    def roll_back(self, name: str | None = None) -> Decision:
        """Bring a checkpoint back into use: the one that was promoted before the current one.

        Args:
            name: the beginning of another one's fingerprint or training key; it may also name
                one that was held back.

        Raises:
            VlclipError: there is none before it, or not exactly one of that name.
        """
        current = self.require_current()
        kept = [d for d in self.decisions() if self.folder(d.training_key).is_dir()]
        if name is None:
            target = _promoted_before(current, kept)
        else:
            target = _named(name, [d for d in kept if d.fingerprint != current.fingerprint])
        decision = Decision(
            training_key=target.training_key,
            fingerprint=target.fingerprint,
            promoted=True,
            reason=f"a person chose it instead of {current.fingerprint}",
            by="person",
        )
        self.record(decision)
        return decision

    def _read(self) -> _Record:
        self._mirror.refresh(self._pointer.name)
        if not self._pointer.is_file():
            return _Record()
        try:
            return _FILE.validate_json(self._pointer.read_bytes())
        except ValidationError:
            raise VlclipError(
                f"{self._pointer} cannot be read: restore it from a backup, or delete it and "
                "train anew: vlclip run"
            ) from None

    def _write(self, record: _Record) -> None:
        write_whole(self._pointer, _FILE.dump_json(record, indent=1))
        self._mirror.point(self._pointer)


def _promoted_before(current: Current, kept: Sequence[Decision]) -> Decision:
    """The promotion before that of ``current``; the last one where a person chose ``current``."""
    promoted = [d for d in kept if d.promoted and d.by == "training"]
    earlier = list(takewhile(lambda d: d.fingerprint != current.fingerprint, promoted))
    if not earlier:
        raise VlclipError(
            "no checkpoint was promoted before the one in use; for one that was held back, give "
            "the beginning of its fingerprint, which vlclip status tells"
        )
    return earlier[-1]


def _named(name: str, others: Sequence[Decision]) -> Decision:
    found = {
        d.fingerprint: d
        for d in others
        if d.fingerprint.startswith(name) or d.training_key.startswith(name)
    }
    if len(found) != 1:
        known = ", ".join(dict.fromkeys(d.fingerprint[:8] for d in others)) or "no other"
        many = "more than one checkpoint is" if found else "no checkpoint beside the current one is"
        raise VlclipError(f"{many} called {name!r}; there is {known}")
    return next(iter(found.values()))
