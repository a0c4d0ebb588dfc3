"""A type's names are tried in turn, and the surest detection stands."""

import numpy as np
import pytest
from pydantic import ValidationError

from vlclip_dagster.grounding.settings import GroundingSettings
from vlclip_dagster.grounding.turns import detect_in_turn
from vlclip_dagster.grounding.types import Box, Detection

PICTURES = [np.full((8, 8, 3), at, dtype=np.uint8) for at in range(3)]
BOX = Box(0, 0, 4, 4)


class Scripted:
    """Answers with scores by prompt and picture."""

    fingerprint = "scripted"

    def __init__(self, scores: dict[str, list[float]]) -> None:
        self.scores = scores
        self.asked: list[tuple[str, int]] = []

    def detect(self, images, prompts) -> list[Detection]:
        at = [int(image[0, 0, 0]) for image in images]
        self.asked += list(zip(prompts, at, strict=True))
        return [
            Detection(BOX, self.scores[prompt][one])
            for prompt, one in zip(prompts, at, strict=True)
        ]


def test_the_next_name_is_tried_only_where_the_last_left_doubt():
    grounder = Scripted({"hoodie.": [0.8, 0.2, 0.3], "sweatshirt.": [0.9, 0.7, 0.1]})
    found = detect_in_turn(grounder, PICTURES, ["hoodie.", "sweatshirt."])
    assert [(one.score, one.found_by) for one in found] == [
        (0.8, "hoodie."),
        (0.7, "sweatshirt."),
        (0.3, "hoodie."),
    ]
    assert grounder.asked[3:] == [("sweatshirt.", 1), ("sweatshirt.", 2)]


def test_names_come_from_a_file(tmp_path):
    file = tmp_path / "names.toml"
    file.write_text('"Dining Furniture Sets" = ["Dining Tables", "chair"]\nHome = "vase"\n')
    settings = GroundingSettings(kind="transformers", prompts=str(file))
    assert settings.asked("dining  furniture sets") == ("dining table.", "chair.")
    assert settings.asked("Home") == ("vase.",)
    assert settings.asked("Hoodies & Sweatshirts") == ("hoodie.", "sweatshirt.")
    again = GroundingSettings.model_validate(settings.model_dump(mode="json"))
    assert again.asked("home") == ("vase.",)


def test_the_embedded_grounder_is_asked_once():
    assert GroundingSettings().asked("Hoodies & Sweatshirts") == ("hoodie.",)


@pytest.mark.parametrize("content", [None, "no equals sign", "number = 3", "\x00"])
def test_a_file_that_cannot_be_used_is_named(content, tmp_path):
    file = tmp_path / "names.toml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ValidationError):
        GroundingSettings(prompts=str(file))
