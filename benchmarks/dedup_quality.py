"""How well duplicates are found and colour variants kept apart, beside imagehash and imagededup.

On a generated catalog: the share of copies found by kind (re-encoded at quality 40 to 95, resized
0.25 to 2, padded by 2 to 15 %, cropped by up to 3 % a side, watermarked; made here from the
catalog's own photographs, beside the copies it holds) and the photographs wrongly merged. On the
luma catalog: identical files found, colour variants merged.

    python benchmarks/dedup_quality.py --sample OUT_OF_VLCLIP_SAMPLE --catalogs CATALOGS

imagededup comes with the extra `bench`; without it, its rows are left out.
"""

import argparse
import csv
import json
import logging
import random
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import imagehash
import polars as pl
from PIL import Image
from rich.console import Console
from rich.table import Table

from assets.deduped_images import stated_colours
from benchmarks.photograph_copies import MAKERS, copy
from vlclip_dagster.images.duplicates import group_duplicates
from vlclip_dagster.images.rendition import intake
from vlclip_dagster.images.settings import DedupSettings

FINGERPRINTS = ("phash", "framed", "tints", "colour", "degenerate", "width", "height", "sha256")
SAID = ("item_group_id", "color")

# For each photograph, what is merged with it.
Merged = dict[str, set[str]]
Way = Callable[[pl.DataFrame], Merged]


def ours(settings: DedupSettings, told: bool = True) -> Way:
    def merged(frame: pl.DataFrame) -> Merged:
        files = dict(frame.select("photo_id", "thumbnail").iter_rows())
        known = frame.with_columns(colours=stated_colours(frame["color"])) if told else frame
        groups = group_duplicates(
            known, settings, thumbnails=lambda ids: [files[name] for name in ids]
        )
        return by_value(groups["photo_id"], groups["canonical_id"])

    return merged


def imagehash_equal(frame: pl.DataFrame) -> Merged:
    hashes = [str(imagehash.phash(Image.open(path))) for path in frame["path"]]
    return by_value(frame["photo_id"], hashes)


def imagededup_default(frame: pl.DataFrame) -> Merged:
    from imagededup.methods import PHash

    finder = PHash(verbose=False)
    hashes = [finder.encode_image(path) for path in frame["path"]]
    near = finder.find_duplicates(
        encoding_map=dict(zip(frame["photo_id"], hashes, strict=True)),
        search_method="bktree",
        num_dist_workers=0,
    )
    return {name: {name, *others} for name, others in near.items()}


def by_value(names: pl.Series, values: Any) -> Merged:
    members: dict[Any, set[str]] = {}
    for name, value in zip(names, values, strict=True):
        members.setdefault(value, set()).add(name)
    return {name: members[value] for name, value in zip(names, values, strict=True)}


WAYS: dict[str, Way] = {
    "near (default)": ours(DedupSettings()),
    "near, pixels alone": ours(DedupSettings(), told=False),
    "exact (the paper's)": ours(DedupSettings(mode="exact")),
    "imagehash.phash, equal": imagehash_equal,
}
if find_spec("imagededup"):
    WAYS["imagededup PHash, 10 bits"] = imagededup_default


def row(photo_id: str, path: Path, **truth: Any) -> dict[str, Any]:
    photograph = intake(path.read_bytes())
    prints = {name: getattr(photograph, name) for name in (*FINGERPRINTS, "thumbnail")}
    return {"photo_id": photo_id, "path": str(path), **truth, **prints}


def frame_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    kinds = {"phash": pl.UInt64, "framed": pl.List(pl.UInt64), "kind": pl.String}
    return pl.DataFrame(rows, schema_overrides=kinds)


def feed_of(catalog: Path) -> Iterator[dict[str, str]]:
    with (catalog / "feed.tsv").open(encoding="utf-8", newline="") as feed:
        yield from csv.DictReader(feed, delimiter="\t")


def sample_rows(sample: Path, place: Path, copies: int, seed: int) -> Iterator[dict[str, Any]]:
    """The catalog's photographs, and ``copies`` of each kind made from them."""
    chance = random.Random(seed)
    said = {item["id"]: {name: item[name] or None for name in SAID} for item in feed_of(sample)}
    originals = []
    for line in (sample / "truth" / "truth.jsonl").open():
        truth = json.loads(line)
        told = {"type": truth["type"], "tint": truth["attributes"]["colour"], **said[truth["id"]]}
        origin = truth["duplicate_of"] or truth["id"]
        path = sample / truth["image"]
        yield row(truth["id"], path, origin=origin, kind=truth["duplicate_kind"], **told)
        if truth["role"] != "copy":
            originals.append((truth["id"], path, told))
    for kind in MAKERS:
        for name, path, told in chance.sample(originals, min(copies, len(originals))):
            made = place / f"{kind}-{name}.jpg"
            made.write_bytes(copy(Image.open(path).convert("RGB"), kind, chance))
            yield row(f"{kind}-{name}", made, origin=name, kind=kind, **told)


def luma_rows(folder: Path) -> Iterator[dict[str, Any]]:
    seen: dict[str, dict[str, Any]] = {}
    for item in feed_of(folder):
        links = [item["image_link"], *item["additional_image_link"].split(",")]
        for place, link in enumerate(filter(None, links)):
            name = f"{item['id']}#{place}"
            if link not in seen:
                seen[link] = row(name, folder / link)
            told = {said: item[said] or None for said in SAID}
            yield {**seen[link], "photo_id": name, "type": item["product_type"], **told}


def merged_by(frame: pl.DataFrame, way: Way) -> Merged:
    parts = [way(part) for _, part in frame.group_by("type", maintain_order=True)]
    return {name: others for part in parts for name, others in part.items()}


def sample_figures(frame: pl.DataFrame) -> list[dict[str, Any]]:
    origin = dict(frame.select("photo_id", "origin").iter_rows())
    tint = dict(frame.select("photo_id", "tint").iter_rows())
    copies = frame.filter(pl.col("kind").is_not_null())
    figures = []
    for name, way in WAYS.items():
        merged = merged_by(frame, way)
        found: dict[str, list[bool]] = {}
        for photo, kind in copies.select("photo_id", "kind").iter_rows():
            found.setdefault(kind, []).append(origin[photo] in merged[photo])
        wrong = {a: [b for b in near if origin[a] != origin[b]] for a, near in merged.items()}
        figures.append(
            {
                "grouping": name,
                **{f"{kind} found": sum(hits) / len(hits) for kind, hits in sorted(found.items())},
                "wrongly merged": sum(map(bool, wrong.values())),
                "of another colour": sum(
                    any(tint[a] != tint[b] for b in others) for a, others in wrong.items()
                ),
            }
        )
    return figures


def luma_figures(frame: pl.DataFrame) -> list[dict[str, Any]]:
    known = {photo["photo_id"]: photo for photo in frame.iter_rows(named=True)}

    def variants(a: str, b: str) -> bool:
        one, other = known[a], known[b]
        same_item = one["item_group_id"] == other["item_group_id"]
        differs = one["color"] != other["color"] and one["sha256"] != other["sha256"]
        return same_item and differs

    twins = by_value(frame["photo_id"], frame.select("type", "sha256").rows())
    pairs = [(a, b) for a, others in twins.items() for b in others if a < b]
    figures = []
    for name, way in WAYS.items():
        merged = merged_by(frame, way)
        found = sum(b in merged[a] for a, b in pairs)
        wrong = sum(any(variants(a, b) for b in near) for a, near in merged.items())
        figures.append(
            {
                "grouping": name,
                "identical pairs found": f"{found} of {len(pairs)}",
                "variants merged": wrong,
            }
        )
    return figures


def show(console: Console, title: str, figures: list[dict[str, Any]]) -> None:
    table = Table(title=title)
    for head in figures[0]:
        table.add_column(head, justify="left" if head == "grouping" else "right")
    for line in figures:
        table.add_row(*(f"{v:.3f}" if isinstance(v, float) else str(v) for v in line.values()))
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=Path, help="a folder that `vlclip sample` wrote")
    parser.add_argument("--catalogs", type=Path, help="the folder with luma/")
    parser.add_argument("--copies", type=int, default=200, help="copies made of each kind")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    answer: dict[str, Any] = {}
    if options.sample:
        with tempfile.TemporaryDirectory() as place:
            rows = sample_rows(options.sample, Path(place), options.copies, options.seed)
            answer["generated catalog"] = sample_figures(frame_of(list(rows)))
    if options.catalogs:
        answer["luma"] = luma_figures(frame_of(list(luma_rows(options.catalogs / "luma"))))
    if options.json:
        print(json.dumps(answer, indent=2))
        return
    for title, figures in answer.items():
        show(Console(width=150), title, figures)


if __name__ == "__main__":
    main()
