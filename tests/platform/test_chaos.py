"""Builds killed at random end with what one that nobody killed ends with; nobody sees a half."""

import shutil

import pytest
from homes import Home as Built
from rich.console import Console

from benchmarks.chaos import Stage, play, states
from benchmarks.contents import Home, contents
from vlclip_dagster.inbox import land_pending

pytestmark = pytest.mark.slow


def stage_of(built: Built, start: Built) -> Stage:
    """From ``start`` to what ``built`` holds."""
    seconds = sum(run.seconds for run in built.status().artifacts)
    end = contents(Home(built.path, built.variables))
    home = Home(start.path, start.variables)
    return Stage("from nothing", home, states(end), end, seconds)


def test_a_build_that_is_killed_again_and_again(few, few_shop, tmp_path):
    start = Built(tmp_path / "start", few.variables)
    start.drop(few_shop.folder)
    stage = stage_of(few, start)
    played = play(stage, seed=3, place=tmp_path / "round", most=3, console=Console(quiet=True))
    assert played.wrong == []
    assert played.kills
    assert played.looks["rows_in"] > 0
    assert played.looks["files_in"] > 0


def test_what_landed_before_a_kill_is_built_though_dagster_was_never_told(few, few_shop, tmp_path):
    home, new = (
        few.copy(tmp_path / "home", VLCLIP_REPORT__ABLATION="false"),
        few_shop.copy(tmp_path / "shop"),
    )
    shutil.rmtree(home.path / "dagster")
    new.of("sofa")[0]["title"] = "Crimson velvet three-seater sofa"
    new.write()
    home.drop(new.folder)
    land_pending(home.warehouse, home.settings.inbox)
    outcome = home.run()
    assert outcome.failures == []
    assert {run.slug for run in outcome.ran} >= {"sofa"}
    assert home.status().due == []
