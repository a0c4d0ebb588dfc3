"""Settings come from a profile and from ``VLCLIP_*``; a mistake is one sentence."""

import pytest

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.settings import load_settings


def test_defaults_are_the_embedded_profile(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = load_settings({})
    assert settings.home == str(tmp_path / ".vlclip")
    assert settings.encoder.model == "vlclip-small"
    assert (settings.grounding.kind, settings.refinement.backend) == ("saliency", "rules")
    assert settings.index.kind == "edge"
    assert str(settings.index.root).startswith(settings.home)


def test_the_paper_profile_names_what_the_paper_used():
    settings = load_settings({"VLCLIP_PROFILE": "paper"})
    assert settings.encoder.model == "ViT-B-32"
    assert settings.encoder.pretrained == "laion2b_s34b_b79k"
    assert settings.grounding.kind == "transformers"
    assert (settings.refinement.backend, settings.index.kind) == ("openai", "server")


def test_each_part_can_be_chosen_alone():
    settings = load_settings({"VLCLIP_INDEX__KIND": "server", "VLCLIP_GROUNDING__THRESHOLD": "0.2"})
    assert settings.index.kind == "server"
    assert settings.grounding.threshold == 0.2
    assert settings.encoder.model == "vlclip-small"


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"VLCLIP_PROFILE": "papers"}, "VLCLIP_PROFILE is 'papers'; set it to embedded or paper"),
        ({"VLCLIP_GROUNDING__TRESHOLD": "1"}, "did you mean VLCLIP_GROUNDING__THRESHOLD"),
        ({"VLCLIP_GROUNDING__THRESHOLD": "high"}, "VLCLIP_GROUNDING__THRESHOLD: "),
        ({"VLCLIP_ENCODR": "x"}, "VLCLIP_ENCODR is not a setting"),
        ({"VLCLIP_HOME": "s3://"}, "VLCLIP_HOME is 's3://'; give a folder, or s3://bucket/prefix"),
        ({"VLCLIP_INBOX": "s3:///x"}, "VLCLIP_INBOX is 's3:///x'"),
    ],
)
def test_a_mistake_is_a_sentence_that_names_the_variable(variables, told):
    with pytest.raises(VlclipError) as error:
        load_settings(variables)
    assert told in str(error.value)


def test_an_empty_variable_is_one_that_is_not_set():
    assert load_settings({"VLCLIP_HOME": "", "VLCLIP_PROFILE": ""}) == load_settings({})


def test_only_decisive_settings_make_an_artifact_out_of_date():
    plain = load_settings({})
    moved = load_settings({"VLCLIP_HOME": "/elsewhere", "VLCLIP_GROUNDING__BATCH": "2"})
    changed = load_settings({"VLCLIP_GROUNDING__THRESHOLD": "0.2"})
    assets = ["deduped_images", "grounded_crops", "refined_queries", "qdrant_collections"]
    assert [plain.code_version(a) for a in assets] == [moved.code_version(a) for a in assets]
    differing = [a for a in assets if plain.code_version(a) != changed.code_version(a)]
    assert differing == ["grounded_crops"]
