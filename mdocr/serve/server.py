"""The server's life: listens, answers, and when it is told to end, first ends what it reads."""

import contextlib
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from mdocr.batch.workers import WorkerOptions
from mdocr.batch.workers.messages import ReaderMaker
from mdocr.errors import UsageError
from mdocr.serve.app import make_app
from mdocr.serve.desk import Desk
from mdocr.serve.options import ServeOptions
from mdocr.serve.uploads import Uploads

GRACE_SECONDS = 30
"""How long requests may go on after the server was told to end."""


class Server(uvicorn.Server):
    """Ends jobs before it waits for requests, some of which wait for jobs."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begins to end; told once more, no longer reads what was asked for."""
        if self.should_exit:
            self.config.app.state.stop_reading()  # type: ignore[union-attr]
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends what is being answered, for so long as the configuration allows."""
        self.config.app.state.end_jobs()  # type: ignore[union-attr]
        await super().shutdown(sockets)


def serve(
    make: ReaderMaker,
    workers: WorkerOptions,
    options: ServeOptions,
    model: str,
    say: Callable[[str], None],
) -> None:
    """Answers requests until the process is told to end.

    Args:
        make: makes what reads, in each worker.
        workers: how many, and their limits.
        options: what is accepted.
        model: name of the page model.
        say: is told the address.

    Raises:
        UsageError: the address cannot be used.
    """
    with (
        _listening(options.host, options.port) as listener,
        contextlib.closing(Uploads(options.max_bytes)) as uploads,
        contextlib.closing(Desk(make, workers, options.max_pages)) as desk,
    ):
        app = make_app(desk, uploads, options, model)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        say(f"listening on http://{_address(listener)}")
        with contextlib.suppress(KeyboardInterrupt):  # raised again once all has ended
            Server(config).run([listener])


def _listening(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, *_, address = found[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            "Choose another --host or --port; 0 is any port that is free.",
        ) from error


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
