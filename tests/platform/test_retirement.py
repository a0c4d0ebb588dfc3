"""A product type that leaves the catalog leaves search, keeps its history, and can come back."""

import json
import os
from unittest.mock import patch

import dagster as dg
import pytest
from homes import Home, Shop

from resources.warehouse import WarehouseResource
from vlclip_dagster.definitions import build_defs
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.partitions import product_types
from vlclip_dagster.sensors import catalog_drop_sensor
from vlclip_dagster.stages import StageLog

LEAVES = "handbag"


def without(shop: Shop, folder) -> Shop:
    rest = shop.copy(folder)
    rest.rows = [row for row in rest.rows if row not in rest.of(LEAVES)]
    rest.write()
    return rest


def finds(home: Home) -> bool:
    try:
        return bool(home.search().text("bag", product_type=LEAVES))
    except VlclipError:  # the index knows no such product type
        return False


def keys(home: Home) -> set[str]:
    with home.instance() as instance:
        return set(instance.get_dynamic_partitions(str(product_types.name)))


@pytest.fixture(scope="module")
def left(built, shop, tmp_path_factory) -> tuple[Home, list[str]]:
    """A home whose shop gave up a type, after `vlclip run`; and what that ran for the type."""
    home = built.copy(tmp_path_factory.mktemp("left") / "home")
    home.drop(without(shop, tmp_path_factory.mktemp("shops") / "rest").folder)
    outcome = home.run()
    assert outcome.failures == []
    return home, [run.asset for run in outcome.ran if run.slug == LEAVES]


def test_its_collection_goes_and_nothing_is_computed_for_it(left):
    home, ran = left
    assert "qdrant_collections" in ran
    assert not finds(home)
    assert all(hit.product_type != LEAVES for hit in home.search().text("bag", k=50))
    assert LEAVES not in json.loads((home.settings.report_folder / "report.json").read_text())


def test_its_history_stays(left):
    home, _ = left
    assert LEAVES in keys(home)
    assert StageLog(home.warehouse).last("refined_queries", LEAVES) is not None
    assert home.table("embeddings", LEAVES).count() > 0


def test_status_tells_that_it_left(left):
    home, _ = left
    status = home.status()
    assert LEAVES not in status.product_types
    assert list(status.retired) == [LEAVES]
    assert status.due == []


def test_it_comes_back_as_it_was(left, built, shop, tmp_path):
    home = left[0].copy(tmp_path / "home")
    home.drop(shop.folder)
    assert home.run().failures == []
    assert finds(home)
    assert home.status().retired == {}
    for table in ("raw_catalog", "refined_queries", "embeddings"):
        assert home.keys(table, LEAVES) == built.keys(table, LEAVES), table


def test_the_sensors_request_does_the_same(built, shop, tmp_path):
    home = built.copy(tmp_path / "home")
    home.drop(without(shop, tmp_path / "rest").folder)
    with home.instance() as instance, patch.dict(os.environ, home.environment):
        warehouse = WarehouseResource(home=str(home.path))
        with dg.build_sensor_context(instance=instance, resources={"warehouse": warehouse}) as tick:
            (request,) = catalog_drop_sensor(tick).run_requests
        assert (request.job_name, request.partition_key) == ("retire_product_type", LEAVES)
        job = build_defs(home.settings).resolve_job_def(request.job_name)
        assert job.execute_in_process(instance=instance, partition_key=LEAVES).success
    assert not finds(home)
    assert LEAVES in keys(home)
