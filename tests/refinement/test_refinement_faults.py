"""The loop against a server that fails a fifth of its calls, and against sudden ends."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path

import chat_server
import pytest
from chat_server import FAULTS, Logged, serving

from vlclip_dagster.refinement.cache import AnswerCache
from vlclip_dagster.refinement.loop import refine_all
from vlclip_dagster.refinement.openai_backend import OpenAIBackend
from vlclip_dagster.refinement.settings import RefinementSettings
from vlclip_dagster.refinement.types import ProductText

THINGS = ("Straw Hat", "Leather Belt", "Striped Cotton T-Shirt", "Round Oak Table")


def products(count: int) -> list[ProductText]:
    """Products whose titles tell them apart, some of which need a repair."""
    return [
        ProductText(f"shop/{n}", "Things", f"Velora {THINGS[n % 4]} No {n}", brand="Velora")
        for n in range(count)
    ]


def settings_for(url: str, folder: Path, **more: object) -> RefinementSettings:
    given = {"base_url": url, "api_key_env": None, "cache_path": folder / "llm.db"}
    return RefinementSettings(backend="openai", **(given | {"timeout_s": 3} | more))


def ledger(folder: Path) -> list[tuple]:
    cache = AnswerCache(folder / "llm.db")
    with cache.transaction() as connection:
        rows = connection.execute(
            "SELECT item_id, step, outcome, prompt_tokens, cached_tokens, completion_tokens, usd"
            " FROM calls"
        ).fetchall()
    cache.close()
    return rows


def usd_of(log: list[Logged]) -> float:
    """The bill at the price of gpt-4o-mini, from the server's own log."""
    return (
        sum(
            (one.prompt - one.cached) * 0.15 + one.cached * 0.075 + one.completion * 0.60
            for one in log
        )
        / 1e6
    )


class TestAFifthOfAllCallsFail:
    COUNT = 250

    @pytest.fixture(scope="class")
    def told(self, tmp_path_factory: pytest.TempPathFactory):
        folder = tmp_path_factory.mktemp("faults")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("vlclip_dagster.refinement.pace._FIRST_BACKOFF_S", 0.002)
            with serving(fault_rate=0.2, hang_s=3.3) as server:
                settings = settings_for(server.url, folder, concurrency=32)
                backend = OpenAIBackend(settings)
                results = refine_all(products(self.COUNT), backend)
                first = list(server.log)
                again = OpenAIBackend(settings)
                second = refine_all(products(self.COUNT), again)
                yield results, second, first, server.log[len(first) :], backend, again, folder

    def test_every_product_ends_refined_or_with_a_reason(self, told):
        results = told[0]
        assert len(results) == self.COUNT
        by_source = Counter(one.source for one in results)
        assert by_source["openai"] > 0.8 * self.COUNT
        for one in results:
            assert one.query
            assert one.source == "openai" or (one.note or "").startswith("openai failed to")

    def test_every_kind_of_fault_was_met(self, told):
        assert {one.outcome for one in told[2]} == {"answered", *FAULTS}

    def test_calls_of_each_product_add_up_to_the_servers_log(self, told):
        _, _, first, rest, backend, again, folder = told
        titles = {one.item_id: one.title for one in products(self.COUNT)}
        ours = Counter((titles[row[0]], row[1]) for row in ledger(folder))
        assert ours == Counter((one.title, one.step) for one in [*first, *rest])
        assert (backend.tally.calls, again.tally.calls) == (len(first), len(rest))

    def test_tokens_and_dollars_add_up_to_the_servers_log(self, told):
        _, _, first, rest, backend, _, folder = told
        usage = backend.tally.usage
        assert usage.prompt == sum(one.prompt for one in first)
        assert usage.cached == sum(one.cached for one in first) > 0
        assert usage.completion == sum(one.completion for one in first)
        assert backend.tally.usd == pytest.approx(usd_of(first))
        assert sum(row[6] for row in ledger(folder)) == pytest.approx(usd_of([*first, *rest]))

    def test_a_second_run_asks_only_what_the_servers_trouble_left_open(self, told):
        results, second, _, rest, *_ = told
        open_ = {one.item_id for one in results if one.provisional}
        titles = {one.title for one in products(self.COUNT) if one.item_id in open_}
        assert {one.title for one in rest} <= titles
        settled = [one for one in results if not one.provisional]
        assert [one for one in second if one.item_id not in open_] == settled

    def test_what_a_model_will_not_answer_is_not_paid_for_again(self, told):
        final = [one for one in told[0] if one.source == "rules" and not one.provisional]
        assert any("content_filter" in (one.note or "") for one in final)


def test_a_second_run_makes_no_call(tmp_path: Path):
    with serving() as server:
        settings = settings_for(server.url, tmp_path)
        first = refine_all(products(30), OpenAIBackend(settings))
        asked = len(server.log)
        backend = OpenAIBackend(settings)
        assert refine_all(products(30), backend) == first
        assert len(server.log) == asked
    assert backend.tally.calls == 0
    assert backend.tally.cache_hits == asked
    assert backend.tally.usd == 0


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_refinement_faults import products, settings_for
from vlclip_dagster.refinement.loop import refine_all
from vlclip_dagster.refinement.openai_backend import OpenAIBackend
refine_all(products(80), OpenAIBackend(settings_for(sys.argv[2], Path(sys.argv[3]), concurrency=6)))
"""


def test_a_kill_in_the_middle_repeats_at_most_the_calls_in_flight(tmp_path: Path):
    with serving(latency_s=0.02) as server:
        script = [sys.executable, "-c", KILLED, str(Path(__file__).parent), server.url]
        process = subprocess.Popen([*script, str(tmp_path)])
        while len(server.log) < 60 and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(0.2)
        sent = len(server.requests)
        assert 60 <= sent < 160
        results = refine_all(products(80), OpenAIBackend(settings_for(server.url, tmp_path)))
        repeated = Counter(json.dumps(chat_server.data_of(one)) for one in server.requests)
    assert all(one.source == "openai" for one in results)
    assert sum(count - 1 for count in repeated.values()) <= 6


def test_the_budget_is_never_passed_and_a_larger_one_goes_on(tmp_path: Path):
    limit = 0.004
    with serving() as server:
        poor = refine_all(
            products(60), OpenAIBackend(settings_for(server.url, tmp_path, max_usd=limit))
        )
        assert 0 < usd_of(server.log) <= limit
        spent = [one for one in poor if "are spent" in (one.note or "")]
        assert spent
        assert all(one.provisional and one.source == "rules" for one in spent)
        asked = len(server.log)
        refine_all(products(60), OpenAIBackend(settings_for(server.url, tmp_path, max_usd=limit)))
        assert usd_of(server.log) <= limit
        rich = refine_all(
            products(60), OpenAIBackend(settings_for(server.url, tmp_path, max_usd=9))
        )
    assert len(server.log) > asked
    assert all(one.source == "openai" for one in rich)


def test_a_key_that_is_refused_is_not_tried_a_thousand_times(tmp_path: Path):
    refuse = {"error": {"message": "bad key", "code": "invalid_api_key"}}
    with serving(script=lambda request, number: (401, refuse)) as server:
        backend = OpenAIBackend(settings_for(server.url, tmp_path, concurrency=4))
        results = refine_all(products(100), backend)
    assert len(server.requests) <= 4
    told = "openai failed to summarise: HTTP status 401, invalid_api_key"
    assert all(one.provisional and (one.note or "").startswith(told) for one in results)


def test_a_server_that_went_down_does_not_hold_up_the_run(tmp_path: Path):
    with serving() as server:
        url = server.url
    started = time.monotonic()
    backend = OpenAIBackend(settings_for(url, tmp_path, attempts=1, concurrency=4))
    results = refine_all(products(300), backend)
    assert time.monotonic() - started < 20
    assert all(one.provisional for one in results)
    assert backend.tally.calls < 60


def test_a_refusal_costs_no_attempt(tmp_path: Path):
    """Eight threads, one attempt each, against a server that refuses every other call."""

    def busy(request: dict, number: int) -> tuple[int, dict]:
        if number % 2:
            return 429, {"error": {"code": "rate_limit_exceeded"}}
        content = json.dumps(chat_server.wise(chat_server.data_of(request)))
        return 200, chat_server.completion(content)

    headers = {"retry-after-ms": "20"}
    with serving(script=busy, headers=headers) as server:
        settings = settings_for(server.url, tmp_path, attempts=1, concurrency=8)
        results = refine_all(products(40), OpenAIBackend(settings))
        answered = OpenAIBackend(settings).cache
    assert all(one.source == "openai" for one in results)
    assert len(server.requests) > len(answered) >= 80


def test_a_limit_that_a_server_says_is_used_up_is_waited_for(tmp_path: Path):
    headers = {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "300ms"}
    with serving(headers=headers) as server:
        settings = settings_for(server.url, tmp_path, concurrency=1)
        OpenAIBackend(settings).summarise(products(3))
    first, second, third = (one.at for one in server.log)
    assert second - first >= 0.3
    assert third - second >= 0.3


@pytest.mark.parametrize("forms", [("json_object", None), (None,)])
def test_a_server_without_schemas_is_asked_in_words(forms: tuple, tmp_path: Path):
    with serving(forms=forms, brain=_chatty) as server:
        backend = OpenAIBackend(settings_for(server.url, tmp_path, concurrency=1))
        results = refine_all(products(6), backend)
    assert all(one.source == "openai" for one in results)
    refused = [one for one in server.log if one.outcome == "form"]
    assert len(refused) == 3 - len(forms), "what it does not take is tried once"
    last = server.requests[-1]
    assert "schema" in last["messages"][0]["content"]
    assert last.get("response_format", {}).get("type") == forms[0]


def _chatty(data: dict) -> str:
    return f"Sure! Here it is:\n```json\n{json.dumps(chat_server.wise(data))}\n```"


def test_an_answer_of_another_shape_is_shown_to_the_model_once_more(tmp_path: Path):
    def stubborn(request: dict, number: int) -> tuple[int, dict]:
        known = [one["role"] for one in request["messages"]]
        good = json.dumps({"query": "red straw hat"})
        return 200, chat_server.completion(good if "assistant" in known else "a red hat, I think")

    with serving(script=stubborn) as server:
        answers = OpenAIBackend(settings_for(server.url, tmp_path)).summarise(products(1))
    assert answers == ["red straw hat"]
    told = server.requests[1]["messages"]
    assert [one["role"] for one in told] == ["system", "user", "assistant", "user"]
    assert told[2]["content"] == "a red hat, I think"


def test_an_answer_cut_short_gets_more_room(tmp_path: Path):
    def wordy(request: dict, number: int) -> tuple[int, dict]:
        content = json.dumps({"query": "red straw hat"})
        short = request["max_completion_tokens"] < 800
        return 200, chat_server.completion(content, "length" if short else "stop")

    with serving(script=wordy) as server:
        assert OpenAIBackend(settings_for(server.url, tmp_path)).summarise(products(1)) == [
            "red straw hat"
        ]
    assert [one["max_completion_tokens"] for one in server.requests] == [400, 800]


def test_the_log_of_a_server_process_can_be_read(tmp_path: Path):
    script = [sys.executable, chat_server.__file__, "--latency", "0.001"]
    with subprocess.Popen(script, stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()
        try:
            refine_all(products(2), OpenAIBackend(settings_for(url, tmp_path)))
            with urllib.request.urlopen(url.removesuffix("/v1") + "/log") as answer:
                log = json.load(answer)
        finally:
            process.kill()
    assert {one["step"] for one in log} >= {"summarise", "evaluate"}
