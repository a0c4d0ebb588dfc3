import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from vlclip_dagster.refinement.pace import Pace, retry_after


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 1e-6)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def paced(clock: Clock, requests: int | None = None, tokens: int | None = None) -> Pace:
    return Pace(requests, tokens, clock=clock, sleep=clock.sleep)


def test_without_limits_nobody_waits(clock: Clock):
    pace = paced(clock)
    for _ in range(1000):
        pace.wait(10_000)
    assert clock.now == 0


def test_no_minute_holds_more_requests_than_the_limit(clock: Clock):
    pace, sent = paced(clock, requests=30), []
    for _ in range(100):
        pace.wait(1)
        sent.append(clock.now)
    for start in sent:
        assert sum(start <= one < start + 60 for one in sent) <= 30


def test_tokens_are_counted_beside_requests(clock: Clock):
    pace = paced(clock, requests=6000, tokens=6000)
    for _ in range(4):
        pace.wait(1500)
    assert clock.now == pytest.approx(45, abs=0.1)


def test_one_refusal_holds_back_all_and_nobody_comes_back_early(clock: Clock):
    pace = paced(clock)
    pace.cool_down(20)
    pace.cool_down(1)
    pace.wait(1)
    assert 20 <= clock.now <= 23


def test_a_cool_down_holds_back_those_who_wait_already():
    pace, passed = Pace(60 * 10, None), threading.Event()
    pace.wait(1)
    waiting = threading.Thread(target=lambda: (pace.wait(1), passed.set()))
    waiting.start()
    pace.cool_down(0.4)
    assert not passed.wait(0.25)
    assert passed.wait(2)
    waiting.join()


def test_a_used_up_limit_is_heeded_until_its_reset(clock: Clock):
    pace = paced(clock)
    pace.heed({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "12s"})
    pace.heed({"x-ratelimit-remaining-tokens": "90", "x-ratelimit-reset-tokens": "50s"})
    pace.wait(1)
    assert 12 <= clock.now <= 14


def test_an_hour_is_not_waited_for(clock: Clock):
    pace = paced(clock)
    pace.heed({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1h2m3s"})
    pace.wait(1)
    assert clock.now < 70


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-4"}, 0),
        ({"retry-after-ms": "x", "retry-after": "2"}, 2),
    ],
)
def test_what_a_refusal_asks_for(headers: dict, seconds: float | None):
    assert retry_after(headers) == seconds


def test_a_date_is_a_time_to_come_back():
    then = datetime.now(UTC) + timedelta(seconds=30)
    assert retry_after({"retry-after": format_datetime(then)}) == pytest.approx(30, abs=2)
