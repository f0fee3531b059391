"""Requests of several pages in flight at once; a page is done when its last text is generated.

The decoder draws its requests from the queue. It may run dry while sequences are in flight, and
fill again when they end: a layout brings the regions to be read. The decoder asks again whenever
there is room.
"""

import logging
from collections import Counter
from collections.abc import Iterator
from typing import Generic, TypeVar

from mdocr.decoding.requests import Generation, Request
from mdocr.errors import MdocrError, OutOfMemoryError
from mdocr.parsing.page_work import (
    Job,
    PageWork,
    ReadPage,
    as_known,
)

Settled = TypeVar("Settled")

LOOK_AHEAD = 4
"""Pages in flight at the same time."""

logger = logging.getLogger(__name__)


class Queue(Iterator[Request], Generic[Settled]):
    """Requests of pages, drawn as there is room for them.

    Args:
        source: pages to be read; anything else is passed on in its place among them.
    """

    def __init__(self, source: Iterator[PageWork | Settled]) -> None:
        self._source = enumerate(source)
        self._exhausted = False
        self._ready: list[Job] = []
        self._drawn: dict[int, Job] = {}
        self._count = 0
        self._open: dict[PageWork, int] = {}  # place in the order of the source
        self._pending: Counter[PageWork] = Counter()
        self._settled: dict[int, Settled | ReadPage] = {}
        self._next = 0

    @property
    def is_done(self) -> bool:
        """Whether every page has been read."""
        return self._exhausted and not self._open

    def begin(self) -> "Queue[Settled]":
        """Itself, for a decoder that numbers requests from 0; call it when none is in flight."""
        self._count = 0
        return self

    def __next__(self) -> Request:
        """The next request; StopIteration means that there is none for the moment."""
        while True:
            if not self._ready:
                self._load()
            if not self._ready:
                raise StopIteration
            job = self._ready.pop()
            try:
                request = job.make()
            except Exception as error:  # one picture must not end the others
                self._miss(job, error)
                continue
            self._drawn[self._count] = job
            self._count += 1
            return request

    def take(self, number: int, made: Generation | MdocrError) -> None:
        """Hands a generated text, or the error in its place, to the page that asked for it."""
        job = self._drawn.pop(number)
        if isinstance(made, MdocrError):
            self._miss(job, made)
            return
        try:
            self._add(job.page.take(job.place, made))
        except Exception as error:  # one text must not end the others
            self._miss(job, error)
            return
        self._settle_one(job.page)

    def done(self) -> Iterator[Settled | ReadPage]:
        """Outcomes in the order of the source, up to the first page that is still open."""
        while self._next in self._settled:
            yield self._settled.pop(self._next)
            self._next += 1

    def restart(self, error: OutOfMemoryError, alone: bool) -> None:
        """Puts all requests in flight back; one that was in flight ``alone`` fails.

        Raises:
            OutOfMemoryError: no request was in flight: the model itself does not fit.
        """
        jobs = list(self._drawn.values())
        if alone and not jobs:
            raise error
        self._drawn.clear()
        if alone and jobs:
            self._miss(jobs.pop(0), error)
        self._ready += reversed(jobs)

    def _load(self) -> None:
        """Opens pages, up to ``LOOK_AHEAD``."""
        for _ in range(LOOK_AHEAD - len(self._open)):
            found = next(self._source, None)
            if found is None:
                self._exhausted = True
                return
            place, item = found
            if isinstance(item, PageWork):
                self._begin(place, item)
            else:
                self._settled[place] = item

    def _begin(self, place: int, page: PageWork) -> None:
        self._open[page] = place
        self._pending[page] = 1  # the beginning itself
        try:
            self._add(page.begin())
        except Exception as error:  # one page must not end the others
            page.error = as_known(error)
        self._settle_one(page)

    def _add(self, jobs: list[Job]) -> None:
        """Adds requests, the widest to be drawn first, then in order (from the end of the list)."""
        if not jobs:
            return
        self._pending.update(job.page for job in jobs)
        self._ready = sorted([*reversed(jobs), *self._ready], key=lambda job: job.size)

    def _miss(self, job: Job, error: Exception) -> None:
        job.page.miss(job.place, as_known(error))
        self._settle_one(job.page)

    def _settle_one(self, page: PageWork) -> None:
        self._pending[page] -= 1
        if not self._pending[page]:
            del self._pending[page]
            self._settled[self._open.pop(page)] = page.finish()


def smaller(batch_size: int, first: int) -> int:
    """The batch size after memory ran out: half, or the first again after a single request."""
    smaller = batch_size // 2 if batch_size > 1 else first
    logger.warning("out of memory at batch size %d: going on with %d", batch_size, smaller)
    return smaller
