"""`vlclip dev` end to end: backfills, a drop that is noticed, what follows it, and the pages."""

import os
from pathlib import Path

import dagster as dg
import pytest
from browser import browser
from dev_server import DevServer, dev_server, until
from homes import Home

from vlclip_dagster.stages import StageLog

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

TITLE = "Women's crimson velvet crew neck long sleeve t-shirt with chest pocket"
BACKFILLS = {
    "one": ["handbag"],
    "not neighbours": ["dress", "sofa"],
    "all": ["dress", "handbag", "sofa", "t-shirt", "trousers"],
}
SCREENSHOTS = "TEST_SCREENSHOTS"  # a folder to keep them in
FOLLOWING_S = 240.0  # two ticks of the automation and four runs, on a busy machine


class Day:
    """What happened while the server was up: three backfills, and a drop that changes a type."""

    def __init__(self, home: Home, server: DevServer, item: str) -> None:
        self.home, self.server, self.item = home, server, item
        self.before = StageLog(home.warehouse)
        self.backfills = {
            name: server.backfill("raw_catalog", slugs) for name, slugs in BACKFILLS.items()
        }

    def is_over(self) -> bool:
        titles = set(self.home.rows("raw_catalog", "t-shirt", "title")["title"])
        return (
            TITLE in titles
            and set(self.statuses().values()) == {"COMPLETED_SUCCESS"}
            and (self.home.status().due == [])
        )

    def statuses(self) -> dict[str, str]:
        return {name: self.server.status(at) for name, at in self.backfills.items()}

    def told(self) -> object:
        return self.statuses(), self.home.status().due

    def runs(self, **tags: str) -> list[dg.DagsterRun]:
        wanted = {f"dagster/{name}": value for name, value in tags.items()}
        with self.home.instance() as instance:
            return instance.get_runs(dg.RunsFilter(tags=wanted))


@pytest.fixture(scope="module")
def day(built, shop, copied, tmp_path_factory):
    place = tmp_path_factory.mktemp("dev")
    home = built.copy(place / "home")
    new = shop.copy(place / "shop")
    touched = new.lone("t-shirt", copied)
    touched["title"] = TITLE
    new.write()
    with dev_server(home, place / "dev.log") as server:
        happening = Day(home, server, f"shop/{touched['id']}")
        home.drop(new.folder)
        until(happening.is_over, FOLLOWING_S, happening.told)
        yield happening


@pytest.mark.parametrize("name", BACKFILLS)
def test_a_backfill_runs_each_chosen_type_once(day, name):
    runs = day.runs(backfill=day.backfills[name])
    assert sorted(run.tags["dagster/partition"] for run in runs) == BACKFILLS[name]
    assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}


def test_a_backfill_computes_nothing_that_is_there(day):
    log = StageLog(day.home.warehouse)
    for slug in BACKFILLS["all"]:
        line = log.last("raw_catalog", slug)
        assert line.finished_at > day.before.last("raw_catalog", slug).finished_at
        if slug != "t-shirt":
            assert (line.counts.computed, line.counts.deleted) == (0, 0)


def test_the_sensor_rebuilds_what_the_drop_touches_and_nothing_else(day):
    (run,) = day.runs(sensor_name="catalog_drop_sensor")
    assert run.tags["dagster/partition"] == "t-shirt"
    assert run.status == dg.DagsterRunStatus.SUCCESS


def test_search_and_report_follow_by_themselves_without_a_training(day):
    log = StageLog(day.home.warehouse)
    assert log.last("embeddings", "t-shirt").counts.computed == 1
    assert log.last("qdrant_collections", "t-shirt").counts.computed == 1
    for asset, slug in (("embeddings", "sofa"), ("finetuned_checkpoint", None)):
        assert log.last(asset, slug) == day.before.last(asset, slug)
    assert log.last("eval_report", None).finished_at > log.last("embeddings", "t-shirt").finished_at
    assert day.home.search().item(day.item).payload["title"] == TITLE


ROW = "[...document.querySelectorAll('tr')].find(row => row.innerText.startsWith('{}'))"
LINK = "[...{}.querySelectorAll('*')].filter(e => e.innerText == '[Show Markdown]').at(-1)"
COUNTS = ("dagster/row_count", "kept", "computed", "deleted", "failed", "seconds")


@pytest.mark.parametrize(
    ("asset", "table", "picture"),
    [
        ("grounded_crops", None, "boxes"),
        ("qdrant_collections", "results", "results_picture"),
    ],
)
def test_a_person_sees_counts_and_pictures_on_the_page(day, tmp_path, asset, table, picture):
    shots = Path(os.environ.get(SCREENSHOTS, tmp_path))
    shots.mkdir(parents=True, exist_ok=True)
    with browser(tmp_path / "profile") as page:
        page.open(f"{day.server.url}/assets/{asset}?view=partitions&partition=sofa")
        page.wait_for(f"!!{ROW.format(picture)}")
        for name in COUNTS:
            cells = str(page.evaluate(f"{ROW.format(name)}.innerText")).split()
            assert float(cells[1]) >= 0, cells
        if table:
            shown = f"{ROW.format(table)}.querySelectorAll('td, th').length"
            assert int(str(page.evaluate(shown))) > 2
        page.photograph(shots / f"{asset}.png")
        page.evaluate(f"{LINK.format(ROW.format(picture))}.click()")
        width = page.wait_for("Math.max(0, ...[...document.images].map(i => i.naturalWidth))")
        assert width > 300
        page.photograph(shots / f"{asset}_picture.png")
    print(f"screenshots: {shots}")
