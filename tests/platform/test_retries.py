"""A step tries again what passes by itself, three times; a mistake or a failed check, never."""

import dagster as dg
import pytest

from assets import stage
from vlclip_dagster.errors import VlclipError


@pytest.fixture
def attempts(monkeypatch):
    """Run a step that raises the given errors in turn, then works; how often it was tried."""
    waits = []
    monkeypatch.setattr(stage, "FIRST_WAIT_S", 0.001)

    def run(*errors: Exception, passed: bool = True) -> tuple[int, dg.ExecuteInProcessResult]:
        left, tried = list(errors), []

        @dg.asset
        @stage.user_errors
        def artifact() -> None:
            tried.append(1)
            if left:
                raise left.pop(0)

        @dg.asset_check(asset=artifact, blocking=True)
        @stage.user_errors
        def check() -> dg.AssetCheckResult:
            return dg.AssetCheckResult(passed=passed)

        with dg.DagsterInstance.ephemeral() as instance:
            done = dg.materialize([artifact, check], instance=instance, raise_on_error=False)
        waits.extend(
            event.step_retry_data.seconds_to_wait
            for event in done.all_events
            if event.event_type == dg.DagsterEventType.STEP_UP_FOR_RETRY
        )
        run.waits = waits
        return len(tried), done

    return run


def sentence(done: dg.ExecuteInProcessResult) -> str:
    (failure,) = [event for event in done.all_events if event.is_step_failure]
    data = failure.step_failure_data
    return (
        data.user_failure_data.description if data.user_failure_data else data.error.cause.message
    )


def test_what_passes_is_tried_again_with_growing_waits(attempts):
    tried, done = attempts(ConnectionResetError("gone"), TimeoutError("slow"))
    assert (tried, done.success) == (3, True)
    assert attempts.waits == [0.001, 0.002]


def test_what_does_not_pass_is_told_in_the_end(attempts):
    tried, done = attempts(*[ConnectionRefusedError("nobody there")] * 9)
    assert (tried, done.success) == (4, False)
    assert "nobody there" in sentence(done)


def test_a_server_that_stays_away_is_a_sentence_in_the_end(attempts):
    def away() -> VlclipError:
        error = VlclipError("The server does not answer: start it.")
        error.__cause__ = ConnectionRefusedError()
        return error

    tried, done = attempts(*[away() for _ in range(9)])
    assert (tried, sentence(done)) == (4, "The server does not answer: start it.")


@pytest.mark.parametrize("error", [VlclipError("set VLCLIP_HOME"), ValueError("a bug")])
def test_a_mistake_is_told_at_once(attempts, error):
    tried, done = attempts(error)
    assert (tried, done.success) == (1, False)
    assert str(error) in sentence(done)


def test_a_failed_check_is_not_tried_again(attempts):
    tried, done = attempts(passed=False)
    assert (tried, done.success) == (1, False)
    assert attempts.waits == []
