"""``mdocr serve``: documents and words for other programs, over HTTP or as tools."""

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from mdocr.batch.page_model import LazyPageModel, ModelChoice
from mdocr.batch.workers.devices import visible_devices
from mdocr.batch.workers.options import WorkerOptions, core_count
from mdocr.cli import console
from mdocr.cli.choices import Device, Engine
from mdocr.cli.command import MORE, Command, examples, single_command
from mdocr.cli.corpus import PageTimeout, WorkerMemory, worker_options
from mdocr.errors import MissingExtraError, UsageError
from mdocr.serve.options import ServeOptions
from mdocr.weights.resolve import resolve

DEFAULTS = ServeOptions()
TOKEN = "MDOCR_TOKEN"
EXAMPLES = examples(
    "mdocr serve                                    http://127.0.0.1:8000, this machine only",
    "curl -F file=@report.pdf -F format=md http://127.0.0.1:8000/v1/parse",
    "curl -F file=@sign.jpg http://127.0.0.1:8000/v1/recognize",
    "mdocr serve --host 0.0.0.0 --token-file token  for other machines",
    "mdocr serve --mcp --folder ~/scans             tools on stdin and stdout",
)

app = single_command()


@app.command(cls=Command, epilog=EXAMPLES)
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; any but loopback requires a token.")
    ] = DEFAULTS.host,
    port: Annotated[int, typer.Option(help="0: any that is free.")] = DEFAULTS.port,
    token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Holds the token that requests must present.",
            show_default=f"the variable {TOKEN}",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Processes that read.", show_default="one for each GPU, else one for each core"
        ),
    ] = None,
    page_model: Annotated[
        str,
        typer.Option(metavar="auto|NAME|PATH", help="Model for pages; see: mdocr help parse."),
    ] = "auto",
    word_model: Annotated[
        str,
        typer.Option(metavar="auto|NAME|PATH", help="Model for words; see: mdocr help recognize."),
    ] = "auto",
    device: Device = "auto",
    engine: Engine = "auto",
    max_bytes: Annotated[int, typer.Option(help="Most bytes of a file.")] = DEFAULTS.max_bytes,
    max_pages: Annotated[int, typer.Option(help="Most pages of a document.")] = DEFAULTS.max_pages,
    max_pixels: Annotated[
        int, typer.Option(help="Most pixels of a picture.", rich_help_panel=MORE)
    ] = DEFAULTS.max_pixels,
    max_queue: Annotated[
        int, typer.Option(help="Most requests that wait; others are told to come again.")
    ] = DEFAULTS.max_queue,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", help="The longest that a request may take.")
    ] = DEFAULTS.timeout,
    page_timeout: PageTimeout = WorkerOptions.page_seconds,
    worker_memory: WorkerMemory = None,
    mcp: Annotated[
        bool,
        typer.Option(
            "--mcp",
            help="In place of HTTP, speak the Model Context Protocol on stdin and stdout, with "
            "the tools parse and recognize.",
        ),
    ] = False,
    folder: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR",
            help="With --mcp: clients may name the files in it. May be repeated.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Answer HTTP requests: documents and words, read by workers.

    What can be asked for is listed at /docs, and described in docs/serve.md.
    """
    folders = _folders(mcp, folder or [])
    options = ServeOptions(
        host=host,
        port=port,
        token=_token(token_file),
        max_bytes=max_bytes,
        max_pages=max_pages,
        max_pixels=max_pixels,
        max_queue=max_queue,
        timeout=timeout,
    )
    count = len(visible_devices(device)) or core_count() if workers is None else workers
    limits = worker_options(page_timeout, worker_memory, count, device, least=1)
    _require(("fastapi", "uvicorn"), "serve", "mdocr serve")
    if mcp:
        _require(("mcp",), "mcp", "mdocr serve --mcp")
    from mdocr.serve.reader import ServedReaderMaker

    choice = ModelChoice(page_model, device, engine)
    name = LazyPageModel(choice).name  # what is not installed is downloaded now
    resolve(word_model, "recognizer")
    make = ServedReaderMaker(choice, word_model, max_pixels)
    if mcp:
        from mdocr.serve.tools import serve_tools

        serve_tools(make, limits, options, name, folders)
    else:
        from mdocr.serve.server import serve as answer

        answer(make, limits, options, name, console.note)


def _require(packages: Sequence[str], extra: str, purpose: str) -> None:
    for package in packages:
        if find_spec(package) is None:
            raise MissingExtraError(package, extra, purpose)


def _folders(mcp: bool, folders: Sequence[Path]) -> tuple[Path, ...]:
    """The folders whose files clients may name.

    Raises:
        UsageError: there are none, or they are not there, or have no effect.
    """
    if folders and not mcp:
        raise UsageError("--folder goes with --mcp only", "Over HTTP, clients send their files.")
    if mcp and not folders:
        raise UsageError("no folder is named that clients may read", "Name one with: --folder DIR")
    for path in folders:
        if not path.is_dir():
            raise UsageError(f"there is no folder {str(path)!r}", "Name another with: --folder DIR")
    return tuple(folders)


def _token(file: Path | None) -> str:
    """The token of a file, or of the environment.

    Raises:
        UsageError: the file cannot be read, or is empty.
    """
    if file is None:
        return os.environ.get(TOKEN, "").strip()
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the token file {str(file)!r} cannot be read", "Name a text file that you may read."
        ) from error
    if not token:
        raise UsageError(f"the token file {str(file)!r} is empty", "Write a token to it.")
    return token
