"""Documents and words as tools of the Model Context Protocol, on stdin and stdout.

A client names files of this machine; those outside the folders that the command line names are not
opened. Results are texts: no file is written.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import ValidationError

import mdocr
from mdocr.batch.workers import WorkerOptions
from mdocr.batch.workers.messages import ReaderMaker
from mdocr.document.model import Failure
from mdocr.errors import InputError, MdocrError, TimeLimitError
from mdocr.options import RecognizeOptions
from mdocr.parsing.events import Opened
from mdocr.parsing.page_work import ReadPage
from mdocr.serve.answers import rendered_text
from mdocr.serve.desk import Desk, Told
from mdocr.serve.errors import too_large
from mdocr.serve.fields import PAGES, ParseFields
from mdocr.serve.metrics import Metrics
from mdocr.serve.options import ServeOptions
from mdocr.serve.service import Service
from mdocr.serve.uploads import Upload

INTERRUPTED = 130
"""Exit code."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class LocalFile(Upload):
    """A file of this machine: it stays when it has been read."""

    def remove(self) -> None:
        """Nothing."""


@dataclass(frozen=True)
class WordAnswer:
    """A word as the result of a tool."""

    text: str
    confidence: float


class Folders:
    """The folders whose files may be read.

    Args:
        folders: as named; what links in them lead to outside is not in them.
        max_bytes: of a file.
    """

    def __init__(self, folders: tuple[Path, ...], max_bytes: int) -> None:
        self._folders = tuple(folder.resolve() for folder in folders)
        self._max_bytes = max_bytes
        self._numbers = count(1)

    def __str__(self) -> str:
        return ", ".join(map(str, self._folders))

    def find(self, name: str) -> LocalFile:
        """The file of a path, which is absolute or starts in one of the folders.

        Raises:
            InputError: it lies in none of them, or is no file.
            Refusal: it is too large.
        """
        hint = f"Name a file in: {self}"
        try:
            paths = [(folder / name).resolve() for folder in self._folders]
            inside = [path for path in paths if any(map(path.is_relative_to, self._folders))]
            if not inside:
                raise InputError(f"{name!r} is outside the folders that may be read", hint)
            path = next((path for path in inside if path.is_file()), None)
            if path is None:
                raise InputError(f"there is no file {name!r}", hint)
            if path.stat().st_size > self._max_bytes:
                raise too_large(repr(name), self._max_bytes, "bytes")
        except (OSError, ValueError, RuntimeError) as error:  # a null in it, a circle of links
            raise InputError(f"{name!r} cannot be read: {error}", hint) from error
        return LocalFile(next(self._numbers), path, name)


class Tools:
    """The tools ``parse`` and ``recognize``.

    Args:
        service: reads.
        folders: whose files may be read.
        seconds: the longest that a call may take.
    """

    def __init__(self, service: Service, folders: Folders, seconds: float) -> None:
        self._service = service
        self._folders = folders
        self._seconds = seconds

    async def parse(  # noqa: D417, the model that calls reads this, and gives no context
        self,
        context: Context[Any, Any],
        path: str,
        pages: str = "",
        format: str = "md",
        threshold: float = PAGES.threshold,
        password: str = "",
    ) -> list[str]:
        """Read a PDF or a picture of pages: text, tables, formulas, in reading order.

        Args:
            path: The file, absolute or below a folder that may be read.
            pages: Which pages, such as 1-3,7,12-end; all by default.
            format: md, txt, html, latex, json (with places and confidence of each block) and so on.
            threshold: 0 to 1; higher is slower and better.
            password: Of an encrypted PDF.

        Returns:
            The document, and what could not be read, if anything.
        """

        async def read() -> list[str]:
            fields = ParseFields.model_validate(
                {"pages": pages, "format": format, "threshold": threshold, "password": password}
            )
            options, file = fields.options(), self._folders.find(path)
            document = await self._service.document(file, options, _progress(context))
            text = await rendered_text(document, format)
            return [text, *_told(document.failures)]

        return await self._answered(read())

    async def recognize(self, path: str) -> WordAnswer:
        """Read a picture of one word, such as a crop of a sign or a label.

        Args:
            path: The picture, absolute or below a folder that may be read.
        """

        async def read() -> WordAnswer:
            word = await self._service.word(self._folders.find(path), RecognizeOptions())
            return WordAnswer(word.text, round(word.confidence, 4))

        return await self._answered(read())

    async def _answered(self, work: Coroutine[Any, Any, Result]) -> Result:
        """What comes of a call; an error of ours is told to the model that calls."""
        try:
            return await asyncio.wait_for(work, self._seconds)
        except asyncio.TimeoutError:
            raise _tool_error(
                TimeLimitError(
                    f"timeout: it took more than {self._seconds:g} s", "Ask for fewer pages."
                )
            ) from None
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise ToolError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
        except MdocrError as error:
            raise _tool_error(error) from error


def make_server(tools: Tools, folders: Folders) -> MCPServer[Any]:
    """A server with the tools."""
    server: MCPServer[Any] = MCPServer(
        "mdocr",
        version=mdocr.__version__,
        instructions=f"Reads text in PDFs and pictures (OCR). Files are read in: {folders}",
        log_level="WARNING",
    )
    server.add_tool(tools.parse, structured_output=False)
    server.add_tool(tools.recognize)
    return server


def serve_tools(
    make: ReaderMaker,
    workers: WorkerOptions,
    options: ServeOptions,
    model: str,
    folders: tuple[Path, ...],
) -> None:
    """Answers calls on stdin and stdout until stdin is closed, or the process is told to end.

    Args:
        make: makes what reads, in each worker.
        workers: how many, and their limits.
        options: limits of files and calls.
        model: name of the page model.
        folders: whose files may be read.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    allowed = Folders(folders, options.max_bytes)
    with closing(Desk(make, workers, options.max_pages)) as desk:
        tools = Tools(Service(desk, Metrics(), model), allowed, options.timeout)
        make_server(tools, allowed).run("stdio")


def _leave(number: int, frame: FrameType | None) -> None:
    """Ends the process, and the workers with it: nothing ends the thread that reads stdin."""
    os._exit(INTERRUPTED)


def _progress(context: Context[Any, Any]) -> Callable[[Told], None]:
    """Reports pages to the client as they are read."""
    loop = asyncio.get_running_loop()
    total = read = 0
    reports: set[asyncio.Task[None]] = set()

    def watch(event: Told) -> None:
        nonlocal total, read
        if isinstance(event, Opened):
            total = event.pages
        elif isinstance(event, ReadPage) and event.key[1]:
            read += 1
        else:
            return
        report = loop.create_task(context.report_progress(read, total, f"{read} of {total} pages"))
        reports.add(report)  # a task that nothing holds may vanish
        report.add_done_callback(reports.discard)

    return watch


def _told(failures: tuple[Failure, ...]) -> list[str]:
    """What was not read, as a part of the result."""
    if not failures:
        return []
    lines = (f"page {one.page}: {one.message}" for one in failures)
    return ["\n".join(["Not read:", *lines])]


def _tool_error(error: MdocrError) -> ToolError:
    return ToolError(f"{error.message}. {error.hint}".strip())
