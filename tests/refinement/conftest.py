import pytest

from vlclip_dagster.refinement import pace


@pytest.fixture(autouse=True)
def _without_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repetitions follow at once, and a local server is asked without a proxy."""
    monkeypatch.setattr(pace, "_FIRST_BACKOFF_S", 0.002)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
