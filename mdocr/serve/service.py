"""Uploads to documents and words: what requests await, in terms of the desk."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from mdocr.batch.results import without_pictures
from mdocr.batch.workers import Assignment
from mdocr.document.document import Document
from mdocr.document.words import Word
from mdocr.errors import MdocrError, TimeLimitError
from mdocr.options import ParseOptions, RecognizeOptions
from mdocr.parsing.events import Ended, ReadDocument
from mdocr.parsing.page_work import ReadPage
from mdocr.serve.desk import Desk, Told
from mdocr.serve.errors import Refusal
from mdocr.serve.metrics import Metrics
from mdocr.serve.reader import WordAssignment
from mdocr.serve.uploads import Upload

Result = TypeVar("Result")


def _ignore(event: Told) -> None:
    pass


class Service:
    """Reads uploads with the workers of a desk.

    Args:
        desk: hands them to workers.
        metrics: counts what is read.
        model: name of the page model.
    """

    def __init__(self, desk: Desk, metrics: Metrics, model: str) -> None:
        self._desk = desk
        self._metrics = metrics
        self._model = model

    async def document(
        self, upload: Upload, options: ParseOptions, watch: Callable[[Told], None] = _ignore
    ) -> Document:
        """Reads a document; the upload is removed at the end, and when the caller is cancelled.

        Args:
            upload: the file.
            options: how to read.
            watch: called with every event.

        Raises:
            MdocrError: it cannot be opened, or none of its pages can be read.
        """
        read = ReadDocument()
        errors: list[MdocrError] = []
        assignment = Assignment(upload.number, str(upload.path), options)
        async with aclosing(self._events(assignment, upload)) as events:
            async for event in events:
                watch(event)
                if isinstance(event, Word):
                    continue
                read.add(event, pictures=options.page_pictures)
                if isinstance(event, ReadPage):
                    self._count(event)
                    errors += [event.error] if event.error else []
        if read.error or not read.pages:
            raise upload.renamed(read.error or next(iter(errors), _stopped()))
        return _shown(read.document(self._model), upload)

    async def word(self, upload: Upload, options: RecognizeOptions) -> Word:
        """Reads a picture of a word; see ``document``."""
        path = str(upload.path)
        assignment = WordAssignment(upload.number, path, ParseOptions(), words=options)
        outcome: Word | MdocrError = _stopped()
        async with aclosing(self._events(assignment, upload)) as events:
            async for event in events:  # to the end: who leaves before it ends the worker
                if isinstance(event, Word):
                    outcome = event
                    self._metrics.words.inc()
                elif isinstance(event, ReadPage) and event.error:
                    outcome = event.error
                    self._count(event)
        if isinstance(outcome, MdocrError):
            raise upload.renamed(outcome)
        return replace(outcome, path=upload.name)

    async def _events(self, assignment: Assignment, upload: Upload) -> AsyncGenerator[Told, None]:
        """What comes of an assignment; who stops listening frees its work."""
        loop = asyncio.get_running_loop()
        told: asyncio.Queue[Told] = asyncio.Queue()

        def tell(event: Told) -> None:
            with suppress(RuntimeError):  # the loop has ended before the desk
                loop.call_soon_threadsafe(told.put_nowait, event)

        self._desk.submit(assignment, tell)
        try:
            while True:
                event = await told.get()
                if isinstance(event, Ended):
                    return
                yield event
        finally:
            self._desk.cancel(assignment.number)
            upload.remove()

    def _count(self, read: ReadPage) -> None:
        self._metrics.pages.inc(read.page is not None)
        self._metrics.failures.inc(len(read.failures))


async def answered(request: Request, work: Coroutine[Any, Any, Result], seconds: float) -> Result:
    """Awaits what a request asks for, and ends it when the client goes away.

    Raises:
        TimeLimitError: it takes longer than so many seconds.
        ClientDisconnect: the client went away.
    """
    task = asyncio.create_task(work)
    gone = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait({task, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        if gone.done():
            raise ClientDisconnect
        hint = "Ask for fewer pages at once, or send a job: POST /v1/jobs."
        raise TimeLimitError(f"timeout: it took more than {seconds:g} s", hint)
    finally:
        for one in (task, gone):
            one.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _gone(request: Request) -> None:
    """Returns when the client has gone away; its request has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _shown(document: Document, upload: Upload) -> Document:
    """The document as the client knows it: its name, without pictures that it does not have."""
    failures = tuple(map(upload.shown, document.failures))
    source = replace(document.source, path=upload.name)
    return without_pictures(replace(document, source=source, failures=failures))


def _stopped() -> MdocrError:
    return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "the server is shutting down", "Try again.")
