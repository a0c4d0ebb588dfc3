"""The event log is whole after a kill, open to many processes, and told to who watches."""

import threading

import dagster as dg
import pytest
from homes import Home, command

RUN = """
import os, signal, sys
import dagster as dg

@dg.op
def step(context):
    for number in range(int(sys.argv[1])):
        context.log_event(dg.AssetMaterialization("thing", metadata={"number": number}))
    if sys.argv[2] == "killed":
        os.kill(os.getpid(), signal.SIGKILL)

@dg.job
def steps():
    step()

with dg.DagsterInstance.get() as instance:
    assert steps.execute_in_process(instance=instance).success
"""


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path / "home")


def numbers(instance: dg.DagsterInstance) -> list[int]:
    filter_ = dg.AssetRecordsFilter(dg.AssetKey("thing"))
    records = instance.fetch_materializations(filter_, limit=1000).records
    return sorted(r.asset_materialization.metadata["number"].value for r in records)


def test_what_was_logged_before_a_kill_is_there(home):
    with home.instance():
        pass
    done = command(["-c", RUN, "20", "killed"], home.environment)
    assert done.returncode == -9, done.stderr
    with home.instance() as instance:
        assert numbers(instance) == list(range(20))
        (run,) = instance.get_runs()
        assert run.status == dg.DagsterRunStatus.STARTED


def test_processes_that_log_at_once_lose_nothing(home):
    with home.instance():
        pass
    threads = [
        threading.Thread(target=command, args=(["-c", RUN, "30", "whole"], home.environment))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with home.instance() as instance:
        assert numbers(instance) == sorted(2 * list(range(30)))
        assert {run.status for run in instance.get_runs()} == {dg.DagsterRunStatus.SUCCESS}


def test_a_page_that_watches_a_run_hears_of_its_events(home):
    heard = threading.Event()

    @dg.job
    def nothing():
        pass

    with home.instance() as instance:
        run = nothing.execute_in_process(instance=instance).dagster_run

        def hear(event, cursor):
            heard.set()

        instance.watch_event_logs(run.run_id, None, hear)
        assert heard.wait(10)
        instance.end_watch_event_logs(run.run_id, hear)
