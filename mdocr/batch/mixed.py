"""Words, formulas and documents among the inputs of one command, each read by its own model."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TextIO

from mdocr.batch.destination import Destination, open_destination
from mdocr.batch.display import Display
from mdocr.batch.outputs import open_output
from mdocr.batch.page_model import LazyPageModel
from mdocr.batch.run import Run
from mdocr.batch.tally import Tally
from mdocr.batch.words import one_line, word_writer
from mdocr.document.words import Word
from mdocr.errors import MdocrError
from mdocr.inputs.find import FailedInput
from mdocr.options import ParseOptions, RenderOptions
from mdocr.parsing.kinds import kind_of
from mdocr.parsing.loading import load_parser
from mdocr.parsing.parser import Parser
from mdocr.parsing.single_formulas import TOGETHER, read_formulas
from mdocr.recognizer import Recognizer

KINDS = ("auto", "word", "formula", "page")

Item = str | FailedInput
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

    @cached_property
    def _recognizer(self) -> Recognizer:
        return self.load_words()

    def read(self, found: Sequence[Item], kind: str, forms: tuple[str, ...], output: str) -> None:
        """Reads all: into a folder, or one after another to stdout.

        Args:
            found: the inputs.
            kind: one of ``KINDS``; ``auto`` is found for each.
            forms: formats of documents.
            output: as after ``-o``; words and formulas go to stdout in any case.
        """
        if kind == "formula":
            self._print_formulas(found)
            return
        sorted_out = [(_kind(item, kind), item) for item in found]
        if output:
            documents = [item for name, item in sorted_out if name != "word"]
            self._write_documents(documents, forms, output)
            self._print_words([item for name, item in sorted_out if name == "word"])
            return
        for name, group in groupby(sorted_out, key=lambda pair: pair[0]):
            items = [item for _, item in group]
            self._print_words(items) if name == "word" else self._print_documents(items, forms)

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
                    self.tally.read += 1
                else:
                    self._miss(outcome)

    def _print_formulas(self, items: Sequence[Item]) -> None:
        """LaTeX, a line each."""
        paths = self._found(items)
        if not paths:
            return
        choice = self.pages.choice
        parser = load_parser(choice.model, choice.device, engine=choice.engine, pages=len(paths))
        with open_output(None) as stream:
            for start in range(0, len(paths), TOGETHER):
                self._print_some_formulas(parser, paths[start : start + TOGETHER], stream)

    def _print_some_formulas(self, parser: Parser, paths: list[str], stream: TextIO) -> None:
        for path, read in zip(paths, read_formulas(parser, paths), strict=True):
            if isinstance(read, MdocrError):
                self._miss(FailedInput(path, read))
                continue
            name = "" if self.tally.alone else f"{one_line(path)}\t"
            print(name + " ".join(read.text.split()), file=stream)
            self.tally.read += 1

    def _print_documents(self, items: Sequence[Item], forms: tuple[str, ...]) -> None:
        """One after another, each after a comment with its path if there are several inputs."""
        for item in items:
            with open_destination("", forms, 1, self.render) as destination:
                if not self.tally.alone and isinstance(item, str) and destination.stream:
                    print(f"<!-- {_comment(item)} -->", file=destination.stream)
                self._read([item], destination)

    def _write_documents(self, items: Sequence[Item], forms: tuple[str, ...], output: str) -> None:
        if items:
            with open_destination(
                output, forms, len(items), self.render, force=self.force
            ) as destination:
                self._read(items, destination)

    def _read(self, items: Sequence[Item], destination: Destination) -> None:
        with self.bar(destination.stream is None) as display:
            run = Run(self.pages, self.options, destination, self.tally, self.resume, display)
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


def _comment(path: str) -> str:
    """A path that cannot end an HTML comment."""
    return one_line(path).replace("--", "- -")
