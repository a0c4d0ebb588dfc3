"""A process that kills itself at a chosen point of its progress, as kill -9 would."""

# Its first two arguments are the beginning of a progress label and a count; the rest is typed to
# ``vlclip``.
KILLED = """
import os, signal, sys
from contextlib import contextmanager
from vlclip_dagster import cli, terminal
from vlclip_dagster.progress import listening

label, step = sys.argv.pop(1), int(sys.argv.pop(1))

def listen(now, done, total):
    if now.startswith(label) and total and done >= step:
        os.kill(os.getpid(), signal.SIGKILL)

@contextmanager
def progress_shown(*, enabled=True):
    with listening(listen):
        yield

terminal.progress_shown = progress_shown
cli.main()
"""
SIGKILL = -9
