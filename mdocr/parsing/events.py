"""What the pipeline reports of its documents, and documents put together from it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from mdocr.document.model import Failure, Page, Source
from mdocr.errors import MdocrError
from mdocr.parsing.page_work import ReadPage, as_known
from mdocr.render import Document


@dataclass(frozen=True)
class Opened:
    """A document begins.

    Attributes:
        number: of the document, from 0.
        source: the file.
        pages: how many will be read.
        kept: pages that are known from an earlier run.
    """

    number: int
    source: Source
    pages: int
    kept: tuple[Page, ...] = ()


@dataclass(frozen=True)
class Made:
    """Something was made from a document's file.

    Attributes:
        number: of the document, from 0.
        name: of the errand.
        outcome: what was made; an ``MdocrError`` where that failed.
    """

    number: int
    name: str
    outcome: Any


@dataclass(frozen=True)
class Errand:
    """Something that is to be made from a document's file, once its pages are read.

    Whoever reads the pages does it, so that a file which hangs or crashes who opens it does no
    more harm the second time.

    Attributes:
        name: by which it is known again.
        make: makes it; can be sent to another process, as its result can be sent back.
        pages: that are needed for it; it may take as long as so many.
    """

    name: str
    make: Callable[[], Any]
    pages: int = 1

    def done(self, number: int) -> Made:
        """What comes of it here, for a document of this number."""
        try:
            return Made(number, self.name, self.make())
        except Exception as error:  # one document must not end the others
            return Made(number, self.name, as_known(error))


@dataclass(frozen=True)
class Ended:
    """All of a document has been reported."""

    number: int


Event = Opened | ReadPage | Made | Ended
"""Of each document ``Opened``, a ``ReadPage`` for each page, ``Made`` for each errand, ``Ended``.

One process reports documents and pages in their order, several in any. A document that cannot be
opened is a single ``ReadPage`` of page 0 before its ``Ended``; one that was changed while it was
read has such a ``ReadPage`` after its pages.
"""


@dataclass
class ReadDocument:
    """What became of one document.

    Attributes:
        number: of the document, from 0.
        source: the file; None where it could not be opened.
        pages: those read now, and those known from an earlier run.
        failures: of the document, its pages and its blocks.
        pictures: encoded pictures by file name, as the blocks name them.
        error: why it could not be opened, or not be read as one file.
    """

    number: int = 0
    source: Source | None = None
    pages: list[Page] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)
    error: MdocrError | None = None

    def add(self, event: Event, *, pictures: bool = True) -> None:
        """Takes one event of this document; its pictures only if they are wanted."""
        if isinstance(event, Opened):
            self.source = event.source
            self.pages += event.kept
        elif isinstance(event, ReadPage):
            self._add_page(event, pictures)
        elif isinstance(event, Ended):
            self.number = event.number

    def _add_page(self, read: ReadPage, pictures: bool) -> None:
        self.failures += read.failures
        self.pages += [read.page] if read.page else []
        if pictures:
            self.pictures.update(read.pictures)
        if read.error is not None and read.key[1] == 0:
            self.error = read.error

    def document(self, model: str) -> Document:
        """The document, its pages and failures in order."""
        pages = tuple(sorted(self.pages, key=lambda page: page.number))
        failures = tuple(sorted(self.failures, key=lambda failure: failure.page))
        return Document(self.source or Source(""), model, pages, failures, self.pictures)


def no_errands() -> Sequence[Errand]:
    """Those of a document of which nothing more is to be made."""
    return ()


def _ignore(event: Event) -> None:
    pass


def collect(
    events: Iterable[Event], watch: Callable[[Event], None] = _ignore, *, pictures: bool = True
) -> Iterator[ReadDocument]:
    """Puts documents together; each comes as soon as its last page is there.

    Args:
        events: of the pipeline.
        watch: called with every event, before it is collected.
        pictures: keep the pictures of regions in memory.
    """
    read: defaultdict[int, ReadDocument] = defaultdict(ReadDocument)
    for event in events:
        watch(event)
        number = event.key[0] if isinstance(event, ReadPage) else event.number
        read[number].add(event, pictures=pictures)
        if isinstance(event, Ended):
            yield read.pop(number)
