"""The loop over all documents: read, written as soon as their last page is there, counted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from mdocr.batch.destination import Destination, stems
from mdocr.batch.display import Display
from mdocr.batch.page_model import LazyPageModel
from mdocr.batch.results import Results, records_of
from mdocr.batch.tally import Tally
from mdocr.document.model import Failure
from mdocr.errors import UsageError
from mdocr.files import is_full
from mdocr.inputs.find import FailedInput
from mdocr.options import ParseOptions
from mdocr.parsing.events import Event, Opened, ReadDocument, collect
from mdocr.parsing.page_work import ReadPage
from mdocr.parsing.pipeline import DocumentTask, read_documents


@dataclass(frozen=True)
class Run:
    """How the documents of one command are read.

    Attributes:
        model: reads them.
        options: of the reading.
        destination: where they go.
        resume: use the pages that an earlier run has read.
        tally: counts what becomes of them; that of the whole command.
        display: shows it.
    """

    model: LazyPageModel
    options: ParseOptions
    destination: Destination
    tally: Tally
    resume: bool = True
    display: Display = field(default_factory=Display)

    def read(self, found: Sequence[str | FailedInput]) -> None:
        """Reads and writes documents; an interruption leaves what the next run needs."""
        for item in found:
            if isinstance(item, FailedInput):
                self._miss(item)
        _Reading(self, [item for item in found if isinstance(item, str)]).go()

    def _miss(self, unread: FailedInput) -> None:
        self.tally.miss(unread.error)
        if not self.tally.alone:
            self.display.say(f"cannot be read: {unread.error}")


class _Reading:
    """The documents of a run that could be found, in flight."""

    def __init__(self, run: Run, paths: list[str]) -> None:
        self.run = run
        self.paths = paths
        self.names = stems(paths)
        self.open: dict[int, Results] = {}

    def go(self) -> None:
        """From the first page to the last.

        Raises:
            UsageError: files of others would be written over, or the folder was deleted.
        """
        run = self.run
        if not run.destination.force:
            files = (file for name in self.names for file in run.destination.files(name))
            run.destination.own.refuse_foreign(files)
        tasks = (self._task(number) for number in range(len(self.paths)))
        events = read_documents(lambda: run.model.loaded, tasks, run.options)
        keeps_pictures = run.destination.file is not None
        for read in collect(events, self._watch, pictures=keeps_pictures):
            self._close(read)
        run.destination.check()

    def _task(self, number: int) -> DocumentTask:
        run, name = self.run, self.names[number]
        records = partial(
            records_of, name, run.destination, lambda: run.model.identity, run.options
        )
        self.open[number] = Results(name, run.destination, records, run.resume)
        return DocumentTask(self.paths[number], self.open[number].known)

    def _watch(self, event: Event) -> None:
        if isinstance(event, Opened):
            self.run.display.expect(event.pages)
            self.run.model.expect(event.pages + len(event.kept))
            self.run.tally.read += len(event.kept)
        elif isinstance(event, ReadPage):
            self._take(event)

    def _take(self, read: ReadPage) -> None:
        run, (number, page) = self.run, read.key
        self.open[number].add(read)
        if page:
            run.display.advance()
        run.tally.read += read.page is not None
        run.tally.failures += len(read.failures)
        run.tally.errors += (read.error,) if read.error else ()
        if not page:
            self.open[number].discard()
        if not page and run.tally.alone and not run.tally.read:
            return  # the error of the document itself ends the run
        for failure in read.failures:
            run.display.say(_line(self.paths[number], failure))

    def _close(self, read: ReadDocument) -> None:
        results = self.open.pop(read.number)
        if read.failures and not read.pages:
            return
        self.run.destination.check()
        try:
            self.run.tally.written += results.write(read, self.run.model.name)
        except UsageError as error:
            if len(self.paths) == 1 or is_full(error.__cause__):
                raise
            self.run.tally.miss(error)
            self.run.display.say(f"not written: {self.paths[read.number]}: {error}")


def _line(path: str, failure: Failure) -> str:
    where = f", page {failure.page}" if failure.page else ""
    where += f", region {failure.order}" if failure.order else ""
    return "\n".join(filter(None, [f"failed: {path}{where}: {failure.message}", failure.hint]))
