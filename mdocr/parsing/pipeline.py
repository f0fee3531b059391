"""Documents to pages, in named steps.

documents → sheets (pages as pictures) → pages in flight → texts → read pages, in order

    sheets          opens documents one after another, and renders their pages as they are needed
    reader.open     analyses the layout (line reader); requests nothing yet
    queue           hands out the requests of pages, and gathers their texts
    parser.denoise  generates the texts, many at once
"""

import logging
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Protocol, TypeVar

from mdocr.document.model import Page, Source
from mdocr.errors import InputError, OutOfMemoryError
from mdocr.inputs.page_picture import PagePicture
from mdocr.inputs.pages import DocumentInput, PageError, Pages, open_pages
from mdocr.inputs.pictures import read_ahead
from mdocr.options import ParseOptions
from mdocr.parsing.events import Ended, Errand, Event, Opened, collect, no_errands
from mdocr.parsing.line_reader.pages import LinePageReader
from mdocr.parsing.mineru_diffusion import MinerUPageReader
from mdocr.parsing.page_model import PageModel
from mdocr.parsing.page_work import Key, PageWork, ReadPage, failed
from mdocr.parsing.queue import Queue, smaller
from mdocr.render import Document
from mdocr.weights.cache import file_sha256

Item = TypeVar("Item")

logger = logging.getLogger(__name__)


def _nothing_kept(source: Source) -> Mapping[int, Page]:
    return {}


def _is_there() -> None:
    """Most documents lie in files."""


@dataclass(frozen=True)
class DocumentTask:
    """A document to be read.

    Attributes:
        source: its path, its content, a picture, or its page pictures.
        kept: the pages, by number, that are known from an earlier run and need not be read.
        errands: what is to be made from its file; called when its pages have been reported.
        prepare: makes its file be there; called before it is opened, and may fail.
        name: for messages; empty for its path.
    """

    source: DocumentInput
    kept: Callable[[Source], Mapping[int, Page]] = field(default=_nothing_kept)
    errands: Callable[[], Sequence[Errand]] = field(default=no_errands)
    prepare: Callable[[], None] = field(default=_is_there)
    name: str = ""

    @property
    def shown(self) -> str:
        """Its name in messages; empty for what a program holds."""
        return self.name or _path_of(self.source)


@dataclass(frozen=True, eq=False)
class Sheet:
    """A page that is to be read."""

    key: Key
    picture: PagePicture


class PageReader(Protocol):
    """How a model reads pages."""

    batch_size: int

    def open(self, key: Key, sheet: PagePicture) -> PageWork:
        """A page that is ready to make its first requests."""


def parse(parser: PageModel, source: DocumentInput, options: ParseOptions) -> Document:
    """Reads one document; see ``mdocr.parsing.parser.Parser.parse``."""
    (read,) = collect(read_documents(lambda: parser, [DocumentTask(source)], options))
    if read.error is not None:
        raise read.error
    return read.document(parser.name)


def read_documents(
    load: Callable[[], PageModel], tasks: Iterable[DocumentTask], options: ParseOptions
) -> Iterator[Event]:
    """Reads documents, many regions and pages at once, and reports them in their order.

    Args:
        load: returns the page model; called when the first page is about to be read.
        tasks: the documents; each is opened when there is room for its pages.
        options: how to read.

    Yields:
        For each document ``Opened``, a ``ReadPage`` for each page, ``Made`` for each errand,
        ``Ended``. A document that cannot be opened is a single ``ReadPage`` of page 0, with the
        error, before its ``Ended``.
    """
    begun: deque[DocumentTask] = deque()
    for event in read_sheets(load, sheets(_noted(tasks, begun), options), options):
        if isinstance(event, ReadPage):
            warn_of(event, begun[0].shown)
        elif isinstance(event, Ended):
            errands = begun.popleft().errands()
            yield from (errand.done(event.number) for errand in errands)
        yield event


def _noted(tasks: Iterable[DocumentTask], begun: deque[DocumentTask]) -> Iterator[DocumentTask]:
    """The tasks, each noted before it is begun; they end in the same order."""
    for task in tasks:
        begun.append(task)
        yield task


def warn_of(read: ReadPage, name: str) -> None:
    """Logs the notes of a page of a document."""
    for note in read.notes:
        logger.warning("%s, page %d: %s", name or "the document", read.key[1], note)


def read_sheets(
    load: Callable[[], PageModel], found: Iterator[Sheet | Event], options: ParseOptions
) -> Iterator[Event]:
    """Pages as pictures become read pages; events among them keep their place.

    Args:
        load: returns the page model; called when the first page is about to be read.
        found: pages of any documents.
        options: how to read.
    """
    for item in found:
        if not isinstance(item, Sheet):
            yield item
            continue
        parser = load()
        rest = chain([item], found)
        yield from _read(parser, page_reader(parser, options), rest, options)


def page_reader(parser: PageModel, options: ParseOptions) -> PageReader:
    """The reader of pages for a kind of model."""
    return (
        LinePageReader(parser, options) if parser.reads_lines else MinerUPageReader(parser, options)
    )


def sheets(tasks: Iterable[DocumentTask], options: ParseOptions) -> Iterator[Sheet | Event]:
    """The pages to be read, between the beginnings and ends of their documents."""
    for number, task in enumerate(tasks):
        try:
            task.prepare()
            pages = open_document(task.source, options)
            source = source_of(task.source, pages)
        except Exception as error:  # one document must not end the others
            yield failed((number, 0), error)
        else:
            with pages:
                known = task.kept(source)
                kept = tuple(known[page] for page in pages.numbers if page in known)
                pages.numbers = [page for page in pages.numbers if page not in known]
                yield Opened(number, source, len(pages), kept)
                yield from _sheets_of(number, pages)
            if len(pages) and _has_changed(source, pages.content):
                yield failed((number, 0), changed(source.path))
        yield Ended(number)


def open_document(document: DocumentInput, options: ParseOptions) -> Pages:
    """A document and its chosen pages, with all that the reading asks for.

    Raises:
        MdocrError: see ``open_pages``.
    """
    return open_pages(
        document,
        options.pages,
        options.dpi,
        options.password,
        text=options.text_layer != "ignore",
    )


def source_of(document: DocumentInput, pages: Pages) -> Source:
    """What tells a document that is open from others."""
    path = _path_of(document)
    return Source(path, pages.count, _digest(path, pages.content))


def _path_of(document: DocumentInput) -> str:
    """Empty for what a program holds."""
    return str(document) if isinstance(document, str | os.PathLike) else ""


def _digest(path: str, content: bytes | None) -> str:
    """The sha256 of a document's bytes; empty for pictures in memory, which have none."""
    if content is not None:
        return sha256(content).hexdigest()
    return file_sha256(Path(path)) if path else ""


def _has_changed(source: Source, content: bytes | None) -> bool:
    """Whether a file is no longer the one that was opened."""
    try:
        return _digest(source.path, content) != source.sha256
    except OSError:
        return True


def changed(path: str) -> InputError:
    """The error of a file that is no longer the one that was opened."""
    return InputError(
        f"{path!r} was changed while it was read: its pages may be of both files",
        "Run the same command again, when the file is complete.",
    )


def _sheets_of(number: int, pages: Pages) -> Iterator[Sheet | ReadPage]:
    """The pages of one document, as pictures."""
    while True:
        try:
            picture = next(pages, None)
        except PageError as error:
            yield failed((number, error.number), error)
            continue
        if picture is None:
            return
        yield Sheet((number, picture.number), picture)


def _read(
    parser: PageModel, reader: PageReader, found: Iterator[Sheet | Event], options: ParseOptions
) -> Iterator[Event]:
    """Generates the texts of all pages; with smaller batches when memory runs out.

    Pages are rendered, and their layout is analysed, in threads, while those before are read.
    """
    jobs = options.jobs
    rendered = in_background(found, jobs)
    works = read_ahead(_opener(reader, options), rendered, depth=jobs + 1, threads=jobs)
    queue: Queue[Event] = Queue(works)
    batch_size = reader.batch_size
    while not queue.is_done:
        try:
            for number, made in parser.denoise(queue.begin(), batch_size):
                queue.take(number, made)
                yield from queue.done()
        except OutOfMemoryError as error:
            queue.restart(error, alone=batch_size == 1)
            batch_size = smaller(batch_size, reader.batch_size)
        yield from queue.done()


def in_background(items: Iterator[Item], depth: int) -> Iterator[Item]:
    """The items, made ahead in one thread of their own: MuPDF is not thread-safe."""
    pool = ThreadPoolExecutor(1, "mdocr-render")
    waiting: deque[Future[Item | None]] = deque()
    try:
        while True:
            while len(waiting) < depth:
                waiting.append(pool.submit(next, items, None))
            item = waiting.popleft().result()
            if item is None:
                return
            yield item
    finally:
        pool.shutdown(cancel_futures=True)


def _opener(
    reader: PageReader, options: ParseOptions
) -> Callable[[Sheet | Event], PageWork | Event]:
    """Opens sheets, and passes everything else on."""

    def open_sheet(item: Sheet | Event) -> PageWork | Event:
        if not isinstance(item, Sheet):
            return item
        try:
            work = reader.open(item.key, item.picture)
            work.keeps_picture = options.page_pictures
            return work
        except Exception as error:  # one page must not end the others
            return failed(item.key, error)

    return open_sheet
