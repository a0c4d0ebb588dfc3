"""The Dagster instance of a home: opening it, and clearing what killed processes left in it.

What belongs here: its files, and runs that nobody watches over. What does not: what is run
(``runs``), and how its files in SQLite are written (``event_log``, ``run_storage``).
"""

import contextlib
import os
import socket
from importlib.resources import files
from pathlib import Path

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.settings import Settings
from vlclip_dagster.storage import working_folder

HOST_TAG, PROCESS_TAG = "vlclip/host", "vlclip/process"
# Who types `vlclip run` sees what it prints; capturing it starts four processes a run.
IN_PROCESS = {
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
    }
}


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The Dagster instance of this home, or the one that ``DAGSTER_HOME`` names.

    Its configuration files are written when they are missing, and never changed afterwards;
    where ``DAGSTER_POSTGRES_URL`` is set, they are those of an instance that machines share.

    Raises:
        VlclipError: its folder can't be made, or the database that machines share does not answer.
    """
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    beside = str(working_folder(settings.home) / "dagster")
    folder = Path(os.environ.setdefault("DAGSTER_HOME", beside))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VlclipError(
            f"the folder {folder} can't be made ({error.strerror}): let VLCLIP_HOME name a place "
            "that can be written"
        ) from error
    shared = "DAGSTER_POSTGRES_URL" in os.environ
    templates = {
        "dagster.yaml": "dagster-postgres.yaml" if shared else "dagster.yaml",
        "workspace.yaml": "workspace.yaml",
    }
    for name, template in templates.items():
        configuration = folder / name
        if not configuration.exists():
            configuration.write_text(files("vlclip_dagster").joinpath(template).read_text())
    ref = InstanceRef.from_dir(str(folder), overrides=IN_PROCESS)
    return _open_shared(ref) if shared else dg.DagsterInstance.from_ref(ref)


def _open_shared(ref: InstanceRef) -> dg.DagsterInstance:
    from dagster_postgres.utils import DagsterPostgresException

    try:
        return dg.DagsterInstance.from_ref(ref)
    except DagsterPostgresException as error:
        raise VlclipError(
            "the database that DAGSTER_POSTGRES_URL names does not answer: start it, or correct it"
        ) from error


def process_tags() -> dict[str, str]:
    """What a run is tagged with, to tell later whether its process is still there."""
    return {HOST_TAG: socket.gethostname(), PROCESS_TAG: str(os.getpid())}


def bury_dead_runs(instance: dg.DagsterInstance) -> None:
    """Fail the runs of processes that were killed, and free the pool slots they still hold.

    No daemon watches runs of ``vlclip run``; without this, a kill -9 would block a pool for good.
    """
    unfinished = instance.get_runs(
        dg.RunsFilter(
            statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING],
            tags={HOST_TAG: socket.gethostname()},
        )
    )
    for run in unfinished:
        if _alive(int(run.tags[PROCESS_TAG])):
            continue
        instance.report_run_failed(run, "the process of this run was killed")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


def _alive(process: int) -> bool:
    with contextlib.suppress(PermissionError):  # somebody else's process is alive too
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
    return True
