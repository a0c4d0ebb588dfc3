"""A folder as one file and back, for files that are mostly holes.

A small shard of an index shows 90 MB of length and uses 3 MB of disk: its zeros shrink to nothing
on the way out, and become holes again on the way in.
"""

import tarfile
from pathlib import Path
from typing import IO

_BLOCK = 1 << 16
_ZEROS = bytes(_BLOCK)


def pack(folder: Path, archive: Path) -> None:
    """Write the files of a folder into one compressed archive; scratch files are left out."""
    import pyarrow as pa

    archive.parent.mkdir(parents=True, exist_ok=True)
    with (
        pa.CompressedOutputStream(str(archive), "zstd") as stream,
        tarfile.open(fileobj=stream, mode="w|") as tar,
    ):
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and not any(part.startswith(".") for part in name.split("/")):
                tar.add(path, name, recursive=False)


def unpack(archive: Path, target: Path) -> None:
    """Write the files of an archive into ``target``.

    Raises:
        tarfile.FilterError: a name leads out of ``target``.
        tarfile.ReadError: the archive is damaged.
    """
    import pyarrow as pa

    target.mkdir(parents=True, exist_ok=True)
    with (
        pa.CompressedInputStream(str(archive), "zstd") as stream,
        tarfile.open(fileobj=stream, mode="r|") as tar,
    ):
        for member in tar:
            safe = tarfile.data_filter(member, str(target))
            content = tar.extractfile(safe)
            if content is not None:
                _write_with_holes(content, target / safe.name)


def _write_with_holes(content: IO[bytes], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        while block := content.read(_BLOCK):
            if block == _ZEROS[: len(block)]:
                file.seek(len(block), 1)
            else:
                file.write(block)
        file.truncate()
