"""What starts often starts fast: heavy libraries stay out until their work begins."""

import json

import pytest
from homes import command

HEAVY = [
    "torch",
    "torchvision",
    "transformers",
    "open_clip",
    "great_expectations",
    "ray",
    "lance",
    "openai",
    "onnxruntime",
    "qdrant_client",
    "qdrant_edge",
    "matplotlib",
    "pandas",
]
LOADED = "; import json, sys; print(json.dumps([name.partition('.')[0] for name in sys.modules]))"


def loaded_by(statement: str, home) -> set[str]:
    answer = command(["-c", statement + LOADED], {"VLCLIP_HOME": str(home)})
    assert answer.returncode == 0, answer.stderr
    return set(json.loads(answer.stdout))


@pytest.mark.parametrize(
    ("what", "statement", "also"),
    [
        ("code location", "from vlclip_dagster.definitions import build_defs; build_defs()", []),
        ("search", "import vlclip_dagster.serving.local", ["dagster", "pyarrow"]),
        ("command line", "import vlclip_dagster.cli", ["dagster", "polars", "numpy"]),
    ],
)
def test_starting_up_loads_nothing_heavy(what, statement, also, tmp_path):
    loaded = loaded_by(statement, tmp_path)
    assert "vlclip_dagster" in loaded
    assert loaded & {*HEAVY, *also} == set(), f"the {what} imports what it does not need yet"


def test_loading_the_code_location_writes_nothing(tmp_path):
    loaded_by("import vlclip_dagster.definitions as d; d.build_defs()", tmp_path / "home")
    assert list(tmp_path.iterdir()) == []
