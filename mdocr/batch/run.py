"""The loop over all documents: read, written as soon as their last page is there, counted."""

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from mdocr.batch.claims import Claims
from mdocr.batch.copies import Copies, make_copy, renamed
from mdocr.batch.destination import Destination, stems
from mdocr.batch.display import Display
from mdocr.batch.errands import failures_of
from mdocr.batch.manifest import Manifest, record_of
from mdocr.batch.page_model import LazyPageModel
from mdocr.batch.results import Results, records_of
from mdocr.batch.review import ERRAND, Review
from mdocr.batch.selection import Selection
from mdocr.batch.tally import Tally
from mdocr.batch.workers import read_in_workers
from mdocr.batch.workers.messages import AssignmentPool
from mdocr.document.model import Failure
from mdocr.errors import MdocrError, UsageError
from mdocr.files import is_full
from mdocr.inputs.find import FailedInput
from mdocr.options import ParseOptions
from mdocr.parsing.events import Errand, Event, Made, Opened, ReadDocument
from mdocr.parsing.page_work import ReadPage
from mdocr.parsing.pipeline import DocumentTask, read_documents


@dataclass(frozen=True)
class Run:
    """How the documents of one command are read.

    Attributes:
        model: reads them, or tells what does in the workers.
        options: of the reading.
        destination: where they go.
        resume: use the pages that an earlier run has read.
        tally: counts what becomes of them; that of the whole command.
        display: shows it.
        selection: which of the documents are read.
        start_workers: makes the processes that read them; None to read them in this one.
        review: gathers what was read with doubt.
    """

    model: LazyPageModel
    options: ParseOptions
    destination: Destination
    tally: Tally
    resume: bool = True
    display: Display = field(default_factory=Display)
    selection: Selection = field(default_factory=Selection)
    start_workers: Callable[[], AbstractContextManager[AssignmentPool]] | None = None
    review: Review | None = None

    def read(self, found: Sequence[str | FailedInput]) -> None:
        """Reads and writes documents; an interruption leaves what the next run needs.

        Raises:
            UsageError: only what has failed is to be read, and there is no folder that tells.
        """
        if self.selection.retry_failed and not self.destination.folder:
            raise UsageError("--retry-failed needs a folder of results", "Give it with: -o DIR/")
        for item in found:
            if isinstance(item, FailedInput):
                self._miss(item)
        paths = [item for item in found if isinstance(item, str)]
        folder = self.destination.folder
        with contextlib.ExitStack() as stack:
            manifest = Manifest(folder) if folder else None
            shared = folder if not self.destination.store else None
            claims = stack.enter_context(Claims(shared)) if shared else None
            copies = stack.enter_context(Copies())
            _Reading(self, paths, manifest, claims, copies).go()

    def _miss(self, unread: FailedInput) -> None:
        self.tally.miss(unread.error)
        if not self.tally.alone:
            self.display.say(f"cannot be read: {unread.error}")


@dataclass(frozen=True)
class _OpenDocument:
    """A document in flight.

    Attributes:
        path: as it was given.
        name: of its files.
        results: writes them.
        copy: what is read of one that lies in no file.
        read: what has become of it.
        outcomes: of its errands, by name.
    """

    path: str
    name: str
    results: Results
    copy: Path | None = None
    read: ReadDocument = field(default_factory=ReadDocument)
    outcomes: dict[str, Any] = field(default_factory=dict)


class _Reading:
    """The documents of a run that could be found, in flight."""

    def __init__(
        self,
        run: Run,
        paths: list[str],
        manifest: Manifest | None,
        claims: Claims | None,
        copies: Copies,
    ) -> None:
        self.run = run
        self.copies = copies
        self.manifest = manifest
        self.claims = claims
        state = manifest.state if manifest else lambda path: None
        names = stems(paths)  # of all, so that every shard gives a document the same name
        self.chosen = [(paths[n], names[n]) for n in run.selection.choose(paths, state)]
        self.open: dict[int, _OpenDocument] = {}
        self.left_to_others = 0

    def go(self) -> None:
        """From the first page to the last.

        Raises:
            UsageError: files of others would be written over, or the folder was deleted.
        """
        run = self.run
        if not run.destination.force:
            run.destination.refuse_foreign(name for _, name in self.chosen)
        run.display.plan(len(self.chosen))
        with contextlib.closing(self._events()) as events:
            for event in events:
                self._watch(event)
        if self.manifest:
            self.manifest.end()
        if self.left_to_others:
            run.display.say(f"left to other runs, which read them now: {self.left_to_others}")
        run.destination.check()

    def _events(self) -> Generator[Event, None, None]:
        with contextlib.closing(self._read()) as events:
            for event in events:
                document = self.open[_number_of(event)]
                yield renamed(event, document.copy, document.path) if document.copy else event

    def _read(self) -> Generator[Event, None, None]:
        run = self.run
        if not self.chosen:
            return
        if run.start_workers is None:
            yield from read_documents(lambda: run.model.loaded, self._tasks(), run.options)
            return
        with run.start_workers() as pool:
            yield from read_in_workers(pool, self._tasks(), run.options)

    def _tasks(self) -> Iterator[DocumentTask]:
        """Those of the chosen that no other run has claimed; the open ones are known by number."""
        number = 0
        for path, name in self.chosen:
            if self.claims and not self.claims.take(name):
                self.left_to_others += 1
                continue
            document = _OpenDocument(
                path, name, self._results(name), self.copies.place(path, number)
            )
            self.open[number] = document
            number += 1
            yield DocumentTask(
                str(document.copy or path),
                document.results.known,
                partial(self._errands, document),
                partial(self._prepare, document),
                path,
            )

    def _prepare(self, document: _OpenDocument) -> None:
        """Brings here what is needed to read a document.

        Raises:
            MdocrError: it cannot be had.
        """
        if self.run.destination.store and self.run.resume:
            self.run.destination.store.get(document.name)
        if document.copy:
            make_copy(document.path, document.copy)

    def _errands(self, document: _OpenDocument) -> list[Errand]:
        """What is made from a document's file, once its pages are read."""
        run, read, copy = self.run, document.read, document.copy
        if read.error is not None or (read.failures and not read.pages):
            return []
        whole = replace(read.document(run.model.name), pictures={})  # they need not travel
        review = run.review.errands(str(copy or document.path), whole.pages) if run.review else []
        return [*document.results.errands(whole, copy), *review]

    def _results(self, name: str) -> Results:
        run = self.run
        records = partial(
            records_of, name, run.destination, lambda: run.model.identity, run.options
        )
        return Results(name, run.destination, records, run.resume)

    def _watch(self, event: Event) -> None:
        document = self.open[_number_of(event)]
        document.read.add(event, pictures=self.run.destination.file is not None)
        if isinstance(event, Opened):
            self.run.display.expect(event.pages)
            self.run.tally.read += len(event.kept)
        elif isinstance(event, ReadPage):
            self._take(document, event)
        elif isinstance(event, Made):
            document.outcomes[event.name] = event.outcome
        else:
            self._close(self.open.pop(event.number))

    def _take(self, document: _OpenDocument, read: ReadPage) -> None:
        run, (_, page) = self.run, read.key
        document.results.add(read)
        if page:
            run.display.advance()
        if read.page:
            run.display.look(read.page)
        run.tally.read += read.page is not None
        run.tally.failures += len(read.failures)
        run.tally.errors += (read.error,) if read.error else ()
        if not page:
            document.results.discard()
        if not page and run.tally.alone and not run.tally.read:
            return  # the error of the document itself ends the run
        for failure in read.failures:
            run.display.say(_line(document.path, failure))

    def _close(self, document: _OpenDocument) -> None:
        read = document.read
        self._note_failed_errands(document)
        is_written = (bool(read.pages) or not read.failures) and self._write(document, read)
        if self.run.review and read.pages:
            shown = document.outcomes.get(ERRAND, {})
            pages = read.document("").pages
            self.run.review.add_document(
                document.path, pages, {} if isinstance(shown, MdocrError) else shown
            )
        record = record_of(document.path, document.name, read, is_written)
        if self.manifest:
            self.manifest.add(record)
        if self.claims:
            self.claims.release(document.name)
        if document.copy:
            document.copy.unlink(missing_ok=True)
        self.run.display.end(record)

    def _note_failed_errands(self, document: _OpenDocument) -> None:
        for failure in failures_of(document.outcomes):
            document.read.failures.append(failure)
            self.run.tally.failures += 1
            self.run.display.say(_line(document.path, failure))

    def _write(self, document: _OpenDocument, read: ReadDocument) -> bool:
        """Writes a document; False where that fails and there are others."""
        run, to = self.run, self.run.destination
        to.check()
        try:
            files = document.results.write(read, run.model.name, document.outcomes)
            if files is None:
                return False
            if to.store:
                to.store.put(document.name, files)
            run.tally.written += map(to.place, files)
        except UsageError as error:
            if len(self.chosen) == 1 or is_full(error.__cause__):
                raise
            run.tally.miss(error)
            run.display.say(f"not written: {document.path}: {error}")
            return False
        return True


def _number_of(event: Event) -> int:
    """Of the document."""
    return event.key[0] if isinstance(event, ReadPage) else event.number


def _line(path: str, failure: Failure) -> str:
    where = f", page {failure.page}" if failure.page else ""
    where += f", region {failure.order}" if failure.order else ""
    return "\n".join(filter(None, [f"failed: {path}{where}: {failure.message}", failure.hint]))
