"""Jobs: documents that are read while nobody waits, with their progress and result."""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any

from mdocr.document.document import Document
from mdocr.errors import MdocrError
from mdocr.options import ParseOptions
from mdocr.parsing.events import Opened
from mdocr.parsing.page_work import ReadPage, as_known
from mdocr.serve.desk import Told
from mdocr.serve.errors import Refusal
from mdocr.serve.options import ServeOptions
from mdocr.serve.service import Service
from mdocr.serve.uploads import Upload


@dataclass(eq=False)
class ReadingJob:
    """A document that is read while nobody waits.

    Attributes:
        id: by which the client knows it; not to be guessed.
        name: of the file.
        form: the format of its result.
        state: ``waiting``, ``reading``, ``done``, ``failed`` or ``cancelled``.
        pages: how many will be read; None until the document is open.
        read: how many have been reported.
        arrived: what was read of each, in the order in which they came; for a report only.
        failures: pages and blocks that could not be read.
        document: the result.
        error: why there is none.
        ended: when, by the clock that only goes forward.
    """

    name: str
    form: str
    id: str = field(default_factory=partial(secrets.token_urlsafe, 16))
    state: str = "waiting"
    pages: int | None = None
    read: int = 0
    arrived: list[ReadPage] = field(default_factory=list)
    failures: int = 0
    document: Document | None = None
    error: MdocrError | None = None
    ended: float | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, event: Told) -> None:
        """Takes an event of its document."""
        if isinstance(event, Opened):
            self.state, self.pages = "reading", event.pages
        elif isinstance(event, ReadPage) and event.key[1]:
            self.read += 1
            self.failures += len(event.failures)
            self.arrived += [event] if self.form == "report" else []
        self._tell()

    def end(self, state: str, error: MdocrError | None = None) -> None:
        """Notes that nothing more comes."""
        self.state, self.error, self.ended = state, error, time.monotonic()
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def changes(self, seconds: float) -> AsyncGenerator[bool, None]:
        """Yields True now and after each change until the end, and False after silence."""
        yield True
        while self.ended is None:
            try:
                await asyncio.wait_for(self._news.wait(), seconds)
                yield True
            except asyncio.TimeoutError:
                yield False

    def result(self) -> Document:
        """The document.

        Raises:
            MdocrError: it is not there yet, or could not be read.
        """
        if self.error is not None:
            raise self.error
        if self.document is None:
            hint = f"Ask for its state: GET /v1/jobs/{self.id}"
            raise Refusal(HTTPStatus.CONFLICT, "the job has not ended", hint)
        return self.document

    def to_dict(self) -> dict[str, Any]:
        """The job as a record of JSON."""
        error = self.error and {"message": self.error.message, "hint": self.error.hint}
        names = ("id", "name", "state", "pages", "read", "failures")
        return {**{name: getattr(self, name) for name in names}, "error": error}


class Jobs:
    """All jobs; those that have ended are kept for a while.

    Args:
        service: reads.
        options: how many are kept, and how long.
    """

    def __init__(self, service: Service, options: ServeOptions) -> None:
        self._service = service
        self._options = options
        self._jobs: dict[str, ReadingJob] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def unread(self) -> int:
        """Jobs that have not ended."""
        return len(self._tasks)

    def start(self, upload: Upload, options: ParseOptions, form: str) -> ReadingJob:
        """Begins a job."""
        self._forget()
        job = ReadingJob(upload.name, form)
        task = asyncio.create_task(self._read(job, upload, options))
        self._jobs[job.id], self._tasks[job.id] = job, task
        task.add_done_callback(partial(self._ended, job, upload))
        return job

    def find(self, name: str) -> ReadingJob:
        """The job of an id.

        Raises:
            Refusal: there is none.
        """
        self._forget()
        if name not in self._jobs:
            kept = f"Jobs are forgotten {self._options.keep_seconds:g} s after their end."
            raise Refusal(HTTPStatus.NOT_FOUND, "there is no such job", kept)
        return self._jobs[name]

    def remove(self, name: str) -> None:
        """Cancels a job, and forgets it.

        Raises:
            Refusal: there is none.
        """
        self.find(name)
        del self._jobs[name]
        if name in self._tasks:
            self._tasks[name].cancel()

    def close(self) -> None:
        """Cancels all that have not ended."""
        for task in self._tasks.values():
            task.cancel()

    async def _read(self, job: ReadingJob, upload: Upload, options: ParseOptions) -> None:
        try:
            job.document = await self._service.document(upload, options, job.take)
            job.end("done")
        except Exception as error:
            job.end("failed", as_known(error))

    def _ended(self, job: ReadingJob, upload: Upload, task: "asyncio.Task[None]") -> None:
        del self._tasks[job.id]
        upload.remove()  # of a job that was cancelled before it began
        if job.ended is None:
            job.end(
                "cancelled", Refusal(HTTPStatus.GONE, "the job was cancelled", "Send it again.")
            )

    def _forget(self) -> None:
        """Drops jobs that ended long ago, and the oldest of too many."""
        ended = [(job.ended, job.id) for job in self._jobs.values() if job.ended is not None]
        ended.sort()
        oldest = time.monotonic() - self._options.keep_seconds
        surplus = len(ended) - self._options.max_jobs
        for number, (when, name) in enumerate(ended):
            if number < surplus or when < oldest:
                del self._jobs[name]
