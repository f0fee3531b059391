"""What every request passes first: address, token, room in the queue, size of the body, counts."""

import time
from collections.abc import Callable
from hmac import compare_digest
from http import HTTPStatus
from math import ceil

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mdocr.serve.errors import Refusal, response_of, too_large
from mdocr.serve.metrics import Metrics
from mdocr.serve.options import ServeOptions, is_loopback

OPEN_PATHS = frozenset({"/", "/health"})
"""What is told without a token."""

FORM_BYTES = 1 << 20
"""Of a request, beside the file in it."""


class Gate:
    """Lets requests through, or answers why not, before their bodies are read.

    Args:
        app: what is behind it.
        options: of the server.
        metrics: counts requests.
        unread_jobs: how many jobs have not ended.
        workers: how many read at once.
        seconds_until_room: about how long a full queue stays full.
    """

    def __init__(
        self,
        app: ASGIApp,
        options: ServeOptions,
        metrics: Metrics,
        unread_jobs: Callable[[], int],
        workers: int,
        seconds_until_room: Callable[[], float],
    ) -> None:
        self._app = app
        self._options = options
        self._metrics = metrics
        self._unread_jobs = unread_jobs
        self._seconds_until_room = seconds_until_room
        self._most = options.max_queue + workers
        self._posts = 0
        self._max_body = options.max_bytes * 4 // 3 + FORM_BYTES  # as base64

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        counted = _Counted(scope, send, self._metrics)
        try:
            refusal = self._refusal(scope)
            if refusal:
                await response_of(refusal)(scope, receive, counted.send)
            else:
                await self._pass(scope, receive, counted.send)
        finally:
            counted.end()

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_post = scope["method"] == "POST"
        self._posts += is_post
        try:
            await self._app(scope, _limited(receive, self._max_body), send)
        finally:
            self._posts -= is_post

    def _refusal(self, scope: Scope) -> Refusal | None:
        headers = Headers(scope=scope)
        if self._options.token:
            if scope["path"] not in OPEN_PATHS and not self._knows_token(headers):
                return Refusal(
                    HTTPStatus.UNAUTHORIZED,
                    "the token is missing or wrong",
                    "Send the header: Authorization: Bearer TOKEN",
                    {"WWW-Authenticate": "Bearer"},
                )
        elif not is_loopback(_host(headers.get("host", ""))):
            # A page in the browser of whoever runs this, by a name that leads to this machine.
            return Refusal(
                HTTPStatus.FORBIDDEN,
                "without a token, this server answers to localhost only",
                "Ask for http://127.0.0.1, or start the server with a token.",
            )
        return self._too_much(scope, headers) if scope["method"] == "POST" else None

    def _too_much(self, scope: Scope, headers: Headers) -> Refusal | None:
        if self._posts + self._unread_jobs() >= self._most:
            seconds = max(1, ceil(min(self._seconds_until_room(), self._options.timeout)))
            return Refusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                "the queue is full",
                f"Try again in {seconds} s.",
                {"Retry-After": str(seconds)},
            )
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self._max_body:
            return too_large("the request", self._max_body, "bytes")
        return None

    def _knows_token(self, headers: Headers) -> bool:
        kind, _, token = headers.get("authorization", "").partition(" ")
        is_right = compare_digest(token.strip().encode(), self._options.token.encode())
        return is_right and kind.lower() == "bearer"


class _Counted:
    """Notes the status of an answer, and the time that it took."""

    def __init__(self, scope: Scope, send: Send, metrics: Metrics) -> None:
        self._scope, self._send, self._metrics = scope, send, metrics
        self._status = 499  # as nginx has it: the client went away
        self._began = time.perf_counter()

    async def send(self, message: Message) -> None:
        """Passes a part of the answer on."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
        await self._send(message)

    def end(self) -> None:
        """Counts the request."""
        route = getattr(self._scope.get("route"), "path", "other")
        self._metrics.count(route, self._status, time.perf_counter() - self._began)


def _limited(receive: Receive, most: int) -> Receive:
    """The body of a request, up to a limit."""
    received = 0

    async def limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > most:
            raise too_large("the request", most, "bytes")
        return message

    return limited


def _host(header: str) -> str:
    """The host of a ``Host`` header, without its port."""
    if header.startswith("["):
        return header.partition("]")[0].strip("[")
    return header.rpartition(":")[0] if ":" in header else header
