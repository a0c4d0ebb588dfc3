"""A disk that is full or refuses to be written is one sentence, and the next run ends well."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from homes import Home

SPARE_KB = 400  # for the drop and a few commits, not for the run


class SmallDisk:
    """A file system in memory whose size and mode can change under a home."""

    def __init__(self, path: Path, kilobytes: int) -> None:
        self.path = path
        path.mkdir()
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", path],
            check=True,
            capture_output=True,
        )

    def remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", self.path], check=True)


@pytest.fixture
def disk(few, tmp_path) -> Iterator[SmallDisk]:
    if os.geteuid():
        pytest.skip("only root can mount a small disk")
    # Sizes and not blocks: a copy of the index's files has no holes.
    used = sum(path.stat().st_size for path in few.path.rglob("*")) // 1024
    try:
        small = SmallDisk(tmp_path / "disk", 2 * used)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no disk can be mounted here")
    yield small
    subprocess.run(["umount", small.path], check=True)


def is_one_sentence(done: subprocess.CompletedProcess[str], told: str) -> bool:
    """A user's mistake in one line; or, where a run could still write it down, a failed step."""
    assert done.returncode in (1, 2), done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    # Where Dagster's own records can't be written, it says so before us.
    lines = done.stderr.strip().splitlines()[-1:]
    if done.returncode == 1:
        lines = json.loads(done.stdout)["failures"]
    assert ".rs:" not in "".join(lines)  # nobody wants to know where in Lance it was noticed
    return bool(lines) and all(told in line and "run again" in line for line in lines)


@pytest.fixture
def waiting(few, few_shop, disk, tmp_path) -> Home:
    """A built home on the small disk, with a changed catalog in its inbox."""
    home = few.copy(disk.path / "home", VLCLIP_REPORT__ABLATION="false")
    new = few_shop.copy(tmp_path / "shop")
    for row in new.rows:
        row["title"] = f"Crimson striped {row['title']}"
    new.write()
    home.drop(new.folder)
    return home


def ends_well(home: Home) -> bool:
    done = home.vlclip("run", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return home.status().due == []


def test_a_full_disk(waiting, disk):
    free = os.statvfs(disk.path).f_bavail * os.statvfs(disk.path).f_frsize // 1024
    (disk.path / "ballast").write_bytes(bytes((free - SPARE_KB) * 1024))
    assert is_one_sentence(waiting.vlclip("run", "--json"), "is full")
    (disk.path / "ballast").unlink()
    assert ends_well(waiting)


def test_a_disk_that_refuses_writes(waiting, disk):
    disk.remount("ro")
    assert is_one_sentence(waiting.vlclip("run", "--json"), "can't be written")
    disk.remount("rw")
    assert ends_well(waiting)
