"""The asset graph is what ``asset_graph.json`` says; a change of it is seen in review."""

import json
import os
import tomllib
from pathlib import Path

import dagster as dg
import pytest
import yaml
from homes import PROJECT

from vlclip_dagster.automation import PRODUCT_ASSETS, SEARCH_ASSETS
from vlclip_dagster.definitions import build_defs
from vlclip_dagster.settings import Settings

SNAPSHOT = Path(__file__).with_name("asset_graph.json")
UPDATE = "UPDATE_ASSET_GRAPH"
HOW = f"If it is meant to: {UPDATE}=1 python -m pytest tests/platform/test_graph.py"


@pytest.fixture(scope="module")
def definitions(tmp_path_factory) -> dg.Definitions:
    return build_defs(Settings(home=str(tmp_path_factory.mktemp("graph"))))


def graph_of(definitions: dg.Definitions) -> dict[str, object]:
    graph = definitions.resolve_asset_graph()
    repository = definitions.get_repository_def()
    nodes = sorted(graph.asset_nodes, key=lambda node: node.key)
    jobs = [job for job in repository.get_all_jobs() if not job.name.startswith("__")]
    return {
        "assets": {node.key.to_user_string(): asset_of(node) for node in nodes},
        "checks": {key.to_user_string(): check_of(graph.get(key)) for key in keys_of_checks(graph)},
        "jobs": {
            job.name: sorted(assets_of(job)) for job in sorted(jobs, key=lambda job: job.name)
        },
        "sensors": sorted(sensor.name for sensor in repository.sensor_defs),
        "schedules": sorted(schedule.name for schedule in repository.schedule_defs),
    }


def asset_of(node) -> dict[str, object]:
    return {
        "deps": sorted(key.to_user_string() for key in node.parent_keys),
        "group": node.group_name,
        "kinds": sorted(node.kinds),
        "partitions": node.partitions_def.name if node.partitions_def else None,
        "automated": node.automation_condition is not None,
        "pools": sorted(node.pools or ()),
        "made_by_runs": node.is_executable,
    }


def check_of(node) -> dict[str, object]:
    partitions = node.partitions_def.name if node.partitions_def else None
    return {"blocking": node.blocking, "partitions": partitions}


def keys_of_checks(graph) -> list[dg.AssetCheckKey]:
    return sorted(graph.asset_check_keys, key=lambda key: key.to_user_string())


def assets_of(job) -> list[str]:
    return [key.to_user_string() for key in job.asset_layer.selected_asset_keys]


def test_the_graph_is_the_one_that_was_agreed_on(definitions):
    actual = json.dumps(graph_of(definitions), indent=2) + "\n"
    if os.environ.get(UPDATE):
        SNAPSHOT.write_text(actual)
    assert json.loads(actual) == json.loads(SNAPSHOT.read_text()), f"The graph changed. {HOW}"


def test_a_person_can_tell_what_every_asset_is(definitions):
    nodes = definitions.resolve_asset_graph().asset_nodes
    assert [node.key.to_user_string() for node in nodes if not node.description] == []


def test_all_artifacts_but_the_checkpoint_and_the_report_are_per_product_type(definitions):
    assets = graph_of(definitions)["assets"]
    for name in (*PRODUCT_ASSETS, *SEARCH_ASSETS):
        assert assets[name]["partitions"] == "vlclip_product_type", name
    for name in ("finetuned_checkpoint", "eval_report"):
        assert assets[name]["partitions"] is None, name


def test_every_front_door_shows_the_same_location_name():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["dg"]["project"]
    workspace = yaml.safe_load((PROJECT / "workspace.yaml").read_text())
    (location,) = workspace["load_from"]
    assert location["python_module"]["location_name"] == project["code_location_name"]
    assert location["python_module"]["module_name"] == project["code_location_target_module"]


def test_the_code_location_loads_from_any_folder_and_says_what_is_missing(tmp_path):
    built = build_defs(Settings(home=str(tmp_path / "never" / "made")))
    dg.Definitions.validate_loadable(built)
    assert not (tmp_path / "never").exists()
