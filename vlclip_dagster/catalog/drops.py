"""Drops: what a shop hands over at one time, pinned by hashes.

What belongs here: the manifest, finding the feeds of a folder, putting them into the inbox, and
reading a drop back. What does not: the rows of a feed (``landing``), and which drops an inbox
holds (``waiting``).
"""

import posixpath
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from vlclip_dagster.catalog.feeds import COMPANIONS, FEED_SUFFIXES, read_feed, unpacked_name
from vlclip_dagster.catalog.local_files import hash_file, hash_linked, linked_file
from vlclip_dagster.catalog.mapping import MAPPING, FeedMapping, mapping_beside
from vlclip_dagster.catalog.slug import slugify
from vlclip_dagster.catalog.values import local_links
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.hashing import row_key
from vlclip_dagster.storage import copy_whole, is_remote, write_whole

Mode = Literal["snapshot", "delta"]

MANIFEST = "manifest.json"
"""The file that makes a folder a drop; it is written last."""

_FEED_NAMES = ("product", "feed", "catalog", "item", "listing")
# A part of a table in several files, as Hugging Face and Spark name it.
_PART = re.compile(r"^part-\d{5}|-\d{5}-of-\d{5}\b")
_SHA256 = r"^[0-9a-f]{64}$"
_UPLOADS = 16  # photographs on their way to S3 at a time


class FileRef(BaseModel):
    """A file of a drop: where it is, and what it must hold."""

    model_config = ConfigDict(frozen=True)

    path: str
    size: int = Field(ge=0)
    sha256: str = Field(pattern=_SHA256)


class DropManifest(BaseModel):
    """What a drop consists of: the shop, the mode and the feeds; the rest may be left out.

    Attributes:
        version: of this format.
        shop: the shop's key.
        mode: ``snapshot`` (all the shop sells) or ``delta`` (changes only).
        root: folder or address that relative photograph links resolve against; the drop's own
            folder where it is absent.
        feeds: feed files, by name.
        images: photographs that the feeds link to and that were found, by link.
        mapping: how the feeds are read, where that is not recognised.
        created_at: when it was prepared (ISO 8601 with a time zone); when its newest file was
            written where it is absent.
    """

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    shop: str
    mode: Mode
    root: str | None = None
    feeds: tuple[FileRef, ...] = Field(min_length=1)
    images: tuple[FileRef, ...] = ()
    mapping: FeedMapping = FeedMapping()
    created_at: AwareDatetime | None = None

    @property
    def drop_id(self) -> str:
        """Hash of the shop, the mode and all contents, wherever the files lie."""
        feeds = tuple(sorted(feed.sha256 for feed in self.feeds))
        images = tuple((image.path, image.sha256) for image in self.images)
        said = self.mapping.model_dump(mode="json", exclude_defaults=True)
        return row_key("drop/1", self.shop, self.mode, feeds, images, *([said] if said else []))

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
    """A verified drop: its manifest, the folder with its feeds, and what its links start from."""

    folder: Path
    manifest: DropManifest
    root: str


def prepare_drop(
    path: Path,
    *,
    shop: str | None = None,
    mode: Mode = "snapshot",
    mapping: FeedMapping | None = None,
) -> DropManifest:
    """Describe the drop at ``path``: a folder with one or more feeds, or a feed.

    The photographs that the feeds link to are hashed where they lie in the folder; those that
    are not found are left to fail as rows.

    Args:
        path: folder or feed file.
        shop: the shop's name; the folder's name if absent.
        mode: whether what the drop leaves out leaves the catalog.
        mapping: how its feeds are read; if absent, what the file ``mapping.toml`` beside them
            says, if there is one.

    Raises:
        VlclipError: there is no feed, more than one candidate, or a feed can't be read.
    """
    path = path.resolve()
    if not path.exists():
        raise VlclipError(f"there is nothing at {path}: give the path of a folder or a feed")
    root = path if path.is_dir() else path.parent
    mapping = mapping or mapping_beside(root)
    files = find_feeds(path) if path.is_dir() else [path]
    read = [file for file in files if file.name not in COMPANIONS]
    links = (link for file in read for link in _links(file, mapping, root))
    images = tuple(
        FileRef(path=link, size=size, sha256=digest)
        for link, (digest, size) in sorted(hash_linked(links, root).items())
    )
    return DropManifest(
        shop=slugify(shop or root.name or "shop"),
        mode=mode,
        root=str(root),
        feeds=tuple(_reference(file) for file in files),
        images=images,
        mapping=mapping,
        created_at=datetime.now(UTC),
    )


def find_feeds(folder: Path) -> list[Path]:
    """The feed files directly in ``folder``: those named like one, or the only one there is.

    The parts of a table in several files are one.

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
            f"there is no feed in {folder}: put a file such as products.csv, feed.tsv or "
            "products.jsonl there, or give the path of the feed itself"
        )
    if len(chosen) > 1 and not named and not all(_PART.search(file.name) for file in chosen):
        names = ", ".join(file.name for file in chosen[:10])
        raise VlclipError(
            f"the folder {folder} holds several files that may be its feed ({names}): "
            "give the path of one"
        )
    companions = [folder / name for name in COMPANIONS if (folder / name).is_file()]
    return [file for file in chosen if file not in companions] + companions


def write_drop(manifest: DropManifest, inbox: Path) -> Path:
    """Put a prepared drop into ``inbox/<shop>/<drop_id>``; an equal one there is replaced.

    The feeds are copied. Photographs stay where they are, unless the inbox is on S3, where only
    what is there too can be read. The manifest appears last and whole, so that whoever watches
    the inbox never sees half a drop.

    Returns:
        The drop's folder.

    Raises:
        VlclipError: a feed changed or went away since the drop was prepared, or the inbox can't
            be written.
    """
    folder = inbox / manifest.shop / manifest.drop_id
    root = Path(manifest.root or ".")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for feed in manifest.feeds:
            _verify(root / feed.path, feed)
            copy_whole(root / feed.path, folder / feed.path)
        if is_remote(inbox):
            _copy_photographs(manifest, root, folder)
            manifest = manifest.model_copy(update={"root": None})
        _write_manifest(manifest, folder)
    except OSError as error:
        reason = error.strerror or "it can't be written"
        raise VlclipError(f"the drop can't be put into {folder}: {reason}") from error
    return folder


def read_drop(place: Path, *, shop: str | None = None) -> Drop:
    """Read a drop and verify its feeds; a folder or feed without a manifest is prepared in place.

    Args:
        place: a drop's folder, or a bare feed.
        shop: the shop's name where there is no manifest.

    Raises:
        VlclipError: the manifest is unreadable, or a feed is not what the manifest says.
    """
    file = place / MANIFEST
    if place.is_file() or not file.is_file():
        manifest = prepare_drop(place, shop=shop)
        root = Path(manifest.root or place)
        return Drop(root, manifest, str(root))
    try:
        manifest = DropManifest.model_validate_json(file.read_bytes())
    except (ValidationError, OSError) as error:
        reason = _reason(error) if isinstance(error, ValidationError) else "it can't be read"
        raise VlclipError(
            f"the manifest {file} is not valid ({reason}): drop the catalog again"
        ) from error
    for feed in manifest.feeds:
        _verify(place / feed.path, feed)
    return Drop(place, manifest, manifest.root or str(place))


def fetch_drop(place: Path, scratch: Path, *, shop: str | None = None) -> Drop:
    """Copy a drop from S3 to this machine and read it there; its photographs stay on S3.

    Args:
        place: the drop's folder or bare feed.
        scratch: an empty folder of this machine.
        shop: the shop's name where there is no manifest.

    Raises:
        VlclipError: as :func:`read_drop`.
    """
    if place.is_file():
        files, source = [place], place.parent
    else:
        here = [file for file in place.iterdir() if file.is_file()]
        needed = [f for f in here if f.name in (MANIFEST, MAPPING) or _may_be_feed(f.name)]
        files, source = needed, place
    for file in files:
        copy_whole(file, scratch / file.name)
    drop = read_drop(scratch / files[0].name if place.is_file() else scratch, shop=shop)
    # A folder of some machine means nothing here, and must not open this machine's files.
    stated = drop.manifest.root or ""
    root = stated if stated.startswith(("http://", "https://")) else str(source)
    return Drop(drop.folder, drop.manifest, root)


def _copy_photographs(manifest: DropManifest, root: Path, folder: Path) -> None:
    """Copy the photographs that the manifest names to where their links point within ``folder``."""

    def copy(link: str) -> None:
        source = linked_file(link, root)
        if source is not None and not link.startswith(("/", "file:")):
            copy_whole(source, folder / posixpath.normpath(link))

    with ThreadPoolExecutor(_UPLOADS) as pool:
        list(pool.map(copy, (image.path for image in manifest.images)))


def _write_manifest(manifest: DropManifest, folder: Path) -> None:
    text = manifest.model_dump_json(indent=1, exclude_none=True)
    write_whole(folder / MANIFEST, text.encode())


def _reason(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(step) for step in first["loc"])
    return f"{where}: {first['msg']}" if where else "it is not JSON"


def _may_be_feed(name: str) -> bool:
    lower = name.lower()
    if lower.startswith((".", "readme", "licen")) or lower == MANIFEST:
        return False
    return unpacked_name(lower).endswith(FEED_SUFFIXES)


def _links(feed: Path, mapping: FeedMapping, root: Path) -> Iterable[str]:
    for batch in read_feed(feed, mapping, root=root):
        yield from local_links(batch.rows)


def _reference(file: Path) -> FileRef:
    digest, size = hash_file(file)
    return FileRef(path=file.name, size=size, sha256=digest)


def _verify(file: Path, feed: FileRef) -> None:
    try:
        actual = hash_file(file)
    except OSError:
        actual = ("", -1)
    if actual != (feed.sha256, feed.size):
        raise VlclipError(
            f"the feed {feed.path} in {file.parent} is not what its drop's manifest says "
            "(it is missing, half written or changed): drop the catalog again"
        )
