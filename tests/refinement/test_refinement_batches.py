import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from chat_server import serving

from vlclip_dagster.refinement import batches
from vlclip_dagster.refinement.loop import refine_all
from vlclip_dagster.refinement.openai_backend import OpenAIBackend
from vlclip_dagster.refinement.rules import RuleBackend
from vlclip_dagster.refinement.settings import RefinementSettings
from vlclip_dagster.refinement.types import ProductText, RefinedQuery

HATS = [
    ProductText(f"shop/{n}", "Hats", f"Valtor Red Straw Hat {n}", gender="female") for n in range(6)
]


class Shop:
    """A backend that is built anew for every run, as after a restart, over one file."""

    def __init__(self, url: str, folder: Path, **more: object) -> None:
        self.settings = RefinementSettings(
            backend="openai",
            mode="batch",
            base_url=url,
            api_key_env=None,
            cache_path=folder / "llm.db",
            **({"attempts": 1} | more),
        )

    @property
    def backend(self) -> OpenAIBackend:
        return OpenAIBackend(self.settings, "hats")

    def run(self, products: Sequence[ProductText] = HATS) -> list[RefinedQuery]:
        return refine_all(products, self.backend)


def test_a_run_hands_in_and_returns_and_the_rules_stand_in(tmp_path: Path):
    with serving() as server:
        results = Shop(server.url, tmp_path).run()
    assert len(server.batches) == 1
    assert server.log == []
    assert [one.source for one in results] == ["rules"] * 6
    assert all(one.provisional and "batch is not done" in (one.note or "") for one in results)
    assert [one.query for one in results] == [one.query for one in refine_all(HATS, RuleBackend())]


def test_step_by_step_the_batches_lead_to_the_same_queries_as_asking_online(tmp_path: Path):
    with serving() as server:
        shop = Shop(server.url, tmp_path)
        for _ in range(11):
            results = shop.run()
            if not any(one.provisional for one in results):
                break
            server.work()
        asked = len(server.log)
        again = shop.run()
        online = RefinementSettings(backend="openai", base_url=server.url, api_key_env=None)
        answered = refine_all(HATS, OpenAIBackend(online))
    assert [one.query for one in results] == [one.query for one in answered]
    assert [one.history for one in results] == [one.history for one in answered]
    assert all(one.source == "openai" for one in results)
    assert again == results
    assert len(server.log) == 2 * asked
    assert len(server.batches) == 3, "first queries, repairs of what the rules refuse, verdicts"
    batch = server.batches["batch_0"]
    assert batch["endpoint"] == "/v1/chat/completions"
    assert batch["metadata"]["product_type"] == "hats"


def test_repairs_and_verdicts_of_one_product_type_may_be_out_together(tmp_path: Path):
    plain = [replace(one, item_id=f"{one.item_id}p", title=one.title[7:]) for one in HATS]
    with serving() as server:
        shop = Shop(server.url, tmp_path)
        for out in (1, 2, 1, 0):
            before = len(server.batches)
            results = shop.run([*HATS, *plain])
            assert len(server.batches) - before == out
            server.work()
    assert {one.source for one in results} == {"openai"}
    assert [one.rounds for one in results] == [1] * 6 + [0] * 6


def test_what_is_out_is_not_handed_in_again(tmp_path: Path):
    with serving() as server:
        shop = Shop(server.url, tmp_path)
        for _ in range(3):
            shop.run()
        assert len(server.batches) == 1
        server.work()
        assert shop.backend.desk.collect().keys() == {"hats"}
        assert shop.backend.desk.collect().keys() == {"hats"}, "until a run took it up"
        shop.run()
        assert shop.backend.desk.collect() == {}
        assert len(server.batches) == 2
        first = {json.loads(one)["custom_id"] for one in server.files["file-0"].splitlines()}
        assert len(first) == 6


def test_a_process_that_dies_between_sending_and_noting_finds_its_batch_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with serving() as server:
        shop = Shop(server.url, tmp_path)
        with monkeypatch.context() as patch:
            patch.setattr(batches.BatchDesk, "_note_sent", _die)
            with pytest.raises(KeyboardInterrupt):
                shop.run()
        server.work()
        shop.run()
        assert len(server.batches) == 2, "the first is collected, its successor handed in"
        assert shop.backend.cache.spent_usd() > 0


def test_a_process_that_dies_before_sending_asks_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with serving() as server:
        shop = Shop(server.url, tmp_path)
        with monkeypatch.context() as patch:
            patch.setattr(batches.BatchDesk, "_send", _die)
            with pytest.raises(KeyboardInterrupt):
                shop.run()
        shop.run()
        assert server.batches == {}, "it may still be on its way"
        monkeypatch.setattr(batches, "UNSENT_AFTER_S", -1)
        shop.run()
        assert len(server.batches) == 1


def _die(*arguments: object) -> None:
    raise KeyboardInterrupt


def test_what_an_expired_batch_left_open_is_asked_again_and_given_up_in_the_end(tmp_path: Path):
    with serving() as server:
        shop = Shop(server.url, tmp_path)
        for _ in range(20):
            results = shop.run()
            server.work(leave_out=1, status="expired")
        left = [one for one in results if one.source == "rules"]
        assert left
        assert all("ended before its turn" in (one.note or "") for one in left)
        assert not any(one.provisional for one in results)
        handed_in = len(server.batches)
        shop.run()
        assert len(server.batches) == handed_in


def test_faults_within_a_batch_end_in_an_answer_or_a_reason(tmp_path: Path):
    with serving(fault_rate=0.4) as server:
        shop = Shop(server.url, tmp_path)
        for _ in range(25):
            results = shop.run()
            server.work()
    assert not any(one.provisional for one in results)
    assert {one.source for one in results} <= {"openai", "rules"}
    assert all(one.note for one in results if one.source == "rules")


def test_a_batch_that_fails_as_a_whole_is_handed_in_by_the_next_run(tmp_path: Path):
    with serving() as server:
        shop = Shop(server.url, tmp_path)
        shop.run()
        server.work(leave_out=6, status="failed")
        assert shop.backend.desk.collect() == {}
        shop.run()
        assert len(server.batches) == 2


def test_a_batch_that_is_not_taken_is_a_reason(tmp_path: Path):
    with serving() as server:
        url = server.url
    results = Shop(url, tmp_path).run()
    assert all(one.provisional and "batch was not taken" in (one.note or "") for one in results)


def test_a_batch_costs_half_and_what_is_out_counts_against_the_budget(tmp_path: Path):
    with serving() as server:
        shop = Shop(server.url, tmp_path, max_usd=0.008)
        shop.run()
        held = shop.backend.cache.spent_usd()
        assert held > 0
        server.work()
        shop.backend.desk.collect()
        paid = shop.backend.cache.spent_usd()
        assert 0 < paid < held
        bill = sum(
            (one.prompt - one.cached) * 0.15 + one.cached * 0.075 + one.completion * 0.6
            for one in server.log
        )
        assert paid == pytest.approx(bill / 2e6)
        broke = Shop(server.url, tmp_path, max_usd=paid)
        assert all("are spent" in (one.note or "") for one in broke.run())
