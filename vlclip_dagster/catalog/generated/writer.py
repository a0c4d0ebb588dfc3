"""Writing a generated catalog: photographs in parallel, then the truth, then the feed.

The feed comes last and in one move, so a folder with a feed is a whole catalog.
"""

import csv
import io
import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from vlclip_dagster.catalog.generated.feed_rows import COLUMNS, feed_row, image_name, truth_row
from vlclip_dagster.catalog.generated.photo import Box, Photo, copied, take
from vlclip_dagster.catalog.generated.planning import Item, plan
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.progress import report

LABEL = "drawing products"
_OWN_FILES = {"feed.tsv", "images", "truth"}


@dataclass(frozen=True)
class SampleSummary:
    """What was written.

    Attributes:
        folder: where.
        products: rows of the feed.
        types: product types among them.
        photographs: JPEG files, second photographs included.
        packshots: products whose main photograph is a packshot.
        variants: products in a group of colour variants beyond the first of each group.
        duplicates: products whose photograph repeats another's.
        seconds: time it took.
    """

    folder: Path
    products: int
    types: int
    photographs: int
    packshots: int
    variants: int
    duplicates: int
    seconds: float


@dataclass(frozen=True)
class Shot:
    """A photograph that is on disk: whose it is, its size and the product's box."""

    number: int
    size: tuple[int, int]
    box: Box
    files: int


def write_sample(
    out: Path, *, products: int = 2550, seed: int = 7, workers: int = 2
) -> SampleSummary:
    """Generate a catalog of rendered products into ``out``.

    Writes ``feed.tsv``, ``images/`` and ``truth/truth.jsonl``. The same products and seed give
    the same bytes whatever the number of workers.

    Args:
        out: a new or empty folder, or one that holds an earlier sample, which is replaced.
        products: rows of the feed, spread evenly over seventeen types.
        seed: which catalog.
        workers: processes that draw; 1 draws in this one.

    Raises:
        VlclipError: ``products`` or ``workers`` is below one, or ``out`` holds other files.

    Example:
        >>> write_sample(Path("drop"), products=68, workers=1).types
        17
    """
    started = time.monotonic()
    if products < 1 or workers < 1:
        raise VlclipError("a sample needs at least one product and one worker")
    _clear(out)
    items = plan(products, seed)
    shots = _draw_all(items, out, seed, workers)
    truth = [
        truth_row(item, seed, shots[item.number].size, shots[item.number].box) for item in items
    ]
    _replace(out / "truth" / "truth.jsonl", "\n".join(truth) + "\n")
    _replace(out / "feed.tsv", _tsv(items, seed))
    return SampleSummary(
        folder=out,
        products=len(items),
        types=len({item.look.slug for item in items}),
        photographs=sum(shot.files for shot in shots.values()),
        packshots=sum(item.on_white for item in items),
        variants=sum(item.role == "variant" for item in items),
        duplicates=sum(item.role == "copy" for item in items),
        seconds=time.monotonic() - started,
    )


def _clear(out: Path) -> None:
    """Make the folders and take away an earlier sample; refuse to touch anything else."""
    if out.exists() and not out.is_dir():
        raise VlclipError(f"{out} is a file: give a folder for the sample.")
    foreign = (
        sorted(path.name for path in out.iterdir() if path.name not in _OWN_FILES)
        if out.exists()
        else []
    )
    if foreign:
        raise VlclipError(f"{out} holds other files ({foreign[0]}): give a new or empty folder.")
    (out / "feed.tsv").unlink(missing_ok=True)
    for folder, suffix in ((out / "images", "*.jpg"), (out / "truth", "*.jsonl")):
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(suffix):
            old.unlink()


def _families(items: tuple[Item, ...]) -> list[tuple[Item, ...]]:
    """Items that repeat one photograph go to one worker, the original first."""
    families: dict[int, list[Item]] = {}
    for item in sorted(items, key=lambda item: (item.copy_of is not None, item.number)):
        families.setdefault(item.number if item.copy_of is None else item.copy_of, []).append(item)
    return [tuple(family) for family in families.values()]


def _draw_all(items: tuple[Item, ...], out: Path, seed: int, workers: int) -> dict[int, Shot]:
    """Draw every family and report progress by products."""
    families = _families(items)
    shots: dict[int, Shot] = {}
    report(LABEL, 0, len(items))
    for family in _drawn(families, out, seed, workers):
        shots.update({shot.number: shot for shot in family})
        report(LABEL, len(shots), len(items))
    return shots


def _drawn(
    families: list[tuple[Item, ...]], out: Path, seed: int, workers: int
) -> Iterator[list[Shot]]:
    folders, seeds = [out] * len(families), [seed] * len(families)
    if workers == 1:
        yield from map(draw_family, families, folders, seeds)
        return
    # A forked child would inherit the locks of threads it does not have.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        yield from pool.map(draw_family, families, folders, seeds, chunksize=4)


def draw_family(family: tuple[Item, ...], out: Path, seed: int) -> list[Shot]:
    """Draw an original and what repeats it, and write the files."""
    original = family[0]
    photo = take(original.look, original.scene, original.on_white)
    shots = [_keep(original, photo, out, seed)]
    for item in family[1:]:
        shots.append(_keep(item, copied(photo, item.copy_kind, item.number), out, seed))
    return shots


def _keep(item: Item, photo: Photo, out: Path, seed: int) -> Shot:
    (out / image_name(item.number, seed)).write_bytes(photo.data)
    if item.spare:
        second = take(item.look, item.scene + 1, not item.on_white)
        (out / image_name(item.number, seed, True)).write_bytes(second.data)
    return Shot(item.number, (photo.width, photo.height), photo.box, 1 + item.spare)


def _tsv(items: tuple[Item, ...], seed: int) -> str:
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, COLUMNS, delimiter="\t", lineterminator="\n")
    writer.writeheader()
    writer.writerows(feed_row(item, seed) for item in items)
    return sheet.getvalue()


def _replace(path: Path, text: str) -> None:
    """Write a text file that nobody sees half of."""
    draft = path.with_name(f".{path.name}.part")
    draft.write_text(text, encoding="utf-8", newline="")
    draft.replace(path)
