"""A small generated catalog, whose true boxes are known."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from vlclip_dagster.catalog.generated import write_sample
from vlclip_dagster.grounding.prompt import prompt_for
from vlclip_dagster.grounding.types import Box


class Shown(NamedTuple):
    """A photograph of the generated catalog: what is asked for, and where it is."""

    scene: str
    path: Path
    prompt: str
    box: Box

    @property
    def picture(self) -> np.ndarray:
        return np.asarray(Image.open(self.path).convert("RGB"))


@pytest.fixture(scope="session")
def shown(tmp_path_factory) -> list[Shown]:
    folder = write_sample(tmp_path_factory.mktemp("shown") / "drop", products=68, seed=5).folder
    rows = map(json.loads, (folder / "truth" / "truth.jsonl").open(encoding="utf-8"))
    return [
        Shown(row["scene"], folder / row["image"], prompt_for(row["type"]), Box(*row["box"]))
        for row in rows
    ]
