"""A server on 127.0.0.1 with the part of the OpenAI API that page models need."""

import contextlib
import json
import threading
import time
from base64 import b64decode
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any

from PIL import Image

Answer = Callable[[Image.Image, str], str]


class ChatServer:
    """Answers chats about pictures from a function.

    Attributes:
        answer: text for a picture and a prompt.
        chats: what was asked, as it came.
        keys: the keys that came with it.
        statuses: HTTP statuses of the next answers, where they are to be errors.
        headers: of every answer, besides the usual ones.
        cut: say that texts were cut at the limit of tokens.
        pause: seconds between the bytes of an answer.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.chats: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        self.cut = False
        self.pause = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "ChatServer":
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.reply(200, {"data": [{"id": "mineru-diffusion"}]})

            def do_POST(self) -> None:
                chat = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                owner.keys.append(self.headers["Authorization"])
                if owner.statuses:
                    self.reply(owner.statuses.pop(), {"error": "no memory"})
                    return
                owner.chats.append(chat)
                self.reply(200, owner.complete(chat))

            def reply(self, status: int, record: dict[str, Any]) -> None:
                body = json.dumps(record).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                for name, value in owner.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if not owner.pause:
                    self.wfile.write(body)
                    return
                with contextlib.suppress(OSError):  # the client has left
                    for byte in body:
                        self.wfile.write(bytes([byte]))
                        time.sleep(owner.pause)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def complete(self, chat: dict[str, Any]) -> dict[str, Any]:
        picture, prompt = chat["messages"][-1]["content"]
        coded = picture["image_url"]["url"].partition(",")[2]
        with Image.open(BytesIO(b64decode(coded))) as image:
            text = self.answer(image, prompt["text"])
        message = {"role": "assistant", "content": text + "<|im_end|>"}
        choice = {"index": 0, "message": message, "finish_reason": "length" if self.cut else "stop"}
        return {"id": "1", "created": 0, "model": chat["model"], "choices": [choice]}
