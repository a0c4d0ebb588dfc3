"""What a generated drop promises to whoever reads it, and to whoever tests with its truth."""

import csv
import json
from collections import Counter, defaultdict
from pathlib import Path

import cv2
import numpy as np
import pytest

from vlclip_dagster.catalog.generated import SampleSummary, write_sample
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.progress import listening

PRODUCTS = 68


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> SampleSummary:
    return write_sample(tmp_path_factory.mktemp("sample") / "drop", products=PRODUCTS, workers=1)


@pytest.fixture(scope="module")
def rows(sample) -> list[dict[str, str]]:
    with (sample.folder / "feed.tsv").open(encoding="utf-8", newline="") as feed:
        return list(csv.DictReader(feed, delimiter="\t"))


@pytest.fixture(scope="module")
def truth(sample) -> dict[str, dict]:
    lines = (sample.folder / "truth" / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    return {record["id"]: record for record in map(json.loads, lines)}


def files_of(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_other_processes_write_the_same_bytes(sample, tmp_path):
    again = write_sample(tmp_path / "again", products=PRODUCTS, workers=2)
    assert files_of(again.folder) == files_of(sample.folder)


def test_another_seed_is_another_catalog(sample, tmp_path):
    other = write_sample(tmp_path / "other", products=17, seed=8, workers=1)
    assert not set(files_of(other.folder)) & {
        name for name in files_of(sample.folder) if name.startswith("images/")
    }


def test_products_are_spread_evenly_over_seventeen_types(sample, rows, truth):
    counts = Counter(record["type"] for record in truth.values())
    assert len(rows) == len(truth) == sample.products == PRODUCTS
    assert len(counts) == sample.types == 17
    assert set(counts.values()) == {PRODUCTS // 17}
    assert len({row["product_type"].rsplit(" > ", 1)[-1] for row in rows}) == 17


def test_feed_is_read_by_the_csv_module_line_breaks_included(rows):
    assert all("\n" in row["description"] for row in rows)
    assert all(row["title"] and "\n" not in row["title"] for row in rows)
    assert all(None not in row and None not in row.values() for row in rows)
    assert len({row["id"] for row in rows}) == PRODUCTS
    assert all(row["price"].endswith(" USD") and float(row["price"][:-4]) > 0 for row in rows)


def test_attribute_columns_are_sometimes_missing(rows):
    share = np.mean([row["color"] == "" for row in rows])
    assert 0.02 < share < 0.35


def test_every_listed_photograph_decodes_and_no_other_lies_there(sample, rows):
    listed = [row["image_link"] for row in rows]
    listed += [row["additional_image_link"] for row in rows if row["additional_image_link"]]
    on_disk = {name for name in files_of(sample.folder) if name.startswith("images/")}
    assert set(listed) == on_disk
    assert len(listed) == sample.photographs
    for link in listed:
        picture = cv2.imread(str(sample.folder / link))
        assert picture is not None
        assert min(picture.shape[:2]) >= 160
        assert max(picture.shape[:2]) <= 1300


def test_boxes_lie_in_their_photographs_and_cover_a_sensible_part(sample, truth):
    for record in truth.values():
        height, width = cv2.imread(str(sample.folder / record["image"])).shape[:2]
        assert (record["width"], record["height"]) == (width, height)
        x0, y0, x1, y1 = record["box"]
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height
        share = (x1 - x0) * (y1 - y0) / (width * height)
        assert 0.05 < share < 0.95, record["id"]


def test_boxes_hold_the_product_of_a_packshot(sample, truth):
    for record in truth.values():
        if record["scene"] != "packshot" or record["role"] != "original":
            continue
        picture = cv2.imread(str(sample.folder / record["image"]), cv2.IMREAD_GRAYSCALE)
        drawn = np.abs(picture.astype(int) - int(np.median(picture[:8]))) > 64
        x0, y0, x1, y1 = record["box"]
        inside = drawn[y0:y1, x0:x1].sum()
        assert inside > 0.8 * drawn.sum(), record["id"]


def test_a_third_are_packshots(truth):
    share = np.mean([record["scene"] == "packshot" for record in truth.values()])
    assert 0.22 < share < 0.45


def test_colour_variants_share_shape_and_place_but_not_colour(sample, rows, truth):
    groups = defaultdict(list)
    for record in truth.values():
        if record["role"] != "copy":
            groups[record["shape"]].append(record)
    variants = [group for group in groups.values() if len(group) > 1]
    assert variants
    feed_groups = {row["id"]: row["item_group_id"] for row in rows}
    for group in variants:
        assert len({record["attributes"]["colour"] for record in group}) == len(group)
        assert len({tuple(record["box"]) for record in group}) == 1
        assert len({feed_groups[record["id"]] for record in group}) == 1
        details = [
            {k: v for k, v in record["attributes"].items() if "colour" not in k} for record in group
        ]
        assert all(detail == details[0] for detail in details)
        pictures = [cv2.imread(str(sample.folder / record["image"])) for record in group]
        x0, y0, x1, y1 = group[0]["box"]
        inner = [picture[y0:y1, x0:x1].mean(axis=(0, 1)) for picture in pictures]
        assert np.abs(inner[0] - inner[1]).max() > 3


def test_copies_repeat_the_photograph_they_name(sample, truth):
    copies = [record for record in truth.values() if record["duplicate_of"]]
    assert {record["duplicate_kind"] for record in copies} == {"exact", "reencoded", "resized"}
    for record in copies:
        source = truth[record["duplicate_of"]]
        assert source["duplicate_of"] is None
        assert source["type"] == record["type"]
        ours, theirs = (sample.folder / entry["image"] for entry in (record, source))
        same = ours.read_bytes() == theirs.read_bytes()
        assert same == (record["duplicate_kind"] == "exact")
        first, second = (cv2.imread(str(path)) for path in (ours, theirs))
        if record["duplicate_kind"] == "reencoded":
            assert first.shape == second.shape
        small = [cv2.resize(p, (48, 48), interpolation=cv2.INTER_AREA) for p in (first, second)]
        assert np.abs(small[0].astype(int) - small[1]).mean() < 6


def test_the_truth_does_not_leak_into_what_a_drop_reads(sample, rows, truth):
    folders = {name.split("/")[0] for name in files_of(sample.folder)}
    assert folders == {"feed.tsv", "images", "truth"}
    types = {record["type"] for record in truth.values()}
    for row in rows:
        assert not any(slug in row["image_link"] for slug in types)
        assert "truth" not in row.values()
        assert not any(column in row for column in ("box", "duplicate_of", "shape"))


def test_an_earlier_sample_is_replaced_and_a_foreign_folder_is_not(tmp_path):
    out = tmp_path / "drop"
    write_sample(out, products=20, seed=1, workers=1)
    second = write_sample(out, products=17, seed=2, workers=1)
    assert len(list((out / "images").iterdir())) == second.photographs
    (out / "notes.txt").write_text("mine")
    with pytest.raises(VlclipError, match=r"notes\.txt"):
        write_sample(out, products=17, workers=1)


def test_nonsense_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(VlclipError, match="at least one"):
        write_sample(tmp_path / "none", products=0)


def test_progress_counts_products(tmp_path):
    heard = []
    with listening(lambda label, done, total: heard.append((done, total))):
        write_sample(tmp_path / "drop", products=17, workers=1)
    assert heard[0] == (0, 17)
    assert heard[-1] == (17, 17)
