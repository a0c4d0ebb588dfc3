"""A retraining whose result is held back, taking it all the same, and going back: one story."""

import json

import dagster as dg
import pytest
from homes import Home

from vlclip_dagster.automation import SEARCH_ASSETS
from vlclip_dagster.definitions import build_defs
from vlclip_dagster.runs import Platform


@pytest.fixture(scope="module")
def home(few, tmp_path_factory) -> Home:
    """A built home whose training has other settings by now."""
    changed = {"VLCLIP_TRAINING__SEED": "8", "VLCLIP_TRAINING__EPOCHS": "1"}
    place = tmp_path_factory.mktemp("retraining") / "home"
    return few.copy(place, **changed, VLCLIP_REPORT__ABLATION="false")


def ran(home: Home) -> set[tuple[str, str | None]]:
    outcome = home.run()
    assert outcome.failures == []
    return {(run.asset, run.slug) for run in outcome.ran}


def all_search(home: Home) -> set[tuple[str, str | None]]:
    return {(asset, slug) for asset in SEARCH_ASSETS for slug in home.slugs()}


def test_one_that_is_not_shown_to_be_better_changes_nothing_downstream(home, few):
    assert ran(home) == {("finetuned_checkpoint", None), ("eval_report", None)}
    assert ran(home) == set()
    status = home.status()
    assert status.checkpoint == few.status().checkpoint
    assert not status.decision.promoted
    assert "too few to tell which is better" in status.decision.reason
    told = home.vlclip("status").stdout
    assert f"{status.decision.fingerprint} is not in use: " in " ".join(told.split())


def requested(home: Home, cursor=None):
    """What the automation requests of the real graph, and where it goes on from."""
    with home.instance() as instance:
        definitions = build_defs(home.settings)
        ticked = dg.evaluate_automation_conditions(definitions, instance, cursor=cursor)
    found = {
        (name, slug)
        for name in SEARCH_ASSETS
        for slug in ticked.get_requested_partitions(dg.AssetKey(name))
    }
    return found, ticked.cursor


def test_a_person_may_take_it_and_go_back(home, few):
    """Runs after the one above: the home goes on from there."""
    first, candidate = home.status().checkpoint, home.status().decision.fingerprint
    nothing, cursor = requested(home)
    assert nothing == set()
    done = home.vlclip("rollback", candidate[:10], "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["fingerprint"] == candidate
    found, cursor = requested(home, cursor)
    assert found == all_search(home)
    assert ran(home) == all_search(home) | {("eval_report", None)}

    said = home.vlclip("rollback").stdout
    assert f"checkpoint {first} is in use again" in said
    assert {due.asset for due in home.status().due} >= {"embeddings"}
    assert ran(home) == all_search(home) | {("eval_report", None)}
    for slug in home.slugs():
        assert home.keys("embeddings", slug) == few.keys("embeddings", slug)


def test_training_the_same_again_does_not_undo_it(home):
    """Runs last: what the schedule would do, on a catalog that did not change."""
    before = home.status().checkpoint
    with home.instance() as instance:
        outcome = Platform(home.settings, instance).run_out_of_date(retrain=True)
    assert {(run.asset, run.slug) for run in outcome.ran} == {("finetuned_checkpoint", None)}
    assert home.status().checkpoint == before
    done = home.vlclip("rollback")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no checkpoint was promoted before" in done.stderr
