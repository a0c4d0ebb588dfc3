import os
import signal

import pytest

from vlclip_dagster.interrupts import heeding_interrupts


def test_an_interrupt_that_somebody_else_took_is_heeded_at_the_end():
    seen = []

    def work() -> None:
        with heeding_interrupts():
            os.kill(os.getpid(), signal.SIGTERM)
            seen.append("books kept")

    before = signal.signal(signal.SIGTERM, lambda *_: seen.append("taken"))
    try:
        with pytest.raises(KeyboardInterrupt):
            work()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert seen == ["taken", "books kept"]


def test_nothing_happens_where_nobody_asked():
    with heeding_interrupts():
        pass
    assert signal.set_wakeup_fd(-1) == -1
