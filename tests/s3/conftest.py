"""A local S3 server, and buckets on it; everything else is as it is with a real one."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from buckets import SECRET, make_bucket


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Address of the server."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def variables(server) -> dict[str, str]:
    """What a process needs to know to use the server."""
    return {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


@pytest.fixture
def bucket(variables, tmp_path, monkeypatch) -> str:
    """Address of an empty bucket, with the environment that opens it."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "VLCLIP_"))]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("VLCLIP_STATE", str(tmp_path / "state"))
    return f"s3://{make_bucket()}"


@pytest.fixture
def client(bucket):
    import boto3

    return boto3.client("s3")


@pytest.fixture
def elsewhere(tmp_path) -> Path:
    """The working folder of another machine."""
    return tmp_path / "elsewhere"
