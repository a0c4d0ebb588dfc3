"""Drops: what a shop hands over at one time, pinned by hashes.

What belongs here: the manifest, finding the feeds of a folder, landing them in the inbox, and
reading a drop back. What does not: the rows of a feed (``landing``).
"""

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from vlclip_dagster.catalog.feeds import FEED_SUFFIXES, read_feed
from vlclip_dagster.catalog.local_files import hash_file, hash_linked
from vlclip_dagster.catalog.slug import slugify
from vlclip_dagster.catalog.values import photograph_links
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.hashing import row_key

Mode = Literal["snapshot", "delta"]

MANIFEST = "manifest.json"
"""The file that makes a folder a drop; it is written last."""

_FEED_NAMES = ("product", "feed", "catalog", "item", "listing")
_SHA256 = r"^[0-9a-f]{64}$"


class FileRef(BaseModel):
    """A file of a drop: where it is, and what it must hold."""

    model_config = ConfigDict(frozen=True)

    path: str
    size: int = Field(ge=0)
    sha256: str = Field(pattern=_SHA256)


class DropManifest(BaseModel):
    """What a drop consists of.

    Attributes:
        version: of this format.
        drop_id: hash of the shop, the mode and all contents, wherever the files lie.
        shop: the shop's key.
        mode: ``snapshot`` (all the shop sells) or ``delta`` (changes only).
        root: folder or address that relative photograph links resolve against.
        feeds: feed files, by name.
        images: photographs that the feeds link to and that were found, by link.
        created_at: when it was prepared (ISO 8601, UTC).
    """

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    drop_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    shop: str
    mode: Mode
    root: str
    feeds: tuple[FileRef, ...] = Field(min_length=1)
    images: tuple[FileRef, ...] = ()
    created_at: datetime

    @field_validator("shop")
    @classmethod
    def _is_key(cls, shop: str) -> str:
        if slugify(shop) != shop:
            raise ValueError("the shop must be a key of lower-case letters, digits and hyphens")
        return shop

    @field_validator("feeds")
    @classmethod
    def _are_names(cls, feeds: tuple[FileRef, ...]) -> tuple[FileRef, ...]:
        for feed in feeds:
            if feed.path in ("", ".", "..") or set(feed.path) & set("/\\\x00"):
                raise ValueError("a feed's path must be the name of a file in the drop's folder")
        return feeds


@dataclass(frozen=True)
class Drop:
    """A verified drop: its manifest, and the folder that holds its feed files."""

    folder: Path
    manifest: DropManifest


def prepare_drop(path: Path, *, shop: str | None = None, mode: Mode = "snapshot") -> DropManifest:
    """Describe the drop at ``path``: a folder with one or more feeds, or a feed.

    The photographs that the feeds link to are hashed where they lie in the folder; those that
    are not found are left to fail as rows.

    Args:
        path: folder or feed file.
        shop: the shop's name; the folder's name if absent.
        mode: whether what the drop leaves out leaves the catalog.

    Raises:
        VlclipError: there is no feed, more than one candidate, or a feed can't be read.
    """
    path = path.resolve()
    if not path.exists():
        raise VlclipError(f"There is nothing at {path}: give the path of a folder or a feed.")
    root = path if path.is_dir() else path.parent
    files = find_feeds(path) if path.is_dir() else [path]
    links = (link for file in files for link in _links(file))
    images = tuple(
        FileRef(path=link, size=size, sha256=digest)
        for link, (digest, size) in sorted(hash_linked(links, root).items())
    )
    feeds = tuple(_reference(file) for file in files)
    key = slugify(shop or root.name or "shop")
    return DropManifest(
        drop_id=_drop_id(key, mode, feeds, images),
        shop=key,
        mode=mode,
        root=str(root),
        feeds=feeds,
        images=images,
        created_at=datetime.now(UTC),
    )


def find_feeds(folder: Path) -> list[Path]:
    """The feed files directly in ``folder``: those named like one, or the only one there is.

    Raises:
        VlclipError: there is none, or it can't be told which of several it is.
    """
    candidates = sorted(
        file for file in folder.iterdir() if _may_be_feed(file.name) and file.is_file()
    )
    named = [file for file in candidates if file.name.lower().startswith(_FEED_NAMES)]
    chosen = named or candidates
    if not chosen:
        raise VlclipError(
            f"There is no feed in {folder}: put a file such as products.csv, feed.tsv or "
            "products.jsonl there, or give the path of the feed itself."
        )
    if len(chosen) > 1 and not named:
        names = ", ".join(file.name for file in chosen[:10])
        raise VlclipError(
            f"The folder {folder} holds several files that may be its feed ({names}): "
            "give the path of one."
        )
    return chosen


def write_drop(manifest: DropManifest, inbox: Path) -> Path:
    """Land a prepared drop in ``inbox/<shop>/<drop_id>``; a drop that is there already stays.

    The feeds are copied, photographs stay where they are. The manifest appears last and whole,
    so that whoever watches the inbox never sees half a drop.

    Returns:
        The drop's folder.

    Raises:
        VlclipError: a feed changed or went away since the drop was prepared, or the inbox can't
            be written.
    """
    folder = inbox / manifest.shop / manifest.drop_id
    with contextlib.suppress(VlclipError):
        if read_drop(folder).manifest.root == manifest.root:
            return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for feed in manifest.feeds:
            _copy(Path(manifest.root) / feed.path, folder / feed.path, feed)
        _write_whole(folder / MANIFEST, manifest.model_dump_json(indent=1))
    except OSError as error:
        reason = error.strerror or "it can't be written"
        raise VlclipError(f"The drop can't be put into {folder}: {reason}.") from error
    return folder


def read_drop(folder: Path) -> Drop:
    """Read a drop and verify its feeds; a folder or feed without a manifest is prepared in place.

    Args:
        folder: a drop's folder, or a bare feed.

    Raises:
        VlclipError: the manifest is unreadable, or a feed is not what the manifest says.
    """
    file = folder / MANIFEST
    if folder.is_file() or not file.is_file():
        manifest = prepare_drop(folder)
        return Drop(Path(manifest.root), manifest)
    try:
        manifest = DropManifest.model_validate_json(file.read_bytes())
    except (ValidationError, OSError) as error:
        raise VlclipError(f"The manifest {file} is not valid: drop the catalog again.") from error
    for feed in manifest.feeds:
        _verify(folder / feed.path, feed)
    return Drop(folder, manifest)


def _may_be_feed(name: str) -> bool:
    lower = name.lower()
    if lower.startswith((".", "readme", "licen")) or lower == MANIFEST:
        return False
    return lower.removesuffix(".gz").endswith(FEED_SUFFIXES)


def _links(feed: Path) -> Iterable[str]:
    rows = read_feed(feed).rows
    absent = [None] * len(rows)
    main, more = (
        rows[name] if name in rows.columns else absent
        for name in ("image_link", "additional_image_link")
    )
    for link, others in zip(main, more, strict=True):
        yield from photograph_links(link or "", others)


def _reference(file: Path) -> FileRef:
    digest, size = hash_file(file)
    return FileRef(path=file.name, size=size, sha256=digest)


def _drop_id(shop: str, mode: str, feeds: Iterable[FileRef], images: Iterable[FileRef]) -> str:
    written = tuple(sorted(feed.sha256 for feed in feeds))
    shown = tuple((image.path, image.sha256) for image in images)
    return row_key("drop/1", shop, mode, written, shown)


def _copy(source: Path, target: Path, feed: FileRef) -> None:
    """Copy a feed under a name of its own first, so that two copies never write one file."""
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        shutil.copyfile(source, partial)
        _verify(partial, feed)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _verify(file: Path, feed: FileRef) -> None:
    try:
        actual = hash_file(file)
    except OSError:
        actual = ("", -1)
    if actual != (feed.sha256, feed.size):
        raise VlclipError(
            f"The feed {feed.path} in {file.parent} is not what its drop's manifest says "
            "(it is missing, half written or changed): drop the catalog again."
        )


def _write_whole(file: Path, text: str) -> None:
    partial = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
    try:
        with partial.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
