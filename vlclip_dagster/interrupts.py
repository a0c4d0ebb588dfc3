"""Ctrl-C between the steps of a Dagster run.

What belongs here: noticing that somebody asked this process to stop. Dagster puts off signals
while it keeps its books, and forgets them when a run in this process ends; a command of many
runs would then go on with the next one.
"""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

STOP = {signal.SIGINT, signal.SIGTERM}


@contextmanager
def heeding_interrupts() -> Iterator[None]:
    """Raise what was asked for in the meantime when the block ends.

    Raises:
        KeyboardInterrupt: SIGINT or SIGTERM came, whoever handled it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard, told = socket.socketpair()
    with heard, told:
        heard.setblocking(False)
        told.setblocking(False)
        before = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
        try:
            signals = heard.recv(4096)
        except BlockingIOError:
            return
    if STOP.intersection(signals):
        raise KeyboardInterrupt
