"""A build that was killed goes on where it was and ends with what it would have ended with."""

import dagster as dg
import pytest
from homes import ROW_TABLES, Home, command
from killing import KILLED, SIGKILL


def killed_at(home: Home, label: str, step: int) -> None:
    done = command(["-c", KILLED, label, str(step), "run"], home.environment)
    assert done.returncode == SIGKILL, done.stdout + done.stderr


def unfinished(home: Home) -> list[dg.DagsterRun]:
    with home.instance() as instance:
        return instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))


@pytest.fixture(scope="module")
def survivor(few, few_shop, tmp_path_factory) -> tuple[Home, list[int]]:
    """A home whose build was killed twice, with the runs left dangling after each kill."""
    variables = few.variables | {"VLCLIP_REPORT__ABLATION": "false"}
    home = Home(tmp_path_factory.mktemp("killed") / "home", variables)
    home.drop(few_shop.folder)
    dangling = []
    for label, step in (("crops of sofa", 1), ("training epochs", 1)):
        killed_at(home, label, step)
        dangling.append(len(unfinished(home)))
    done = home.vlclip("run", "--json")
    assert done.returncode == 0, done.stderr
    return home, dangling


def test_it_ends_with_the_rows_of_a_build_that_nobody_killed(survivor, few):
    home, _ = survivor
    assert home.slugs() == few.slugs()
    for slug in few.slugs():
        for table in ROW_TABLES:
            assert home.keys(table, slug) == few.keys(table, slug), table
            assert home.table(table, slug).count() == len(few.keys(table, slug)), table
        assert set(home.keys("embeddings", slug)) == set(few.keys("embeddings", slug))


def test_the_training_went_on_and_ends_with_the_same_model(survivor, few):
    home, _ = survivor
    assert home.status().checkpoint == few.status().checkpoint
    for slug in few.slugs():
        assert home.keys("embeddings", slug) == few.keys("embeddings", slug)


def test_nothing_is_found_twice(survivor, few):
    home, _ = survivor
    hits = [hit.item_id for hit in home.search().text("sofa", k=100)]
    assert len(hits) == len(set(hits))
    assert set(hits) == {hit.item_id for hit in few.search().text("sofa", k=100)}


def test_the_killed_runs_are_buried_and_hold_no_pool(survivor):
    home, dangling = survivor
    assert dangling == [1, 1]
    assert unfinished(home) == []
    with home.instance() as instance:
        failed = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
        assert len(failed) == 2
        info = instance.event_log_storage.get_concurrency_info("accelerator")
        assert info.claimed_slots == []
        assert info.pending_steps == []
    assert home.status().due == []
