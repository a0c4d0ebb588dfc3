"""A shop on the network, for the tests of this part."""

import contextlib
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest


class Shop(BaseHTTPRequestHandler):
    """A shop's image server with every fault.

    Attributes:
        seen: method-independent record of all requests: path and headers.
        body: what ``/image``, ``/versioned`` and the bucket hold.
        faults: how many of the next requests to ``/flaky`` fail.
    """

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[tuple[str, dict[str, str]]]] = []
    body: ClassVar[bytes] = b"bytes of a photograph"
    faults: ClassVar[int] = 0
    at_once: ClassVar[list[int]] = [0, 0]
    _lock = threading.Lock()

    def do_GET(self):
        self.seen.append((self.path, dict(self.headers)))
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
        self._send(200, self.body)

    def page_versioned(self):
        tag = f'"{zlib.crc32(self.body):x}"'
        modified = "Wed, 21 Oct 2015 07:28:00 GMT"
        if self.headers["If-None-Match"] == tag:
            self._send(304, ETag=tag)
        else:
            self._send(200, self.body, **{"ETag": tag, "Last-Modified": modified})

    def page_flaky(self):
        if Shop.faults > 0:
            Shop.faults -= 1
            self._send(503, b"busy", **{"Retry-After": "0"})
        else:
            self._send(200, self.body)

    def page_cut(self):
        if Shop.faults > 0:
            Shop.faults -= 1
            self.close_connection = True
        else:
            self._send(200, self.body)

    def page_later(self):
        self._send(429, b"not now", **{"Retry-After": "3600"})

    def page_busy(self):
        with self._lock:
            self.at_once[0] += 1
            self.at_once[1] = max(self.at_once)
        time.sleep(0.02)
        with self._lock:
            self.at_once[0] -= 1
        self._send(200, self.body)

    def page_bucket(self):
        if self.path.endswith("absent.jpg"):
            self._send(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            self.page_versioned()

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
    """The address of a shop's image server on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def behind(shop):
    """What is behind the shop's address: its body and faults to set, its requests to read."""
    Shop.seen.clear()
    Shop.faults, Shop.body = 0, b"bytes of a photograph"
    return Shop
