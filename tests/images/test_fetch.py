"""Links are foreign text: nothing outside the drop, nothing private, nothing endless."""

import contextlib
import ipaddress
import os
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from vlclip_dagster.images import guarded
from vlclip_dagster.images.errors import PhotographError
from vlclip_dagster.images.fetch import PhotographReader

BODY = b"bytes of a photograph"


@pytest.fixture
def drop(tmp_path):
    folder = tmp_path / "drop"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "1.jpg").write_bytes(BODY)
    (folder / "images" / "two words.jpg").write_bytes(BODY)
    (folder / "images" / "50%.jpg").write_bytes(BODY)
    (tmp_path / "secret.txt").write_bytes(b"secret")
    (tmp_path / "drop-secret").mkdir()
    (tmp_path / "drop-secret" / "x.jpg").write_bytes(b"secret")
    return folder


@pytest.fixture
def reader():
    return PhotographReader(timeout_s=2.0, max_bytes=1000)


@pytest.mark.parametrize(
    "link",
    [
        "images/1.jpg",
        "./images/1.jpg",
        " images/1.jpg ",
        "images/../images/1.jpg",
        "images/two words.jpg",
        "images/two%20words.jpg",
        "images/50%.jpg",
        "images/50%25.jpg",
    ],
)
def test_relative_links_are_read(reader, drop, link):
    assert reader.read(link, str(drop)) == BODY


def test_absolute_and_file_links_inside_the_drop_are_read(reader, drop):
    assert reader.read(str(drop / "images" / "1.jpg"), str(drop)) == BODY
    assert reader.read(f"file://{drop}/images/two%20words.jpg", str(drop)) == BODY
    assert reader.read(f"file://localhost{drop}/images/1.jpg", str(drop)) == BODY


@pytest.mark.parametrize(
    "link",
    [
        "../secret.txt",
        "images/../../secret.txt",
        "%2e%2e/secret.txt",
        "images/%2e%2e/%2e%2e/secret.txt",
        "../drop-secret/x.jpg",
        "/etc/passwd",
        "file:///etc/passwd",
        "file:../secret.txt",
        "file://elsewhere/share/1.jpg",
        "images/1.jpg\0.png",
        "images/1%00.jpg",
        "images/\n1.jpg",
        "",
        "   ",
        "images",
        ".",
        "images/absent.jpg",
        "x" * 5000,
        "data:image/png;base64,AAAA",
        "ftp://example.com/1.jpg",
        "s3://bucket/1.jpg",
        "gopher://127.0.0.1:70/",
        "javascript:alert(1)",
        "http://",
        "http://[::1",
        "//etc/passwd",
    ],
)
def test_other_links_are_refused_with_a_sentence(reader, drop, link):
    with pytest.raises(PhotographError) as refusal:
        reader.read(link, str(drop))
    assert str(refusal.value).endswith(".")


def test_symlinks_are_followed_inside_the_drop_only(reader, drop):
    (drop / "out.jpg").symlink_to(drop.parent / "secret.txt")
    (drop / "folder").symlink_to(drop.parent)
    (drop / "in.jpg").symlink_to(drop / "images" / "1.jpg")
    (drop / "loop.jpg").symlink_to(drop / "loop.jpg")
    assert reader.read("in.jpg", str(drop)) == BODY
    for link in ("out.jpg", "folder/secret.txt", "loop.jpg"):
        with pytest.raises(PhotographError):
            reader.read(link, str(drop))


def test_only_files_of_a_fair_size_are_read(reader, drop):
    (drop / "big.jpg").write_bytes(b"x" * 1001)
    os.mkfifo(drop / "pipe.jpg")
    for link in ("big.jpg", "pipe.jpg"):
        with pytest.raises(PhotographError):
            reader.read(link, str(drop))


def test_the_network_can_be_switched_off(drop):
    with pytest.raises(PhotographError, match="switched off"):
        PhotographReader(allow_network=False).read("https://example.com/1.jpg", str(drop))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001:0:1::1",
        "2001:db8::1",
    ],
)
def test_addresses_that_are_not_public(address):
    assert not guarded.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1"])
def test_addresses_that_are_public(address):
    assert guarded.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "169.254.169.254"]
)
def test_private_hosts_are_refused_before_any_connection(reader, drop, host, monkeypatch):
    def connected(*_args, **_kwargs):
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket.socket, "connect", connected)
    with pytest.raises(PhotographError):
        reader.read(f"http://{host}/1.jpg", str(drop))


class _Shop(BaseHTTPRequestHandler):
    """A shop's image server with every fault."""

    protocol_version = "HTTP/1.1"
    hosts: list[str] = []  # noqa: RUF012 (shared by all requests on purpose)

    def do_GET(self):
        self.hosts.append(self.headers["Host"])
        getattr(self, "page_" + self.path.strip("/").split("?")[0].split("/")[0])()

    def log_message(self, *_args):
        pass

    def _send(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def page_image(self):
        self._send(200, BODY)

    def page_gone(self):
        self._send(404, b"no")

    def page_moved(self):
        self._send(302, Location="/image")

    def page_inward(self):
        self._send(302, Location="http://169.254.169.254/latest/meta-data/")

    def page_local(self):
        self._send(302, Location=f"http://localhost:{self.server.server_port}/image")

    def page_file(self):
        self._send(302, Location="file:///etc/passwd")

    def page_circle(self):
        self._send(302, Location="/circle")

    def page_big(self):
        self._send(200, b"x" * 5000)

    def page_endless(self):
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while True:
                self.wfile.write(b"x" * 100)

    def page_trickle(self):
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(100):
                self.wfile.write(b"x")
                time.sleep(0.05)

    def page_silent(self):
        time.sleep(3)
        self.close_connection = True

    def page_zipped(self):
        self._send(200, b"\x1f\x8b\x08rubbish", **{"Content-Encoding": "gzip"})


@pytest.fixture(scope="module")
def shop():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Shop)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def insider():
    return PhotographReader(0.6, 1000, private_hosts=frozenset({"127.0.0.1"}))


def test_photographs_come_over_http(insider, shop, drop):
    assert insider.read(f"{shop}/image", str(drop)) == BODY
    assert insider.read(f"{shop}/moved", str(drop)) == BODY
    assert insider.read("image", f"{shop}/feed.tsv") == BODY
    assert _Shop.hosts[-1] == shop.removeprefix("http://")


def test_compressed_transfer_is_not_unfolded(insider, shop, drop):
    assert insider.read(f"{shop}/zipped", str(drop)).startswith(b"\x1f\x8b")


@pytest.mark.parametrize("page", ["gone", "inward", "local", "file", "circle", "big", "endless"])
def test_faulty_servers_are_told_in_a_sentence(insider, shop, drop, page):
    with pytest.raises(PhotographError) as refusal:
        insider.read(f"{shop}/{page}", str(drop))
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize("page", ["trickle", "silent"])
def test_slow_servers_meet_the_deadline(insider, shop, drop, page):
    started = time.monotonic()
    with pytest.raises(PhotographError):
        insider.read(f"{shop}/{page}", str(drop))
    assert time.monotonic() - started < 2


def test_files_are_never_read_for_a_drop_on_the_network(insider, shop):
    with pytest.raises(PhotographError):
        insider.read("file:///etc/passwd", f"{shop}/feed.tsv")


def test_a_name_that_changes_its_address_is_connected_to_where_it_was_checked(
    insider, shop, drop, monkeypatch
):
    port = int(shop.rpartition(":")[2])
    answers = iter(["93.184.216.34", "127.0.0.1"])
    asked, connected = [], []

    def resolve(host, *_args, **_kwargs):
        if host == "rebinding.example":
            asked.append(host)
            host = next(answers)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]

    def connect(_socket, address):
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(PhotographError):
        insider.read(f"http://rebinding.example:{port}/image", str(drop))
    assert asked == ["rebinding.example"]
    assert connected == ["93.184.216.34"]
