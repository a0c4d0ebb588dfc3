"""Two runs at once pay once, and searches meanwhile find a whole collection, old or new."""

import subprocess
import sys
from collections import Counter

import polars as pl
import pytest
from homes import PROJECT, VLCLIP, clean_environment

TITLE = "Crimson velvet handbag with a short chain strap and tassels"


@pytest.fixture(scope="module")
def rushed(few, few_shop, tmp_path_factory):
    """A home with a changed catalog, two runs of it at once, and what searches found meanwhile."""
    place = tmp_path_factory.mktemp("at_once")
    home = few.copy(place / "home", VLCLIP_REPORT__ABLATION="false")
    new = few_shop.copy(place / "shop")
    for number, row in enumerate(new.of("handbag")):
        row["title"] = f"{TITLE} No. {number}"
    new.write()
    home.drop(new.folder)
    command = [sys.executable, "-c", VLCLIP, "run", "--json"]
    runs = [
        subprocess.Popen(
            command,
            env=clean_environment() | home.environment,
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    found = []
    search = home.search()
    while any(run.poll() is None for run in runs):
        hits = search.text("crimson velvet handbag", product_type="handbag", k=100)
        found.append(Counter(hit.payload["title"].startswith(TITLE) for hit in hits))
    return home, new, [(run.returncode, *run.communicate()) for run in runs], found


def test_both_end_well(rushed):
    _, _, runs, _ = rushed
    for code, out, err in runs:
        assert code == 0, out + err


def test_no_row_is_computed_twice(rushed, few):
    home, new, _, _ = rushed
    # What the log says, because a run tells the newest line of a stage, be it the other run's.
    newest = few.table("stage_runs").read(["finished_at"])["finished_at"].max()
    lines = home.table("stage_runs").read().filter(pl.col("finished_at") > newest)
    computed = Counter()
    for line in lines.iter_rows(named=True):
        computed[line["asset"], line["slug"]] += line["computed"]
    many = len(new.of("handbag"))
    assert computed["raw_catalog", "handbag"] == many
    assert computed["refined_queries", "handbag"] == many
    assert computed["embeddings", "handbag"] == many
    assert computed["grounded_crops", "handbag"] == 0
    assert home.status().due == []


def test_no_row_is_there_twice(rushed):
    home, new, _, _ = rushed
    for table in ("raw_catalog", "refined_queries", "embeddings"):
        ids = home.rows(table, "handbag", "item_id")["item_id"].to_list()
        assert sorted(ids) == sorted(f"shop/{row['id']}" for row in new.of("handbag")), table


def test_a_search_meanwhile_finds_all_of_the_old_or_all_of_the_new(rushed):
    _, _, _, found = rushed
    points = {sum(kinds.values()) for kinds in found}
    assert len(points) == 1
    assert all(len(kinds) == 1 for kinds in found), found
    assert found[0][False]
    assert found[-1][True]
