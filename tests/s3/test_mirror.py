"""Versioned folders and pointers on S3: whole or not at all, and one of two writers wins."""

import tarfile
from pathlib import Path

import pytest

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.mirror import PACKED, Mirror
from vlclip_dagster.packing import pack, unpack

HOLE = 5_000_000


@pytest.fixture
def here(bucket, tmp_path) -> Mirror:
    return Mirror(tmp_path / "here", f"{bucket}/index")


@pytest.fixture
def there(bucket, elsewhere) -> Mirror:
    """Another machine."""
    return Mirror(elsewhere, f"{bucket}/index")


def folder(mirror: Mirror, name: str, text: str = "points") -> Path:
    path = mirror.local / name
    (path / "shard").mkdir(parents=True)
    (path / "points.sqlite").write_text(text)
    with (path / "shard" / "sparse").open("wb") as file:
        file.seek(HOLE)
        file.write(b"end")
    return path


def pointer(mirror: Mirror, text: str) -> Path:
    path = mirror.local / "dress" / "current.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_folder_and_its_pointer_reach_another_machine(here, there):
    here.publish(folder(here, "dress/builds/1"))
    here.point(pointer(here, "1"))
    there.refresh("current.json")
    assert (there.local / "dress" / "current.json").read_text() == "1"
    got = there.local / "dress" / "builds" / "1"
    there.fetch(got)
    assert (got / "points.sqlite").read_text() == "points"
    sparse = (got / "shard" / "sparse").stat()
    assert sparse.st_size == HOLE + 3
    assert sparse.st_blocks * 512 < HOLE / 10  # its zeros are a hole again
    assert [path.name for path in there.local.iterdir()] == ["dress"]


def test_of_two_machines_one_moves_the_pointer(here, there):
    here.point(pointer(here, "1"))
    for mirror in (here, there):
        mirror.refresh("current.json", now=True)
    here.point(pointer(here, "2"))
    with pytest.raises(VlclipError, match="another machine published dress/current"):
        there.point(pointer(there, "3"))
    assert (there.local / "dress" / "current.json").read_text() == "2"
    there.refresh("current.json", now=True)
    there.point(pointer(there, "4"))


def test_two_first_pointers_are_not_both_the_first(here, there):
    here.point(pointer(here, "1"))
    with pytest.raises(VlclipError, match="another machine"):
        there.point(pointer(there, "2"))


def test_what_is_retired_goes_everywhere(here, there):
    here.publish(folder(here, "dress/builds/1"))
    here.point(pointer(here, "1"))
    there.refresh("current.json")
    here.remove(here.local / "dress")
    there.refresh("current.json", now=True)
    assert not (there.local / "dress" / "current.json").exists()
    assert list(here._objects()) == []


def test_old_builds_are_pruned_and_the_others_stay(here):
    for name in ("1", "2", "3"):
        here.publish(folder(here, f"dress/builds/{name}"))
    here.prune(here.local / "dress" / "builds", {"2", "3", None})
    names = [f"dress/builds/{name}{PACKED}" for name in ("2", "3")]
    assert [name for name, _ in here._objects()] == names


def test_a_folder_that_was_never_published_is_not_there(here):
    wanted = here.local / "dress" / "builds" / "9"
    here.fetch(wanted)
    assert not wanted.exists()


def test_a_local_pointer_that_was_never_moved_on_s3_is_undone(here):
    """A kill came between the two writes."""
    here.point(pointer(here, "1"))
    pointer(here, "2")
    again = Mirror(here.local, here._remote)
    again.refresh("current.json")
    assert (here.local / "dress" / "current.json").read_text() == "1"


def test_a_bucket_that_is_not_there_is_one_sentence(bucket, tmp_path):
    mirror = Mirror(tmp_path, "s3://no-such-bucket-anywhere/index")
    with pytest.raises(VlclipError, match="check the bucket, AWS_ENDPOINT_URL"):
        mirror.refresh("current.json")


def test_a_folder_of_this_machine_is_never_moved(tmp_path):
    mirror = Mirror(tmp_path, None)
    path = folder(mirror, "dress/builds/1")
    mirror.publish(path)
    mirror.point(pointer(mirror, "1"))
    mirror.refresh("current.json")
    mirror.remove(path)
    assert (path / "points.sqlite").is_file()


def test_an_archive_that_leads_out_of_its_folder_is_refused(tmp_path):
    import pyarrow as pa

    archive = tmp_path / "bad.tar.zst"
    (tmp_path / "evil").write_text("evil")
    with (
        pa.CompressedOutputStream(str(archive), "zstd") as stream,
        tarfile.open(fileobj=stream, mode="w|") as tar,
    ):
        tar.add(tmp_path / "evil", "../../evil")
    with pytest.raises(tarfile.FilterError):
        unpack(archive, tmp_path / "a" / "b")


def test_scratch_files_are_left_out(tmp_path):
    (tmp_path / "in" / ".tmp").mkdir(parents=True)
    (tmp_path / "in" / ".tmp" / "x").write_text("x")
    (tmp_path / "in" / "y").write_text("y")
    pack(tmp_path / "in", tmp_path / "a.tar.zst")
    unpack(tmp_path / "a.tar.zst", tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["y"]
