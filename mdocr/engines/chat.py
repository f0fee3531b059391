"""A chat server that speaks the OpenAI API: one request at a time, bounded in time and size.

Redirects are not followed: pictures and keys go to the address that the user gave, or nowhere. What
is printed of that address has no user name, password or key in it.

Knows nothing of models and prompts. The hub library, whose HTTP client it uses, is imported when it
is needed.
"""

import json
import os
import time
from base64 import b64encode
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from mdocr.errors import DeviceError, UsageError

SECONDS = 300.0
"""Time for one answer, from the connection to its last byte."""

MAX_BYTES = 8 << 20
"""Longest answer; the longest texts have some thousand characters."""

KEY_VARIABLE = "MDOCR_SERVER_KEY"


class BusyError(DeviceError):
    """The server has too much to do, or a fault of its own, which may pass."""


class ChatServer:
    """A server's address, and the calls to it.

    Args:
        url: with or without ``/v1``; a user name and password in it are sent, but never printed.

    Raises:
        UsageError: this is no address of a server.
    """

    def __init__(self, url: str) -> None:
        parts = _parsed(url)
        path = parts.path.rstrip("/").removesuffix("/chat/completions").removesuffix("/v1")
        host = parts.netloc.rpartition("@")[2]
        self.address = f"{parts.scheme}://{host}{path}"
        self._headers = {"Accept-Encoding": "identity", "Authorization": _authorization(parts)}

    def models(self) -> list[str]:
        """Names of the models that the server offers.

        Raises:
            DeviceError: the server cannot be reached, or its answer makes no sense.
        """
        answer = self._call("GET", "/v1/models", None)
        try:
            return [str(model["id"]) for model in answer["data"]]
        except (KeyError, TypeError) as error:
            raise self._error(f"its list of models makes no sense ({error!r})") from error

    def complete(self, body: Mapping[str, Any]) -> tuple[str, bool]:
        """The text of a chat completion, and whether it was cut at the limit of tokens.

        Args:
            body: of the request.

        Raises:
            BusyError: the server failed; it may answer when asked again.
            DeviceError: the server cannot be reached, or refuses, or its answer makes no sense.
        """
        answer = self._call("POST", "/v1/chat/completions", body)
        try:
            choice = answer["choices"][0]
            text = choice["message"]["content"] or ""
            if not isinstance(text, str):
                raise TypeError("content is not a text")
            return text, choice.get("finish_reason") == "length"
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise self._error(f"its answer makes no sense ({error!r})") from error

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        from huggingface_hub import get_session
        from huggingface_hub.errors import OfflineModeIsEnabled

        deadline = time.monotonic() + SECONDS
        session: Any = get_session()
        try:
            with session.stream(
                method,
                self.address + path,
                json=body,
                headers=self._headers,
                follow_redirects=False,
                timeout=min(SECONDS, 60.0) if body is None else SECONDS,
            ) as response:
                self._require_success(response)
                return json.loads(self._read(response, deadline))
        except DeviceError:
            raise
        except OfflineModeIsEnabled as error:
            raise self._error(
                "HF_HUB_OFFLINE is set", "Unset HF_HUB_OFFLINE: it forbids this connection too."
            ) from error
        except Exception as error:  # of the network, of HTTP, and of the answer's form
            raise self._error(_first_line(error)) from error

    def _require_success(self, response: Any) -> None:
        status = response.status_code
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            target = urlsplit(response.headers.get("Location", ""))
            host = target.netloc.rpartition("@")[2] or "another path"
            raise self._error(
                f"it redirects to {host} ({status}), which is not followed",
                "Give the address that it redirects to, if you trust it.",
            )
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise self._error(f"it answers {status}", kind=BusyError)
        if status != HTTPStatus.OK:
            raise self._error(f"it answers {status}")

    def _read(self, response: Any, deadline: float) -> bytes:
        """The body, as it was sent: what is compressed could be of any size."""
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise self._error("its answer is compressed, though that was declined")
        body = bytearray()
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > MAX_BYTES:
                raise self._error(f"its answer is longer than {MAX_BYTES >> 20} MiB")
            if time.monotonic() > deadline:
                raise self._error(f"its answer takes longer than {SECONDS:.0f} s")
        return bytes(body)

    def _error(
        self, reason: str, hint: str = "", kind: type[DeviceError] = DeviceError
    ) -> DeviceError:
        known = (
            f"Is it running, with the model? Its key, if it needs one, goes into {KEY_VARIABLE}."
        )
        return kind(f"the server {self.address} gives no answer: {reason}", hint or known)


def _parsed(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, or half an IPv6 address
        sound = False
    if not sound:
        raise UsageError(
            "the address of the server makes no sense", "Write it like: http://HOST:PORT"
        )
    if parts.query or parts.fragment:
        raise UsageError(
            "the address of the server has a query, which is not sent",
            f"Leave out what follows the ?; put a key into {KEY_VARIABLE}.",
        )
    return parts


def _authorization(parts: SplitResult) -> str:
    """From the address, or a key of its own: the hub's token is for the hub alone."""
    if parts.username is None:
        return f"Bearer {os.environ.get(KEY_VARIABLE) or 'none'}"
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return f"Basic {b64encode(pair.encode()).decode()}"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0] or type(error).__name__
