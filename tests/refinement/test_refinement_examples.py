"""The reviewed examples, the prompts they become, and what asking would cost."""

import json
from pathlib import Path

import pytest
from chat_server import serving

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.refinement.endpoint import Endpoint
from vlclip_dagster.refinement.estimate import estimate
from vlclip_dagster.refinement.examples import load_examples
from vlclip_dagster.refinement.loop import refine_all
from vlclip_dagster.refinement.openai_backend import OpenAIBackend
from vlclip_dagster.refinement.prompts import Prompter, system_text
from vlclip_dagster.refinement.settings import RefinementSettings
from vlclip_dagster.refinement.spending import Usage, estimated_tokens, price_of
from vlclip_dagster.refinement.types import ProductText
from vlclip_dagster.settings import load_settings

GOOD = """
[[example]]
product_type = "Mugs"
title = "Blue Striped Ceramic Mug"
draft = "blue striped ceramic mug for coffee"
action = "remove"
attribute = "coffee"
justification = "a use cannot be seen"
query = "blue striped ceramic mug"
"""
HATS = [ProductText(f"shop/{n}", "Hats", f"Velora Red Straw Hat {n}") for n in range(20)]


def settings(**more: object) -> RefinementSettings:
    return RefinementSettings(backend="openai", api_key_env=None, **more)


def test_the_built_in_examples_pass_the_gate_and_show_every_action():
    examples = load_examples(None)
    assert {one.verdict["action"] for one in examples} >= {"add", "remove", "rephrase", "shorten"}


@pytest.mark.parametrize("step", ["summarise", "evaluate", "refine"])
def test_the_static_text_is_long_enough_to_be_cached_and_never_changes(step: str):
    examples = load_examples(None)
    text = system_text(step, examples)
    assert estimated_tokens(text) > 1.05 * 1024
    prompter = Prompter(examples)
    firsts = {prompter.summarise(hat).messages("f")[0]["content"] for hat in HATS}
    assert len(firsts) == 1


def test_a_reviewed_file_is_added_and_makes_the_queries_out_of_date(tmp_path: Path):
    file = tmp_path / "reviewed.toml"
    file.write_text(GOOD)
    before = OpenAIBackend(settings()).fingerprint
    with_file = OpenAIBackend(settings(examples=file))
    assert with_file.fingerprint != before
    assert "Striped Ceramic Mug" in with_file.prompter.summarise(HATS[0]).system
    variables = {"VLCLIP_REFINEMENT__EXAMPLES": str(file)}
    version = load_settings(variables).code_version("refined_queries")
    file.write_text(GOOD.replace("Blue", "Red").replace("blue", "red"))
    assert load_settings(variables).code_version("refined_queries") != version
    assert load_settings({}).code_version("refined_queries") != version


def test_answers_never_become_examples(tmp_path: Path):
    file = tmp_path / "reviewed.toml"
    file.write_text(GOOD)
    with serving() as server:
        backend = OpenAIBackend(settings(base_url=server.url, examples=file))
        texts = backend.prompter.texts
        refine_all(HATS, backend)
        assert OpenAIBackend(settings(base_url=server.url, examples=file)).prompter.texts == texts
    assert file.read_text() == GOOD


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('blue striped ceramic mug"\n', 'gucci mug"\n', "does not pass the gate"),
        ('action = "remove"', 'action = "applaud"', "unknown action"),
        ('title = "Blue Striped Ceramic Mug"\n', "", "lacks title"),
        ('title = "Blue', 'colour = "x"\ntitle = "Blue', "unknown fields: colour"),
        ('title = "Blue Striped Ceramic Mug"', "title = 7", "no text"),
        ("[[example]]", "[[example", "is not TOML"),
    ],
)
def test_an_example_that_teaches_a_fault_is_refused(old: str, new: str, told: str, tmp_path: Path):
    file = tmp_path / "reviewed.toml"
    file.write_text(GOOD.replace(old, new))
    with pytest.raises(VlclipError, match=told) as caught:
        OpenAIBackend(settings(examples=file)).check()
    assert "reviewed.toml" in str(caught.value)


def test_examples_that_are_not_there_or_too_many_are_a_sentence(tmp_path: Path):
    with pytest.raises(VlclipError, match=r"missing\.toml cannot be read"):
        load_settings({"VLCLIP_REFINEMENT__EXAMPLES": str(tmp_path / "missing.toml")})
    (tmp_path / "many.toml").write_text(GOOD * 40)
    with pytest.raises(VlclipError, match="leave at most 40"):
        load_examples(tmp_path / "many.toml")


def test_openai_itself_is_asked_to_keep_nothing_and_to_share_prefixes():
    question = Prompter(load_examples(None)).summarise(HATS[0])
    body = Endpoint(settings()).request(question, "json_schema")
    assert (body["store"], body["prompt_cache_key"]) == (False, "vlclip-summarise")
    assert "stream" not in body
    local = Endpoint(settings(base_url="http://127.0.0.1:1/v1")).request(question, "json_schema")
    assert not {"store", "prompt_cache_key"} & local.keys()


def test_prices_know_snapshots_batches_and_what_the_settings_say():
    usage = Usage(prompt=2_000_000, cached=1_000_000, completion=1_000_000)
    listed = price_of(settings(model="gpt-4o-mini-2024-07-18"))
    assert listed is not None
    assert listed.usd(usage) == pytest.approx(0.15 + 0.075 + 0.60)
    batch = price_of(settings(mode="batch"))
    assert batch is not None
    assert batch.usd(usage) == pytest.approx(listed.usd(usage) / 2)
    assert price_of(settings(model="llama")) is None
    own = price_of(settings(model="llama", input_usd=1, output_usd=2))
    assert own is not None
    assert own.usd(usage) == pytest.approx(4)


def test_a_budget_in_an_unknown_currency_is_refused():
    with pytest.raises(VlclipError, match="VLCLIP_REFINEMENT__INPUT_USD"):
        OpenAIBackend(settings(model="llama", max_usd=5)).check()


def test_an_estimate_is_near_what_is_paid_and_asks_nothing(tmp_path: Path):
    with serving() as server:
        options = {"base_url": server.url, "cache_path": tmp_path / "llm.db"}
        told = estimate(HATS, OpenAIBackend(settings(**options)))
        assert server.requests == []
        backend = OpenAIBackend(settings(**options))
        refine_all(HATS, backend)
        after = estimate(HATS, OpenAIBackend(settings(**options)))
    assert (told.products, told.answered) == (20, 0)
    assert told.calls == pytest.approx(backend.tally.calls, rel=0.5)
    assert told.usage.prompt == pytest.approx(backend.tally.usage.prompt, rel=0.5)
    assert told.usd == pytest.approx(backend.tally.usd, abs=0.01)
    assert (after.products, after.answered, after.calls, after.usd) == (0, 20, 0, 0)


def test_a_price_that_nobody_knows_is_told_as_such():
    told = estimate(HATS, OpenAIBackend(settings(model="llama")))
    assert told.usd is None
    assert json.dumps(told.usage._asdict())
