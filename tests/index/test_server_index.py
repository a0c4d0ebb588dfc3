"""What the server adapter promises beyond the contract: aliases, verification, faults."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from index_cases import DIM, found, make_index, publish, rows, unit
from qdrant_client import QdrantClient

from vlclip_dagster.errors import MissingRequirementError, VlclipError
from vlclip_dagster.index import build_index, server_collection
from vlclip_dagster.index.server import ServerIndex
from vlclip_dagster.index.settings import IndexSettings

pytestmark = pytest.mark.filterwarnings(
    "ignore:Payload indexes have no effect",
    "ignore:Local mode performs exact",
)

EYE = np.eye(DIM, dtype=np.float32)


@pytest.fixture
def client() -> QdrantClient:
    return QdrantClient(":memory:")


@pytest.fixture
def index(client: QdrantClient) -> ServerIndex:
    return ServerIndex(IndexSettings(kind="server", batch=3), client)


def collections(client: QdrantClient) -> set[str]:
    return {collection.name for collection in client.get_collections().collections}


def test_points_change_in_place_while_the_version_stays(index: ServerIndex, client: QdrantClient):
    publish(index, "dress", rows([f"a/{n}" for n in range(7)], unit(7)))
    before = collections(client)
    publish(index, "dress", rows(["a/1"], EYE[:1]))
    assert collections(client) == before
    assert index.count("dress") == 7


def test_versions_swap_in_one_request_and_the_last_is_kept(
    index: ServerIndex, client: QdrantClient, monkeypatch: pytest.MonkeyPatch
):
    requests = []
    move = client.update_collection_aliases
    monkeypatch.setattr(
        client, "update_collection_aliases", lambda moves: requests.append(moves) or move(moves)
    )
    client.create_collection("vlclip_dresser__1", vectors_config={})
    client.create_collection("somebody_elses", vectors_config={})
    for n, version in enumerate(("v1", "v2", "v3")):
        publish(index, "dress", rows([f"a/{n}"], EYE[n : n + 1]), version)
    assert [len(moves) for moves in requests] == [1, 2, 2]
    ours = collections(client) - {"vlclip_dresser__1", "somebody_elses"}
    assert len(ours) == 2
    assert all(name.startswith("vlclip_dress__") for name in ours)
    index.retire("dress")
    assert collections(client) == {"vlclip_dresser__1", "somebody_elses"}


def test_homes_that_share_a_server_keep_out_of_each_others_way(client: QdrantClient):
    shop, staging = (
        ServerIndex(IndexSettings(kind="server", prefix=prefix), client)
        for prefix in ("vlclip_", "staging_")
    )
    publish(shop, "dress", rows(["a/1"], EYE[:1]))
    publish(staging, "dress", rows(["a/2"], EYE[1:2]), "v2")
    staging.retire("dress")
    assert found(shop, None, EYE[0]) == ["a/1"]
    assert staging.product_types() == []


def test_missing_points_stop_a_publication(index: ServerIndex, client: QdrantClient):
    publish(index, "dress", rows(["a/1"], EYE[:1]))
    collection = index.collection("dress", "v2", DIM)
    collection.upsert(rows(["a/2", "a/3"], EYE[1:3]))
    (draft,) = collections(client) - {client.get_aliases().aliases[0].collection_name}
    client.delete(draft, [client.scroll(draft)[0][0].id])
    with pytest.raises(VlclipError, match="holds 1 of 2 points"):
        collection.finish()
    assert found(index, "dress", EYE[0]) == ["a/1"]


def test_poor_recall_stops_a_publication(index: ServerIndex, monkeypatch: pytest.MonkeyPatch):
    publish(index, "dress", rows(["a/1"], EYE[:1]))
    monkeypatch.setattr(server_collection, "sampled_recall", lambda *_: 0.5)
    with pytest.raises(VlclipError, match=r"finds 0\.500 of the true nearest"):
        publish(index, "dress", rows(["a/2"], EYE[1:2]), "v2")
    assert found(index, "dress", EYE[0]) == ["a/1"]


class Fault(BaseHTTPRequestHandler):
    """Answers everything with the status in its path prefix; remembers the key it was given."""

    keys: list[str | None] = []  # noqa: RUF012

    def do_GET(self):
        self.keys.append(self.headers.get("api-key"))
        body = json.dumps({"status": {"error": "no"}, "time": 0}).encode()
        self.send_response(int(self.path.split("/")[1]))
        self.send_header("content-type", "application/json")
        self.send_header("retry-after", "7")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_GET  # noqa: N815

    def log_message(self, *args):
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Fault)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://user:secret@127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "refuses the key"),
        (403, "refuses the key"),
        (429, "again in 7 seconds"),
        (500, "answers 500"),
    ],
)
def test_a_server_that_refuses(
    address: str, status: int, said: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MY_QDRANT_KEY", "top-secret")
    settings = IndexSettings(kind="server", url=f"{address}/{status}", api_key_env="MY_QDRANT_KEY")
    index = build_index(settings)
    sentence = index.check()
    assert sentence is not None
    assert said in sentence
    assert "127.0.0.1" in sentence
    assert "secret" not in sentence
    assert Fault.keys[-1] == "top-secret"
    assert "top-secret" not in settings.model_dump_json()
    with pytest.raises(VlclipError, match=said):
        publish(index, "dress", rows(["a/1"], EYE[:1]))


def test_a_server_that_is_not_there():
    index = build_index(IndexSettings(kind="server", url="http://127.0.0.1:1", timeout_s=2))
    sentence = index.check()
    assert sentence == (
        "the Qdrant server at 127.0.0.1:1 does not answer: start it, or set VLCLIP_INDEX__URL"
    )
    with pytest.raises(MissingRequirementError, match="does not answer"):
        index.search(None, EYE[0])


@pytest.mark.parametrize("url", ["qdrant:6333", "localhost", "", "grpc://localhost:6334"])
def test_an_address_without_a_scheme_is_one_sentence(url: str):
    sentence = build_index(IndexSettings(kind="server", url=url)).check()
    assert sentence is not None
    assert sentence.startswith(f"VLCLIP_INDEX__URL={url} is no address")


def test_the_port_that_is_asked_is_said():
    """Behind a proxy the address often has none, and then the client's own is asked."""
    index = build_index(IndexSettings(kind="server", url="http://127.0.0.1", timeout_s=2))
    assert "127.0.0.1:6333 does not answer" in (index.check() or "")


def test_a_key_that_is_not_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("MY_QDRANT_KEY", raising=False)
    index = build_index(IndexSettings(kind="server", api_key_env="MY_QDRANT_KEY"))
    sentence = index.check()
    assert sentence is not None
    assert "MY_QDRANT_KEY is not set" in sentence


def test_the_double_is_used_by_the_contract(tmp_path: Path):
    assert isinstance(make_index("server", tmp_path), ServerIndex)
