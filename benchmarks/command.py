"""``vlclip`` as a person types it: a process of its own, in a home of its own."""

import os
import subprocess
import sys
from pathlib import Path

VLCLIP = "from vlclip_dagster.cli import main; main()"


def vlclip(home: Path, *words: str, **variables: str) -> str:
    """Type a command, with further ``variables`` in its environment; what it printed."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("DAGSTER_")}
    here = {"VLCLIP_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "1"}
    done = subprocess.run(
        [sys.executable, "-c", VLCLIP, *words],
        env=kept | here | variables,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"vlclip {' '.join(words)} failed: {(done.stderr or done.stdout)[-2000:]}")
    return done.stdout
