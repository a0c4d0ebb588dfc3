"""Turns on a home on S3: one machine at a time, and a machine that died keeps nobody waiting."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from filelock import Timeout

from vlclip_dagster import alone as turns
from vlclip_dagster.alone import alone
from vlclip_dagster.errors import VlclipError

DIES = """
import os, signal, sys
from vlclip_dagster.alone import alone
with alone(sys.argv[1], "landing"):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def home(bucket) -> str:
    return f"{bucket}/home"


@pytest.fixture
def on(monkeypatch, tmp_path):
    """Work on the machine of that name from here on."""
    return lambda name: monkeypatch.setenv("VLCLIP_STATE", str(tmp_path / name))


def die_at_work(home: str, state: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DIES, home], env=os.environ | {"VLCLIP_STATE": state}
    )
    assert done.returncode == -9


def test_two_machines_take_turns(home, on):
    on("here")
    with alone(home, "landing"):
        on("there")
        with alone(home, "crops-dress"):
            pass
        with pytest.raises(Timeout), alone(home, "landing", timeout=0.1):
            pass
    with alone(home, "landing", timeout=0.1):
        pass


def test_of_many_that_ask_at_once_one_is_at_work(home, on, monkeypatch):
    monkeypatch.setattr(turns, "PAUSE_S", 0.01)
    at_work, most = [], []

    def work(number: int) -> None:
        lease = turns._Lease(f"{home}/locks", "landing", f"machine {number}")
        with lease.held(float("inf")):
            at_work.append(number)
            most.append(len(at_work))
            time.sleep(0.01)
            at_work.remove(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(24)))
    assert most == [1] * 24


def test_a_machine_goes_on_at_once_where_its_process_was_killed(home, on, tmp_path):
    die_at_work(home, str(tmp_path / "here"))
    on("here")
    with alone(home, "landing", timeout=0.1):
        pass


def test_the_turn_of_a_machine_that_died_passes_to_another(home, on, tmp_path, monkeypatch):
    die_at_work(home, str(tmp_path / "here"))
    on("there")
    with pytest.raises(Timeout), alone(home, "landing", timeout=0.1):
        pass
    monkeypatch.setattr(turns, "LEASE_S", 0.5)
    with alone(home, "landing"):
        pass


def test_long_work_keeps_its_turn_and_one_that_stood_still_takes_nothing_back(
    home, on, monkeypatch
):
    monkeypatch.setattr(turns, "LEASE_S", 0.6)
    monkeypatch.setattr(turns, "BEAT_S", 0.1)
    on("here")
    with alone(home, "landing"):
        on("there")
        with pytest.raises(Timeout), alone(home, "landing", timeout=1.5):
            pass
    on("here")
    monkeypatch.setattr(turns, "BEAT_S", 60)
    with alone(home, "landing"):
        on("there")
        with alone(home, "landing"):
            on("here")
            monkeypatch.setattr(turns, "BEAT_S", 0.1)
    on("elsewhere")
    with alone(home, "landing", timeout=0.1):
        pass


def test_a_bucket_that_is_not_there_is_one_sentence(bucket):
    with pytest.raises(VlclipError, match="create its bucket"), alone("s3://no-such/home", "x"):
        pass
