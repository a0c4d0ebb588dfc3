"""Fixtures that every part's tests may use."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def catalogs() -> Path:
    """The folder of real catalogs; the test is skipped where it is absent."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "catalogs"
    folder = Path(os.environ.get("VLCLIP_TEST_CATALOGS", beside))
    if not (folder / "luma" / "feed.tsv").is_file():
        pytest.skip(
            "the real catalogs are not here: set VLCLIP_TEST_CATALOGS to the folder with luma/"
        )
    return folder
