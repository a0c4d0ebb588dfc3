"""Rejected rows are kept in full, can be listed, and go when a later drop repairs them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vlclip_dagster.catalog.drops import Mode, prepare_drop, read_drop, write_drop
from vlclip_dagster.cli import app
from vlclip_dagster.merging import LandedDrop, merge_drop
from vlclip_dagster.warehouse import Warehouse


def product(number: int, **extra: str) -> dict[str, str]:
    row = {"id": str(number), "title": f"Mug {number}", "product_type": "Mugs"}
    return row | {"image_link": f"{number}.jpg"} | extra


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VLCLIP_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def drop(home: Path, *rows: dict[str, str], mode: Mode = "snapshot") -> LandedDrop:
    folder = home.parent / "shop"
    folder.mkdir(exist_ok=True)
    (folder / "products.jsonl").write_text("\n".join(map(json.dumps, rows)))
    placed = write_drop(prepare_drop(folder, mode=mode), home / "inbox")
    return merge_drop(Warehouse(home), read_drop(placed), "place")


def ids(home: Path) -> list[str]:
    return sorted(Warehouse(home).table("rejected_products").read(["id"])["id"])


def test_a_row_heals_when_a_later_drop_repairs_it(home: Path) -> None:
    assert drop(home, product(1), product(2, title=""), product(3, image_link="")).rejected == 2
    assert ids(home) == ["2", "3"]
    drop(home, product(2), product(4, title=""), mode="delta")
    assert ids(home) == ["3", "4"]
    drop(home, product(3, title="", image_link=""), product(1), mode="delta")
    assert ids(home) == ["3", "4"]
    rows = Warehouse(home).table("rejected_products").read(["id", "reasons"]).sort("id")
    assert rows["reasons"][0].to_list() == ["it has no title", "it has no image_link"]
    drop(home, product(1))
    assert ids(home) == []


def test_rejected_rows_are_listed(home: Path) -> None:
    run = CliRunner()
    assert "no row is rejected" in run.invoke(app, ["rejected"]).stdout
    drop(home, product(1), product(2, title="", colour="<b>red</b>"), product(3, product_type=""))
    told = run.invoke(app, ["rejected"]).stdout
    assert "it has no title" in told
    assert "2 rows" in told
    (row,) = json.loads(run.invoke(app, ["rejected", "--type", "Mugs", "--json"]).stdout)
    assert (row["feed"], row["row_number"]) == ("products.jsonl", 2)
    assert json.loads(row["record"])["color"] == "<b>red</b>"


def test_a_format_is_chosen_on_the_command_line(home: Path) -> None:
    feed = home.parent / "feed.txt"
    feed.write_text("\n".join(json.dumps(product(number), indent=1) for number in range(3)))
    told = CliRunner().invoke(app, ["drop", str(feed), "--format", "json"])
    assert told.exit_code == 0
    (manifest,) = (home / "inbox").rglob("manifest.json")
    assert json.loads(manifest.read_text())["mapping"]["format"] == "json"
