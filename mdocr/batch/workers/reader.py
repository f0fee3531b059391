"""What a worker does: opens documents, reads pages, with one model."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from mdocr.batch.page_model import LazyPageModel, ModelChoice
from mdocr.batch.workers.messages import Assignment, Found
from mdocr.inputs.pages import PageError, Pages
from mdocr.parsing.page_work import ReadPage, failed
from mdocr.parsing.pipeline import Sheet, changed, open_document, read_sheets, source_of


@dataclass(frozen=True)
class PageReaderMaker:
    """Makes a ``WorkerReader``, in the process that reads.

    Attributes:
        choice: the model.
    """

    choice: ModelChoice

    def __call__(self) -> "WorkerReader":
        """A reader that has not loaded its model yet."""
        return WorkerReader(LazyPageModel(self.choice))


class WorkerReader:
    """Opens documents and reads their pages; the last document stays open."""

    def __init__(self, model: LazyPageModel) -> None:
        self._model = model
        self._key: object = None
        self._pages: Pages | None = None

    def load(self) -> None:
        """Loads the model."""
        self._model.loaded  # noqa: B018, loads it

    def find(self, assignment: Assignment) -> Found:
        """Opens a document, and hashes it."""
        state = file_state(assignment.path)
        pages = self._open(assignment)
        found = Found(source_of(assignment.path, pages), tuple(pages.numbers), state)
        if file_state(assignment.path) != state:
            raise changed(assignment.path)
        return found

    def read(self, assignment: Assignment) -> Iterator[ReadPage]:
        """Reads pages of a document; of one that has changed, reports that and no page."""
        options = replace(assignment.options, pages="", jobs=1)
        events = read_sheets(lambda: self._model.loaded, self._sheets(assignment), options)
        for event in events:
            if isinstance(event, ReadPage):
                yield self._unless_changed(event, assignment)

    def _sheets(self, assignment: Assignment) -> Iterator[Sheet | ReadPage]:
        pages = self._open(assignment)
        for number in assignment.pages:
            key = assignment.number, number
            try:
                yield Sheet(key, pages.read(number))
            except PageError as error:
                yield failed(key, error)

    def _open(self, assignment: Assignment) -> Pages:
        key = assignment.path, file_state(assignment.path), assignment.options
        if self._pages is None or self._key != key:
            if self._pages is not None:
                self._pages.close()
            self._pages = None
            self._pages = open_document(assignment.path, assignment.options)
            self._key = key
        return self._pages

    def _unless_changed(self, read: ReadPage, assignment: Assignment) -> ReadPage:
        if assignment.opened in (None, file_state(assignment.path)):
            return read
        return failed((assignment.number, 0), changed(assignment.path))


def file_state(path: str) -> tuple[int, int]:
    """Size and time of the last change of a file; zeros where there is none."""
    try:
        found = Path(path).stat()
    except OSError:
        return (0, 0)
    return found.st_size, found.st_mtime_ns
