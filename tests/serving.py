"""A server on loopback, whose workers are stand-ins."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import uvicorn
from served_readers import ServedStandInMaker

from mdocr.batch.workers import WorkerOptions
from mdocr.serve.app import make_app
from mdocr.serve.desk import Desk
from mdocr.serve.options import ServeOptions
from mdocr.serve.server import Server
from mdocr.serve.uploads import Uploads


@contextlib.contextmanager
def served(seconds: float = 0.0, workers: int = 1, **changes) -> Iterator[httpx.Client]:
    """A client of a server; a page takes so many seconds."""
    options = ServeOptions(**changes)
    limits = WorkerOptions(workers, page_seconds=30, silent_seconds=30, memory=4 << 30)
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        contextlib.closing(Uploads(options.max_bytes)) as uploads,
        contextlib.closing(Desk(ServedStandInMaker(seconds), limits, options.max_pages)) as desk,
    ):
        config = uvicorn.Config(
            make_app(desk, uploads, options, "stand-in"), log_level="error", access_log=False
        )
        server = Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
                client.desk, client.uploads = desk, uploads
                yield client
        finally:
            server.should_exit = True
            thread.join()


def parse(client: httpx.Client, text: str, **fields) -> httpx.Response:
    return client.post("/v1/parse", files={"file": ("a.txt", text)}, data=fields)


def until(condition, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
