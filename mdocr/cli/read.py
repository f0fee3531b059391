"""``mdocr read``: anything to text; pages go to the parser, crops of words to the recognizer."""

from collections.abc import Callable
from functools import cached_property, partial
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from mdocr.cli import console
from mdocr.cli.documents import (
    LazyParser,
    Tally,
    chosen_forms,
    destination_of,
    find_documents,
    read_all,
)
from mdocr.cli.output import one_line, open_output, word_writer
from mdocr.cli.recognize import load_recognizer
from mdocr.document.words import Word
from mdocr.errors import InputError, UsageError
from mdocr.options import ENGINES, ParseOptions, RenderOptions

if TYPE_CHECKING:
    from mdocr.batch.results import Destination
    from mdocr.inputs.find import FailedInput
    from mdocr.parsing.parser import Parser
    from mdocr.recognizer import Recognizer

KINDS = ("auto", "word", "formula", "page")


def read(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH",
            help="PDFs, pictures of pages, pictures of words; a folder means all of them below it.",
            show_default=False,
        ),
    ],
    kind: Annotated[
        str,
        typer.Option("--as", help="Take everything for: auto (see above), word, formula or page."),
    ] = "auto",
    page_model: Annotated[str, typer.Option(help="Model for pages; see mdocr parse.")] = "auto",
    word_model: Annotated[str, typer.Option(help="Model for words; see mdocr recognize.")] = "auto",
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Write documents to a folder; words go to stdout.",
            show_default="stdout",
        ),
    ] = "",
    engine: Annotated[
        str, typer.Option(help=f"What runs the models: {', '.join(ENGINES)}.")
    ] = "auto",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    resume: Annotated[
        bool, typer.Option(help="With -o DIR, keep the pages that an earlier run has read.")
    ] = True,
) -> None:
    """Read PDFs, pictures of pages and pictures of words.

    A PDF is a document. So is a TIFF of several frames, and a picture whose shorter edge has at
    least 400 pixels and whose longer edge is at most 3 times as long. Any other picture is a word.
    What comes on standard input (-) is a document. --as overrules this. A formula is read only
    where it is asked for.

    Words are printed as path<TAB>text, formulas as path<TAB>LaTeX, or the text alone for a single
    input; documents as Markdown, each after a comment with its path if there are several inputs.
    """
    if kind not in KINDS:
        raise UsageError(f"unknown kind {kind!r}", f"Choose one of: {', '.join(KINDS)}")
    from mdocr.inputs.find import FailedInput
    from mdocr.parsing.kinds import kind_of

    def kind_of_item(item: str | FailedInput) -> str:
        return kind_of(item) if kind == "auto" and isinstance(item, str) else kind

    if kind == "formula" and output:
        raise UsageError("formulas go to stdout", "Leave out -o, and write: > FILE")
    found = find_documents(paths, output)
    load = partial(load_recognizer, word_model, device, engine)
    parser = LazyParser(page_model, device, engine=engine, alone=len(found) == 1)
    reading = Reading(len(found), parser, load, resume)
    sorted_out = [(kind_of_item(item), item) for item in found]
    if kind == "formula":
        reading.read_formulas(found, page_model, device, engine)
    elif output:
        reading.read_documents([item for name, item in sorted_out if name != "word"], output)
        reading.read_words([item for name, item in sorted_out if name == "word"])
    else:
        for name, group in groupby(sorted_out, key=lambda pair: pair[0]):
            items = [item for _, item in group]
            reading.read_words(items) if name == "word" else reading.print_documents(items)
    reading.tally.end()


class Reading:
    """Inputs of both kinds, read; each model is loaded when it is first needed."""

    def __init__(
        self, total: int, parser: LazyParser, load: Callable[[], "Recognizer"], resume: bool
    ) -> None:
        self.tally = Tally(total)
        self._parser = parser
        self._load = load
        self._resume = resume

    @cached_property
    def _recognizer(self) -> "Recognizer":
        return self._load()

    def read_words(self, items: "list[str | FailedInput]") -> None:
        """Prints words, a line each."""
        paths = self._found(items)
        if not paths:
            return
        with open_output(None) as stream:
            writer = word_writer("text", stream, bare=self.tally.alone)
            for outcome in self._recognizer.stream(paths):
                if isinstance(outcome, Word):
                    writer.write(outcome)
                    self.tally.pages += 1
                else:
                    self._miss(outcome)

    def read_formulas(
        self, items: "list[str | FailedInput]", model: str, device: str, engine: str
    ) -> None:
        """Prints LaTeX, a line each."""
        paths = self._found(items)
        if not paths:
            return
        from mdocr.parsing.parser import load_parser
        from mdocr.parsing.single_formulas import TOGETHER

        parser = load_parser(model, device, engine=engine, pages=len(paths))
        with open_output(None) as stream:
            for start in range(0, len(paths), TOGETHER):
                self._print_formulas(parser, paths[start : start + TOGETHER], stream)

    def _print_formulas(self, parser: "Parser", paths: list[str], stream: TextIO) -> None:
        from mdocr.inputs.find import FailedInput
        from mdocr.parsing.single_formulas import read_formulas

        for path, made in zip(paths, read_formulas(parser, paths), strict=True):
            if isinstance(made, InputError):
                self._miss(FailedInput(path, made))
                continue
            name = "" if self.tally.alone else f"{one_line(path)}\t"
            print(name + " ".join(made.text.split()), file=stream)
            self.tally.pages += 1

    def print_documents(self, items: "list[str | FailedInput]") -> None:
        """Prints documents one after another."""
        for item in items:
            with destination_of("", ("md",), 1, RenderOptions()) as destination:
                if not self.tally.alone and isinstance(item, str) and destination.stream:
                    print(f"<!-- {comment(item)} -->", file=destination.stream)
                self._read([item], destination)

    def read_documents(self, items: "list[str | FailedInput]", output: str) -> None:
        """Writes documents to a folder."""
        if items:
            forms = chosen_forms("", output)
            with destination_of(output, forms, len(items), RenderOptions()) as destination:
                self._read(items, destination)

    def _read(self, items: "list[str | FailedInput]", destination: "Destination") -> None:
        options, count = ParseOptions(), self.tally.documents
        self.tally += read_all(items, self._parser, options, destination, self._resume, count)

    def _found(self, items: "list[str | FailedInput]") -> list[str]:
        """The paths among inputs; the others are told."""
        for item in items:
            if not isinstance(item, str):
                self._miss(item)
        return [item for item in items if isinstance(item, str)]

    def _miss(self, item: "FailedInput") -> None:
        self.tally.miss(item.error)
        if not self.tally.alone:
            console.say(f"cannot be read: {item.error}")


def comment(path: str) -> str:
    """A path that cannot end an HTML comment."""
    return one_line(path).replace("--", "- -")
