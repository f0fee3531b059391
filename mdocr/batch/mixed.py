"""Words, regions and documents among the inputs of one command, each read by its own model."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from mdocr.batch.destination import Destination, open_destination
from mdocr.batch.display import Display
from mdocr.batch.outputs import open_output
from mdocr.batch.page_model import LazyPageModel
from mdocr.batch.regions import RegionReader, comment, region_writer
from mdocr.batch.run import Run
from mdocr.batch.tally import Tally
from mdocr.batch.word_run import FEW, note_word
from mdocr.batch.words import word_writer
from mdocr.batch.workers.messages import AssignmentPool
from mdocr.document.words import Word
from mdocr.inputs.find import FailedInput
from mdocr.options import ParseOptions, RenderOptions
from mdocr.parsing.kinds import kind_of
from mdocr.parsing.regions import TASKS
from mdocr.recognizer import Recognizer

KINDS = ("auto", "word", "page", *TASKS)

Item = str | FailedInput
Starter = Callable[[], AbstractContextManager[AssignmentPool]]
Bar = Callable[[bool], AbstractContextManager[Display]]
"""Shows the progress of documents; called with whether they go to files."""


@dataclass
class MixedRun:
    """Inputs of several kinds, read; each model is loaded when it is first needed.

    Attributes:
        pages: reads documents.
        load_words: loads what reads words.
        options: how documents are read.
        render: how they are written.
        tally: counts what becomes of all inputs.
        bar: shows the progress of documents.
        say: shows a message for people.
        resume: use the pages that an earlier run has read.
        force: write over files that mdocr has not written.
        start_workers: makes the processes that read documents, given which; None in its place, or
            from it, to read them in this one.
        prompt: asked of each picture, read as a single region; empty for none.
    """

    pages: LazyPageModel
    load_words: Callable[[], Recognizer]
    options: ParseOptions
    render: RenderOptions
    tally: Tally
    bar: Bar
    say: Callable[[str], None]
    resume: bool = True
    force: bool = False
    prompt: str = ""
    start_workers: Callable[[Sequence[Item]], Starter | None] | None = None

    def __post_init__(self) -> None:
        self._lend_workers: Callable[[], AbstractContextManager[AssignmentPool]] | None = None

    @cached_property
    def _recognizer(self) -> Recognizer:
        return self.load_words()

    def read(self, found: Sequence[Item], kind: str, forms: tuple[str, ...], output: str) -> None:
        """Reads all: into a folder, or one after another to stdout.

        Args:
            found: the inputs.
            kind: one of ``KINDS``; ``auto`` is found for each.
            forms: formats of documents.
            output: as after ``-o``; words and regions go to stdout in any case.
        """
        if kind in TASKS or self.prompt:
            self._print_regions(found, kind)
            return
        sorted_out = [(_kind(item, kind), item) for item in found]
        documents = [item for name, item in sorted_out if name != "word"]
        with self._workers(documents):
            if output:
                self._write_documents(documents, forms, output)
                self._print_words([item for name, item in sorted_out if name == "word"])
                return
            for name, group in groupby(sorted_out, key=lambda pair: pair[0]):
                items = [item for _, item in group]
                self._print_words(items) if name == "word" else self._print_documents(items, forms)

    @contextmanager
    def _workers(self, documents: Sequence[Item]) -> Iterator[None]:
        """The same processes read all documents, though each may be a run of its own."""
        start = self.start_workers(documents) if self.start_workers and documents else None
        if start is None:
            yield
            return
        with start() as pool:
            self._lend_workers = lambda: nullcontext(pool)
            yield

    def _print_words(self, items: Sequence[Item]) -> None:
        """A line each."""
        paths = self._found(items)
        if not paths:
            return
        with open_output(None) as stream:
            writer = word_writer("text", stream, bare=self.tally.alone)
            for outcome in self._recognizer.stream(paths):
                if isinstance(outcome, Word):
                    writer.write(outcome)
                    note_word(outcome, self.tally.inputs <= FEW)
                    self.tally.read += 1
                else:
                    self._miss(outcome)

    def _print_regions(self, items: Sequence[Item], task: str) -> None:
        """Each picture as one region; see ``RegionReader``."""
        paths = self._found(items)
        if not paths:
            return
        reader = RegionReader(self.pages.loaded, self.options, task, self.prompt)
        with open_output(None) as stream:
            write = region_writer(task, stream, self.tally.alone)
            for read in reader.read(paths):
                if read.content is None:
                    self._miss(FailedInput(read.path, read.errors[0]))
                    continue
                write(read.path, read.content)
                self.tally.read += 1
                for error in read.errors:
                    self.tally.failures += 1
                    self.say(f"{read.path}: {error}")

    def _print_documents(self, items: Sequence[Item], forms: tuple[str, ...]) -> None:
        """One after another, each after a comment with its path if there are several inputs."""
        for item in items:
            with open_destination("", forms, 1, self.render) as destination:
                if not self.tally.alone and isinstance(item, str) and destination.stream:
                    print(f"<!-- {comment(item)} -->", file=destination.stream)
                self._read([item], destination)

    def _write_documents(self, items: Sequence[Item], forms: tuple[str, ...], output: str) -> None:
        if items:
            with open_destination(
                output, forms, len(items), self.render, force=self.force
            ) as destination:
                self._read(items, destination)

    def _read(self, items: Sequence[Item], destination: Destination) -> None:
        with self.bar(destination.stream is None) as display:
            run = Run(
                self.pages,
                self.options,
                destination,
                self.tally,
                self.resume,
                display,
                start_workers=self._lend_workers,
            )
            run.read(items)

    def _found(self, items: Sequence[Item]) -> list[str]:
        """The paths among inputs; the others are reported."""
        for item in items:
            if not isinstance(item, str):
                self._miss(item)
        return [item for item in items if isinstance(item, str)]

    def _miss(self, item: FailedInput) -> None:
        self.tally.miss(item.error)
        if not self.tally.alone:
            self.say(f"cannot be read: {item.error}")


def _kind(item: Item, kind: str) -> str:
    return kind_of(item) if kind == "auto" and isinstance(item, str) else kind
