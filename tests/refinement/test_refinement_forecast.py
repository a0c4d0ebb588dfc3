"""``vlclip run --dry-run``: what a run would refine and what that would cost."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vlclip_dagster.cli import app
from vlclip_dagster.forecast import forecast
from vlclip_dagster.settings import load_settings

FEED = """id\ttitle\tdescription\tproduct_type\timage_link
1\tRed Straw Hat\tA wide brim.\tHats\thttps://shop.example/1.jpg
2\tBlue Wool Hat\tA narrow brim.\tHats\thttps://shop.example/2.jpg
3\tLeather Belt\tA brass buckle.\tBelts\thttps://shop.example/3.jpg
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home" / "inbox" / "shop"
    folder.mkdir(parents=True)
    (folder / "feed.tsv").write_text(FEED)
    monkeypatch.setenv("VLCLIP_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return tmp_path / "home"


def test_a_catalog_that_waits_in_the_inbox_is_priced_and_nothing_is_changed(home: Path):
    variables = {"VLCLIP_HOME": str(home), "VLCLIP_REFINEMENT__BACKEND": "openai"}
    told = forecast(load_settings(variables))
    assert told.products == {"hats": 2, "belts": 1}
    assert told.answers is not None
    assert told.answers.products == 3
    assert told.answers.calls > 3
    assert not (home / "tables").exists()
    assert not (home / "cache").exists()


def test_the_command_tells_it_in_words_and_in_data(home: Path, monkeypatch: pytest.MonkeyPatch):
    run = CliRunner().invoke
    assert "the rules refine them and cost nothing" in run(app, ["run", "--dry-run"]).output
    monkeypatch.setenv("VLCLIP_REFINEMENT__BACKEND", "openai")
    monkeypatch.setenv("VLCLIP_REFINEMENT__MAX_USD", "2")
    said = run(app, ["run", "--dry-run"]).output
    assert "3 queries to refine in 2 product types" in said
    assert "no more than 2 USD" in said
    told = json.loads(run(app, ["run", "--dry-run", "--json"]).output)
    assert told["answers"]["model"] == "gpt-4o-mini"
    assert told["answers"]["usd"] >= 0
