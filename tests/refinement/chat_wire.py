"""The wire of ``chat_server``: HTTP requests to it, and what it says as responses.

What belongs here: paths, headers, multipart forms, and answers that break off or never come. What
does not: what is answered.
"""

import email
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from email import policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chat_server import ChatServer


class Listener(ThreadingHTTPServer):
    """Listens on a free port of this machine."""

    daemon_threads = True
    request_queue_size = 256  # all of a client's threads may connect at once

    def __init__(self, chat: "ChatServer") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.chat = chat


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    @property
    def chat(self) -> "ChatServer":
        return self.server.chat

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:  # the client was killed while it sent
            return
        if self.path.endswith("/chat/completions"):
            self._chat(json.loads(body))
        elif self.path.endswith("/files"):
            self._file(body)
        else:
            self._batch(json.loads(body))

    def do_GET(self) -> None:
        name = self.path.split("/v1/")[-1].split("?")[0]
        if self.path == "/log":
            self._json([asdict(one) for one in self.chat.log])
        elif name == "batches":
            found = list(self.chat.batches.values())
            self._json({"object": "list", "data": found, "has_more": False})
        elif name == "models":
            self._send(self.chat.manners.welcome, b'{"object": "list", "data": []}')
        elif name.startswith("batches/"):
            self._json(self.chat.batches[name.removeprefix("batches/")])
        else:
            self._send(200, self.chat.files[name.split("/")[1]])

    def _chat(self, request: dict[str, Any]) -> None:
        with self._in_flight(request):
            due = time.monotonic() + self.chat.manners.latency_s
            status, body, outcome = self.chat.complete(request)
            if body is None or status != 200 or outcome == "html":
                self.chat.note(request, outcome)
            time.sleep(max(0.0, due - time.monotonic()))
            if body is None:
                time.sleep(self.chat.manners.hang_s)
                self.close_connection = True
            elif outcome == "truncated":
                self._send(status, body[: len(body) // 2], len(body))
                self.close_connection = True
            else:
                self._send(status, body)

    @contextmanager
    def _in_flight(self, request: dict[str, Any]) -> Iterator[None]:
        chat = self.chat
        with chat.lock:
            chat.requests.append(request)
            chat.authorizations.append(self.headers.get("Authorization", ""))
            chat.in_flight += 1
            chat.most_in_flight = max(chat.most_in_flight, chat.in_flight)
        try:
            yield
        finally:
            with chat.lock:
                chat.in_flight -= 1

    def _file(self, body: bytes) -> None:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        parts = email.message_from_bytes(head + body, policy=policy.HTTP)
        name = f"file-{len(self.chat.files)}"
        for part in parts.iter_parts():
            if part.get_filename():
                self.chat.files[name] = part.get_payload(decode=True)
        self._json(
            {
                "id": name,
                "object": "file",
                "bytes": len(body),
                "created_at": 0,
                "filename": "q",
                "purpose": "batch",
                "status": "processed",
            }
        )

    def _batch(self, request: dict[str, Any]) -> None:
        name = f"batch_{len(self.chat.batches)}"
        self.chat.batches[name] = {
            "id": name,
            "object": "batch",
            "status": "in_progress",
            "created_at": 0,
            **request,
        }
        self._json(self.chat.batches[name])

    def _json(self, data: Any) -> None:
        self._send(200, json.dumps(data).encode())

    def _send(self, status: int, body: bytes, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body) if length is None else length))
        refusal = {"retry-after-ms": "5"} if status == 429 else {}
        for name, value in (refusal | self.chat.manners.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *arguments: object) -> None: ...

    def handle(self) -> None:
        # A client that gave up waiting is no reason to tell.
        with suppress(ConnectionError, TimeoutError):
            super().handle()
