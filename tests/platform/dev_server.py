"""`vlclip dev` in a process group of its own, asked over GraphQL."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar
from urllib.request import Request, urlopen

from homes import PROJECT, VLCLIP, Home, clean_environment

T = TypeVar("T")
START_S = 120.0
LAUNCH = """
mutation($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""
BACKFILL = """
query($id: String!) {
  partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status numPartitions } }
}
"""


class DevServer:
    """The UI's own server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, query: str, **variables: object) -> dict:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urlopen(request, timeout=60) as answer:
            told = json.load(answer)
        assert not told.get("errors"), told
        return told["data"]

    def backfill(self, asset: str, slugs: Iterable[str]) -> str:
        """Start a backfill; its id."""
        params = {"assetSelection": [{"path": [asset]}], "partitionNames": list(slugs)}
        answer = self.ask(LAUNCH, params=params)["launchPartitionBackfill"]
        assert answer["__typename"] == "LaunchBackfillSuccess", answer
        return answer["backfillId"]

    def status(self, backfill: str) -> str:
        return self.ask(BACKFILL, id=backfill)["partitionBackfillOrError"]["status"]

    def answers(self) -> bool:
        try:
            return bool(self.ask("{ version }"))
        except OSError:
            return False


@contextmanager
def dev_server(home: Home, log: Path) -> Iterator[DevServer]:
    """Run `vlclip dev` on ``home``; all its processes end with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        log.open("w") as out,
        subprocess.Popen(
            [sys.executable, "-c", VLCLIP, "dev", "--port", str(port)],
            env=clean_environment() | home.environment,
            cwd=PROJECT,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        server = DevServer(f"http://127.0.0.1:{port}")
        try:
            until(server.answers, START_S, lambda: log.read_text()[-3000:])
            yield server
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            finally:
                with suppress(ProcessLookupError):  # the whole group has ended by itself
                    os.killpg(process.pid, signal.SIGKILL)


def until(ready: Callable[[], T], seconds: float, told: Callable[[], object]) -> T:
    """Ask until the answer is true; what was ``told`` goes with the failure."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := ready():
            return answer
        time.sleep(1)
    raise AssertionError(f"not within {seconds} s: {told()}")
