"""A share of the damaged feeds of ``benchmarks/fuzz_feeds.py``."""

import json
import subprocess
import sys
from pathlib import Path

FUZZ = Path(__file__).resolve().parents[2] / "benchmarks" / "fuzz_feeds.py"


def test_damaged_feeds_crash_nothing_and_cost_no_good_row() -> None:
    command = [sys.executable, str(FUZZ), "--feeds", "150", "--seed", "3", "--json"]
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    outcomes = {outcome for found in told["counts"].values() for outcome in found}
    assert outcomes <= {"kept all", "rejected the damaged one", "refused", "read in part"}
    assert sum(sum(found.values()) for found in told["counts"].values()) == 150
    assert told["memory_grown_mb"] < 300
