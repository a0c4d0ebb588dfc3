"""The asset ``refined_queries``: what a run stores and shows, and what it never tells anyone."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import chat_server
import dagster as dg
import polars as pl
import pytest
from chat_server import serving
from injections import CASES, PAYLOAD

from assets.refined_queries import refined_queries
from resources.refiner import RefinerResource
from resources.warehouse import WarehouseResource
from vlclip_dagster.definitions import build_resources
from vlclip_dagster.partitions import product_types
from vlclip_dagster.refinement_batches import refinement_batches
from vlclip_dagster.settings import load_settings
from vlclip_dagster.warehouse import Warehouse

CANARY = "sk-canary-7d20f1c4"
COUNT = 24
THINGS = ("Straw Hat", "Leather Belt", "Striped Cotton T-Shirt")


class Home:
    """A warehouse with one product type, and a Dagster instance on disk."""

    def __init__(self, folder: Path, titles: list[str]) -> None:
        self.folder = folder
        self.warehouse = Warehouse(folder / "home")
        (folder / "dagster").mkdir()
        self.instance = dg.DagsterInstance.local_temp(str(folder / "dagster"))
        self.instance.add_dynamic_partitions(str(product_types.name), ["things"])
        types = {"slug": "things", "key": "things", "product_type": "Things"}
        self.warehouse.table("product_types").upsert(pl.DataFrame([types]))
        rows = [
            {
                "item_id": f"shop/{number}",
                "key": str(number),
                "product_type": "Things",
                "title": title,
                "description": f"Two side pockets. {CASES[number].format(PAYLOAD)}",
                "brand": "Velora",
                "attributes": "{}",
            }
            for number, title in enumerate(titles)
        ]
        self.warehouse.table("raw_catalog", "things").upsert(pl.DataFrame(rows))

    def resources(self, **refinement: object) -> dict[str, object]:
        given = {"backend": "openai", "cache_path": str(self.folder / "llm.db")} | refinement
        return {
            "warehouse": WarehouseResource(home=str(self.folder / "home")),
            "refiner": RefinerResource(settings=given),
        }

    def materialize(self, **refinement: object) -> dg.ExecuteInProcessResult:
        return dg.materialize(
            [refined_queries],
            instance=self.instance,
            partition_key="things",
            resources=self.resources(**refinement),
            raise_on_error=False,
        )

    def queries(self) -> pl.DataFrame:
        return self.warehouse.table("refined_queries", "things").read().sort("item_id")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path, [f"Velora {THINGS[n % 3]} No {n}" for n in range(COUNT)])
    yield made
    made.instance.dispose()


def shown(result: dg.ExecuteInProcessResult) -> dict[str, object]:
    (event,) = result.get_asset_materialization_events()
    return {name: value.value for name, value in event.materialization.metadata.items()}


def test_a_run_shows_what_it_asked_and_what_it_cost(home: Home):
    with serving() as server:
        told = shown(home.materialize(base_url=server.url, api_key_env=""))
        again = shown(home.materialize(base_url=server.url, api_key_env="", temperature=0.0))
    assert told["calls"] == len(server.log)
    assert told["prompt_tokens"] == sum(one.prompt for one in server.log)
    assert told["cached_tokens"] == sum(one.cached for one in server.log)
    assert told["completion_tokens"] == sum(one.completion for one in server.log)
    assert told["usd"] > 0
    assert (told["cache_hits"], told["not_converged"], told["fallbacks"]) == (0, 0, 0)
    assert (again["calls"], again["kept"]) == (0, COUNT)
    assert "data:image/svg+xml;base64," in str(told["rounds"])
    history = str(told["history"]).splitlines()
    assert len(history) == 2 + 10
    assert "remove velora" in history[2]


def test_a_setting_that_is_emptied_stays_empty_on_its_way_through_dagster():
    variables = {"VLCLIP_REFINEMENT__API_KEY_ENV": "", "VLCLIP_REFINEMENT__TEMPERATURE": ""}
    refiner = build_resources(load_settings(variables))["refiner"]
    settings = refiner.refinement_settings()
    assert (settings.api_key_env, settings.temperature) == (None, None)


def test_what_the_rules_stand_in_for_is_marked_counted_and_asked_again(home: Home):
    trouble = {"error": {"message": "down"}}
    with serving(script=lambda request, number: (500, trouble)) as server:
        told = shown(home.materialize(base_url=server.url, api_key_env="", attempts=1))
        queries = home.queries()
    assert (told["failed"], told["computed"], told["fallbacks"]) == (COUNT, 0, COUNT)
    assert set(queries["source"]) == {"rules"}
    assert queries["note"].str.contains("openai failed to summarise: HTTP status 500").all()
    assert queries["error"].is_null().all()
    assert queries["query"].str.contains("straw hat|leather belt|t-shirt").all()
    with serving() as server:
        told = shown(home.materialize(base_url=server.url, api_key_env=""))
    assert (told["failed"], told["computed"], told["fallbacks"]) == (0, COUNT, 0)
    assert set(home.queries()["source"]) == {"openai"}


def test_what_the_gate_refuses_is_counted(home: Home):
    def obey(data: dict) -> dict:
        answer = chat_server.wise(data)
        return answer if "action" in answer else {"query": PAYLOAD}

    with serving(brain=obey) as server:
        told = shown(home.materialize(base_url=server.url, api_key_env=""))
    assert told["gate_refusals"] == told["not_converged"] == COUNT
    words = {word for query in home.queries()["query"] for word in query.split()}
    assert not words & {"gucci", "golden", "silk", "gown", "$5", "buy", "velora"}


def test_a_changed_text_asks_for_one_product_only(home: Home):
    with serving() as server:
        home.materialize(base_url=server.url, api_key_env="")
        asked = len(server.log)
        table = home.warehouse.table("raw_catalog", "things")
        row = table.read(ids=["shop/3"])
        table.upsert(row.with_columns(title=pl.lit("Velora Green Straw Hat")))
        told = shown(home.materialize(base_url=server.url, api_key_env=""))
    assert (told["computed"], told["kept"]) == (1, COUNT - 1)
    assert {one.title for one in server.log[asked:]} == {"Velora Green Straw Hat"}


def test_batches_are_collected_by_the_sensor_which_has_the_loop_go_on(home: Home):
    with serving() as server:
        wanted = {"base_url": server.url, "api_key_env": "", "mode": "batch"}
        requests = []
        for _ in range(12):
            told = shown(home.materialize(**wanted))
            if not told["failed"]:
                break
            assert tick(home, wanted) == [], "nothing is done yet"
            server.work()
            requests = tick(home, wanted)
            assert requests == tick(home, wanted), "a lost tick is repeated, under the same key"
            (request,) = requests
            assert request.partition_key == "things"
            assert request.asset_selection == [dg.AssetKey("refined_queries")]
        assert tick(home, wanted) == []
    assert set(home.queries()["source"]) == {"openai"}
    assert len(server.batches) > 2


def tick(home: Home, refinement: dict[str, object]) -> list[dg.RunRequest]:
    refiner = home.resources(**refinement)["refiner"]
    context = dg.build_sensor_context(instance=home.instance, resources={"refiner": refiner})
    result = refinement_batches(context)
    assert isinstance(result, dg.SensorResult)
    return list(result.run_requests or [])


def test_without_batches_the_sensor_sleeps(home: Home):
    refiner = home.resources(backend="rules")["refiner"]
    context = dg.build_sensor_context(instance=home.instance, resources={"refiner": refiner})
    assert isinstance(refinement_batches(context), dg.SkipReason)


@pytest.mark.parametrize("script", [None, "echo"])
def test_a_key_is_found_nowhere_after_a_run_full_of_faults(
    home: Home, script: str | None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
):
    monkeypatch.setenv("TEST_CANARY_KEY", CANARY)

    def echo(request: dict, number: int) -> tuple[int, dict]:
        """Send the key back wherever a server can put it."""
        error = {"message": f"bad {CANARY}", "code": CANARY, "param": CANARY, "type": CANARY}
        answer = chat_server.completion(f"{CANARY} {json.dumps({'query': CANARY})}")
        return [(401, {"error": error}), (400, {"error": error}), (200, answer)][number % 3]

    options = {"script": echo} if script else {"fault_rate": 0.5, "hang_s": 1.2}
    for mode in ("online", "batch"):
        with serving(**options) as server:
            result = home.materialize(
                base_url=server.url,
                api_key_env="TEST_CANARY_KEY",
                timeout_s=1,
                attempts=2,
                mode=mode,
                concurrency=16,
            )
        assert result.success
        assert set(server.authorizations) <= {f"Bearer {CANARY}"}
    monkeypatch.delenv("TEST_CANARY_KEY")
    assert not home.materialize(
        base_url=server.url, api_key_env="TEST_CANARY_KEY", model="x"
    ).success
    for file in home.folder.rglob("*"):
        if file.is_file():
            assert CANARY.encode() not in file.read_bytes(), file
    assert CANARY not in "".join(capfd.readouterr())
    runs = [home.instance.all_logs(run.run_id) for run in home.instance.get_runs()]
    assert not re.search(CANARY, repr(runs))
