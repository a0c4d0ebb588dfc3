"""The two configurations of a Dagster instance load, and say what the README promises."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from dagster._core.instance.config import dagster_instance_config
from dagster._core.instance.ref import InstanceRef

import vlclip_dagster
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.instance import open_instance
from vlclip_dagster.settings import Settings

FOLDER = Path(vlclip_dagster.__file__).parent
ONE, SHARED = "dagster.yaml", "dagster-postgres.yaml"
URL = "postgresql://shop:hunter2@nowhere.invalid:5432/dagster"


@pytest.fixture(params=[ONE, SHARED])
def parsed(request, tmp_path, monkeypatch) -> dict:
    """What Dagster makes of a file; it refuses one with a field that it does not know."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text((FOLDER / request.param).read_text())
    return dict(dagster_instance_config(str(tmp_path))[0])


def test_both_queue_guard_and_free(parsed):
    concurrency = parsed["concurrency"]
    assert concurrency["pools"] == {"default_limit": 1}
    assert concurrency["runs"]["max_concurrent_runs"] >= 2
    (limit,) = concurrency["runs"]["tag_concurrency_limits"]
    assert (limit["key"], limit["limit"]) == ("dagster/partition", 1)
    assert parsed["run_monitoring"]["enabled"]
    assert parsed["run_monitoring"]["free_slots_after_run_end_seconds"] == 60
    assert parsed["run_retries"]["retry_on_asset_or_op_failure"] is False
    assert parsed["telemetry"] == {"enabled": False}


def test_the_one_for_one_machine_opens_and_guards_pools(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "instance"))
    with open_instance(Settings(home=str(tmp_path))) as instance:
        assert instance.run_retries_enabled
        assert instance.run_monitoring_enabled
        assert instance.event_log_storage.supports_global_concurrency_limits
        instance.event_log_storage.initialize_concurrency_limit_to_default("accelerator")
        info = instance.event_log_storage.get_concurrency_info("accelerator")
        assert info.slot_count == 1
        queue = instance.get_concurrency_config().run_queue_config
        assert queue.max_concurrent_runs == 2


def test_an_address_in_the_environment_chooses_the_shared_one(tmp_path, monkeypatch):
    """Nobody answers at that address; what is asked is which storage it would be."""
    utils = pytest.importorskip("dagster_postgres.utils")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "instance"))
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", URL)
    monkeypatch.setattr(utils.time, "sleep", lambda _: None)
    with pytest.raises(VlclipError, match="DAGSTER_POSTGRES_URL names does not answer"):
        open_instance(Settings(home=str(tmp_path)))
    written = (tmp_path / "instance" / "dagster.yaml").read_text()
    assert "hunter2" not in written
    storage = InstanceRef.from_dir(str(tmp_path / "instance")).storage_data
    assert (storage.module_name, storage.class_name) == (
        "dagster_postgres",
        "DagsterPostgresStorage",
    )
    assert yaml.safe_load(storage.config_yaml) == {"postgres_url": {"env": "DAGSTER_POSTGRES_URL"}}


def test_the_code_is_found_wherever_the_command_is_typed(tmp_path):
    """Many a project has an `assets.py` of its own."""
    project = tmp_path / "project"
    project.mkdir()
    for name in ("assets.py", "resources.py"):
        (project / name).write_text("raise ImportError('this is another project')")
    validate = ["dagster", "definitions", "validate", "-w", str(FOLDER / "workspace.yaml")]
    told = subprocess.run(
        [sys.executable, "-m", *validate],
        cwd=project,
        env=os.environ | {"DAGSTER_HOME": str(tmp_path), "VLCLIP_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stdout + told.stderr
