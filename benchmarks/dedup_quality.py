"""How well duplicates are found and colour variants kept apart.

Prints, for each way of grouping, the share of true duplicates found by kind and the number of
photographs wrongly merged, on a generated catalog's truth and on the luma catalog. Plain
equality of ``imagehash.phash`` is the paper's rule (the mode ``exact``).

    python benchmarks/dedup_quality.py --sample OUT_OF_VLCLIP_SAMPLE --catalogs shared/catalogs
"""

import argparse
import csv
import json
from collections import Counter
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from vlclip_dagster.images.duplicates import group_duplicates
from vlclip_dagster.images.rendition import intake
from vlclip_dagster.images.settings import DedupSettings

WAYS = {
    "exact (equal pHash)": DedupSettings(mode="exact"),
    "near, colour ignored": DedupSettings(mode="near", colour_threshold=1e6),
    "near, pixels alone": DedupSettings(mode="near"),
    "near, and what the shop says": DedupSettings(mode="near"),
}
SAID = ["item_group_id", "color"]


def fingerprints(path: Path) -> dict:
    photograph = intake(path.read_bytes())
    return {
        "phash": photograph.phash,
        "colour": list(photograph.colour),
        "degenerate": photograph.degenerate,
        "width": photograph.width,
        "height": photograph.height,
        "sha256": photograph.sha256,
    }


def grouped(frame: pl.DataFrame, way: str) -> pl.DataFrame:
    """Each photograph with its canonical one and what is said of that."""
    told = frame if way == list(WAYS)[-1] else frame.drop(SAID, strict=False)
    parts = [group_duplicates(part, WAYS[way]) for _, part in told.group_by("type")]
    said = frame.select(
        canonical_id="photo_id", its_origin="origin", its_group="group", its_colour="tint",
        its_bytes="sha256",
    )  # fmt: skip
    return frame.join(pl.concat(parts), on="photo_id").join(said, on="canonical_id")


def sample_frame(folder: Path) -> pl.DataFrame:
    rows = []
    for line in (folder / "truth" / "truth.jsonl").open():
        row = json.loads(line)
        told = {
            "photo_id": row["id"],
            "type": row["type"],
            "origin": row["duplicate_of"] or row["id"],
            "kind": row["duplicate_kind"],
            "group": None,
            "tint": row["attributes"]["colour"],
        }
        rows.append(told | fingerprints(folder / row["image"]))
    return pl.DataFrame(rows, schema_overrides={"phash": pl.UInt64, "group": pl.String})


def luma_frame(folder: Path) -> pl.DataFrame:
    rows, seen = [], {}
    with (folder / "feed.tsv").open(encoding="utf-8", newline="") as feed:
        for item in csv.DictReader(feed, delimiter="\t"):
            links = [item["image_link"], *item["additional_image_link"].split(",")]
            for place, link in enumerate(filter(None, links)):
                seen.setdefault(link, fingerprints(folder / link))
                told = {
                    "photo_id": f"{item['id']}#{place}",
                    "type": item["product_type"],
                    "origin": seen[link]["sha256"],
                    "kind": None,
                    "group": item["item_group_id"],
                    "tint": item["color"],
                    "item_group_id": item["item_group_id"],
                    "color": item["color"],
                }
                rows.append(told | seen[link])
    return pl.DataFrame(rows, schema_overrides={"phash": pl.UInt64})


def sample_table(frame: pl.DataFrame) -> Table:
    table = Table(title=f"Generated catalog, {len(frame)} photographs")
    kinds = sorted(frame["kind"].drop_nulls().unique())
    for head in ["grouping", *(f"{kind} found" for kind in kinds), "wrong merges", "of other tint"]:
        table.add_column(head, justify="right")
    for way in WAYS:
        pairs = grouped(frame, way)
        canonical = dict(pairs.select("photo_id", "canonical_id").iter_rows())
        found, all_of = Counter(), Counter()
        for row in pairs.filter(pl.col("kind").is_not_null()).iter_rows(named=True):
            all_of[row["kind"]] += 1
            found[row["kind"]] += row["canonical_id"] == canonical[row["origin"]]
        wrong = pairs.filter(pl.col("origin") != pl.col("its_origin"))
        tints = wrong.filter(pl.col("tint") != pl.col("its_colour"))
        shares = [f"{found[kind]} of {all_of[kind]}" for kind in kinds]
        table.add_row(way, *shares, str(len(wrong)), str(len(tints)))
    return table


def luma_table(frame: pl.DataFrame) -> Table:
    table = Table(title=f"luma, {len(frame)} photographs")
    for head in ["grouping", "identical bytes found", "colour variants merged"]:
        table.add_column(head, justify="right")
    for way in WAYS:
        pairs = grouped(frame, way)
        copies = pairs.filter(pl.len().over("type", "sha256") > 1)
        together = copies.filter(pl.col("canonical_id").n_unique().over("type", "sha256") == 1)
        merged = pairs.filter(
            pl.col("group") == pl.col("its_group"),
            pl.col("tint") != pl.col("its_colour"),
            pl.col("sha256") != pl.col("its_bytes"),
        )
        table.add_row(way, f"{len(together)} of {len(copies)}", str(len(merged)))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=Path, help="a folder that `vlclip sample` wrote")
    parser.add_argument("--catalogs", type=Path, help="the folder with luma/")
    options = parser.parse_args()
    console = Console(width=120)
    if options.sample:
        console.print(sample_table(sample_frame(options.sample)))
    if options.catalogs:
        console.print(luma_table(luma_frame(options.catalogs / "luma")))


if __name__ == "__main__":
    main()
