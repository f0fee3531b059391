"""A hub on 127.0.0.1: the part of the file API that downloads use, and ways to misbehave."""

import contextlib
import hashlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "c0ffee" * 6 + "c0ff"


@dataclass
class Request:
    method: str
    path: str
    range: str
    authorization: str


@dataclass
class HubServer:
    """Serves ``files`` of every repository, large ones by a redirect to another host name.

    Attributes:
        files: ``repo/path`` to content; ``plain/name`` for what is outside the hub.
        sent: ``repo/path`` to the content that is really sent, where it is to be a wrong one.
        cuts: the next downloads end after so many bytes.
        statuses: ``repo/path`` to the HTTP status of every answer.
        busy: number of next downloads that are answered with 503.
        ignore_range: always send files from the start.
        headers: of every file, besides the usual ones.
        requests: everything that was asked.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    sent: dict[str, bytes] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    busy: int = 0
    ignore_range: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def __enter__(self) -> "HubServer":
        owner = self

        class Handler(_Handler):
            hub = owner

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def asked(self, method: str, ending: str) -> list[Request]:
        """Requests of a method for paths with an ending."""
        return [r for r in self.requests if r.method == method and r.path.endswith(ending)]


class _Handler(BaseHTTPRequestHandler):
    hub: HubServer

    def log_message(self, *_: Any) -> None:
        """Stays silent."""

    def do_HEAD(self) -> None:
        name = self._name()
        if self._refused(name):
            return
        content = self.hub.files[name]
        is_large = not name.endswith(".json")
        self.send_response(302 if is_large else 200)
        self.send_header("X-Repo-Commit", COMMIT)
        if is_large:
            self.send_header("ETag", '"some-pointer"')
            self.send_header("X-Linked-ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("X-Linked-Size", str(len(content)))
            self.send_header("Location", self._elsewhere(name))
            self.send_header("Content-Length", "0")
        else:
            blob = b"blob %d\0" % len(content) + content
            self.send_header("ETag", f'"{hashlib.sha1(blob).hexdigest()}"')
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()

    def do_GET(self) -> None:
        name = self._name()
        if self._refused(name):
            return
        if "/resolve/" in self.path and not name.endswith(".json"):
            self.send_response(302)
            self.send_header("Location", self._elsewhere(name))
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.hub.busy:
            self.hub.busy -= 1
            self._answer(503)
        else:
            self._send(self.hub.sent.get(name, self.hub.files[name]))

    def _send(self, content: bytes) -> None:
        start = 0
        asked = self.headers.get("Range", "")
        if asked and not self.hub.ignore_range:
            start = int(asked.removeprefix("bytes=").split("-")[0])
        self.send_response(206 if asked and not self.hub.ignore_range else 200)
        self.send_header("Content-Length", str(len(content) - start))
        for name, value in self.hub.headers.items():
            self.send_header(name, value)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        body = content[start:]
        with contextlib.suppress(ConnectionError):  # the client has what it wants
            self.wfile.write(body[: self.hub.cuts.pop(0)] if self.hub.cuts else body)

    def _name(self) -> str:
        """``repo/path`` of the request; kept in the list of requests."""
        self.hub.requests.append(
            Request(
                self.command,
                self.path,
                self.headers.get("Range", ""),
                self.headers.get("Authorization", ""),
            )
        )
        before, resolve, after = self.path.partition("/resolve/")
        if not resolve:
            return self.path.removeprefix("/elsewhere").strip("/")
        return f"{before.strip('/')}/{after.split('/', 1)[1]}"

    def _refused(self, name: str) -> bool:
        status = self.hub.statuses.get(name, 200 if name in self.hub.files else 404)
        if status != 200:
            self._answer(status)
        return status != 200

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _elsewhere(self, name: str) -> str:
        return f"http://localhost:{self.hub.port}/elsewhere/{name}"
