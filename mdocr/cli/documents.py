"""Documents read and written, shared by ``parse`` and ``read``: what is said, and how it ends."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mdocr.cli import console
from mdocr.cli.output import open_output, refuse_inputs
from mdocr.document.model import Failure
from mdocr.errors import InputError, MdocrError, PartialFailureError, UsageError
from mdocr.files import is_full, make_folder
from mdocr.options import ParseOptions, RenderOptions

if TYPE_CHECKING:
    from mdocr.batch.results import Destination, Results
    from mdocr.inputs.find import FailedInput
    from mdocr.parsing import ReadPage
    from mdocr.parsing.page_model import PageModel
    from mdocr.weights.resolve import ResolvedModel


class LazyParser:
    """A page model that is found, and loaded, only when it is needed.

    Args:
        model: its name, or folder.
        device: where it runs.
        server: address of the server that runs it instead.
        engine: what runs it here.
        dtype: of its weights.
        cuda_graphs: replay recorded block steps.
        alone: a single document is to be read with it, so that the number of its pages tells which
            engine is the faster one.
    """

    def __init__(
        self,
        model: str,
        device: str,
        server: str = "",
        engine: str = "auto",
        dtype: str = "auto",
        cuda_graphs: bool = False,
        *,
        alone: bool = False,
    ) -> None:
        self._alone = alone
        self._pages: int | None = None
        self._model, self._device, self._server = model, device, server
        self._cuda_graphs = cuda_graphs
        self._engine, self._dtype = engine, dtype

    def expect(self, pages: int) -> None:
        """Tells how many pages a document has, before the model is loaded."""
        if self._alone:
            self._pages = pages

    @cached_property
    def name(self) -> str:
        """Name of the model; a named one is downloaded if it is not there."""
        if self._server:
            return self.parser.name
        return self.found.name

    @property
    def identity(self) -> dict[str, Any]:
        """What tells this model, and what runs it, from others."""
        if self._server:
            return {"name": self.name, "engine": "server"}
        kind = {"engine": self._engine, "dtype": self._dtype}
        return {"name": self.name, "files": self.found.files, **kind}

    @cached_property
    def found(self) -> "ResolvedModel":
        """Name and place of a model that is no server's; errors come before a download."""
        from mdocr.engines.page_engines import check_place
        from mdocr.parsing.parser import find_parser

        check_place(self._model, self._device, self._dtype, self._engine)
        return find_parser(self._model)

    @cached_property
    def parser(self) -> "PageModel":
        """The model, on its device or server."""
        if self._server:
            from mdocr.engines.server import ServerParser

            return ServerParser(self._server, "" if self._model == "auto" else self._model)
        from mdocr.parsing.parser import load_parser

        return load_parser(
            self._model,
            self._device,
            self._dtype,
            self._engine,
            cuda_graphs=self._cuda_graphs,
            pages=self._pages,
        )


@dataclass
class Tally:
    """What became of the inputs: pages (or words) read, and what failed, in order."""

    documents: int
    pages: int = 0
    errors: tuple[MdocrError, ...] = ()
    failures: int = 0

    @property
    def alone(self) -> bool:
        """Whether there is a single document: ``end`` tells its error, so nothing else does."""
        return self.documents == 1

    def miss(self, error: MdocrError) -> None:
        """Counts an input that could not be read."""
        self.errors += (error,)
        self.failures += 1

    def __add__(self, other: "Tally") -> "Tally":
        """Both together, of the same inputs."""
        errors = self.errors + other.errors
        pages, failures = self.pages + other.pages, self.failures + other.failures
        return Tally(self.documents, pages, errors, failures)

    def end(self) -> None:
        """Ends well, or with the error that the exit code is taken from.

        Raises:
            MdocrError: nothing at all was read; the error itself where it is a single document,
                else with the exit code that all errors have, or that of bad inputs.
            PartialFailureError: some of it was read.
        """
        if not self.failures:
            return
        if not self.pages and self.alone and self.errors:
            raise self.errors[0]
        if not self.pages and self.errors:
            codes = {error.exit_code for error in self.errors}
            error = MdocrError(
                f"none of the {self.documents} inputs could be read", "They are named above."
            )
            error.exit_code = codes.pop() if len(codes) == 1 else InputError.exit_code
            raise error
        raise PartialFailureError(
            f"{self.failures} of the documents, pages and regions could not be read",
            "They are named above; all the rest was written.",
        )


@dataclass(frozen=True)
class Display:
    """How the work is shown: ``expect`` more pages, ``advance`` by one, ``say`` a line of text."""

    expect: Callable[[int], None]
    advance: Callable[[], None]
    say: Callable[[str], None]


def find_documents(
    arguments: Sequence[str], output: str, drawings: Path | None = None
) -> "list[str | FailedInput]":
    """The files that arguments name, less the pictures that an earlier run has put among its own.

    Args:
        arguments: files, folders, patterns; what is named itself is never left out.
        output: as after ``-o``.
        drawings: folder of drawn layouts.

    Raises:
        InputError: nothing is left.
        UsageError: the output would be written over one of them.
    """
    from mdocr.inputs.find import PICTURE_SUFFIXES, find_files

    found = [
        item
        for item in find_files(arguments, PICTURE_SUFFIXES | {".pdf"})
        if item in arguments or not _is_product(item, output, drawings)
    ]
    if not found:
        raise InputError("there are only results of earlier runs to read", "Name the documents.")
    refuse_inputs(Path(output), found)
    return found


def _is_product(item: object, output: str, drawings: Path | None) -> bool:
    if not isinstance(item, str):
        return False
    from mdocr.batch.results import DRAWING_NAME
    from mdocr.parsing.crops import FILE_NAME

    path = Path(item).resolve()
    if drawings is not None and path.parent == drawings.resolve():
        return DRAWING_NAME.fullmatch(path.name) is not None
    if not output or not FILE_NAME.fullmatch(path.name):
        return False
    place, folder = Path(output).resolve(), path.parent
    is_beside_file = folder == place.parent / f"{place.stem}_images"
    return is_beside_file or (folder.parent == place and folder.name.endswith("_images"))


def read_all(
    found: "Sequence[str | FailedInput]",
    lazy: LazyParser,
    options: ParseOptions,
    destination: "Destination",
    resume: bool,
    documents: int,
) -> Tally:
    """Reads documents and writes each as soon as its last page is there.

    Args:
        found: what to read.
        lazy: the model.
        options: how to read.
        destination: where to write.
        resume: go on with what an earlier run left.
        documents: all that the command reads; the error of a single one is told by ``Tally.end``.
    """
    from mdocr.batch.results import stems

    paths = [path for path in found if isinstance(path, str)]
    unread = [path for path in found if not isinstance(path, str)]
    tally = Tally(documents, errors=tuple(one.error for one in unread), failures=len(unread))
    names = dict(enumerate(stems(paths)))
    with _display(destination.stream is None) as display:
        for one in unread if not tally.alone else ():
            display.say(f"cannot be read: {one.error}")
        Run(paths, names, tally, display).go(lazy, options, destination, resume)
    return tally


class Run:
    """The documents of one command, read and written."""

    def __init__(
        self, paths: list[str], names: dict[int, str], tally: Tally, display: Display
    ) -> None:
        self.paths, self.names = paths, names
        self.tally, self.display = tally, display
        self.open: dict[int, Results] = {}

    def go(
        self, lazy: LazyParser, options: ParseOptions, destination: "Destination", resume: bool
    ) -> None:
        """From the first page to the last; an interruption leaves what the next run needs."""
        from mdocr.batch.results import Results, progress_of
        from mdocr.parsing import DocumentTask, Ended, Opened, read_documents

        def prepared(number: int) -> DocumentTask:
            name = self.names[number]
            progress = partial(progress_of, name, destination, lambda: lazy.identity, options)
            self.open[number] = Results(name, destination, progress, resume)
            return DocumentTask(self.paths[number], self.open[number].known)

        tasks = (prepared(number) for number in self.names)
        try:
            for event in read_documents(lambda: lazy.parser, tasks, options):
                if isinstance(event, Opened):
                    self.display.expect(event.pages)
                    lazy.expect(event.pages + len(event.kept))
                    self.tally.pages += len(event.kept)
                    self.open[event.number].keep(event.kept)
                elif isinstance(event, Ended):
                    self._close(event.number, lazy)
                else:
                    self._take(event)
        finally:
            for results in list(self.open.values()):
                results.save()

    def _take(self, read: "ReadPage") -> None:
        number, page = read.key
        self.open[number].add(read)
        if page:
            self.display.advance()
        self.tally.pages += read.page is not None
        self.tally.failures += len(read.failures)
        if read.error is not None:
            self.tally.errors += (read.error,)
        if not page and self.tally.alone:
            return  # the document itself
        for failure in read.failures:
            self.display.say(_told(self.paths[number], failure))

    def _close(self, number: int, lazy: LazyParser) -> None:
        results = self.open.pop(number)
        results.save()
        if results.failures and not results.pages:
            return
        try:
            results.write(lazy.name)
        except UsageError as error:
            if len(self.paths) == 1 or is_full(error.__cause__):
                raise
            self.tally.miss(error)
            self.display.say(f"not written: {self.paths[number]}: {error}")


def _told(path: str, failure: Failure) -> str:
    place = f", page {failure.page}" if failure.page else ""
    place += f", region {failure.order}" if failure.order else ""
    return "\n".join(filter(None, [f"failed: {path}{place}: {failure.message}", failure.hint]))


def chosen_forms(text: str, output: str) -> tuple[str, ...]:
    """Formats from ``md,json``; where none are named, from the name of the output file.

    Raises:
        UsageError: there is no such format.
    """
    from mdocr.render import find_format, format_of_file

    if not text.strip():
        return (format_of_file(Path(output).name) or "md",)
    forms = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    for form in forms:
        find_format(form)
    return forms


@contextlib.contextmanager
def destination_of(
    output: str, forms: tuple[str, ...], documents: int, options: RenderOptions
) -> "Iterator[Destination]":
    """Where ``-o`` says that documents go; made ready, so that nothing is read in vain.

    Args:
        output: a folder, a file, ``-``, or empty for stdout.
        forms: names of formats.
        documents: how many there are.
        options: how they are written.

    Raises:
        UsageError: there is no room for all of them, or the place cannot be written to.
    """
    from mdocr.batch.results import Destination

    path = Path(output)
    if output and output != "-" and _is_folder(output, documents):
        make_folder(path)
        yield Destination(folder=path, forms=forms, render=options)
        return
    _require_one(forms, documents)
    if output in ("", "-") or (path.exists() and not path.is_file()):
        with open_output(path if output else None) as stream:
            yield Destination(stream=stream, forms=forms, render=options)
        return
    make_folder(path.parent)
    yield Destination(file=path, forms=forms, render=options)


def _is_folder(output: str, documents: int) -> bool:
    path = Path(output)
    if path.exists() or output.endswith(("/", "\\")):
        return path.is_dir() or not path.exists()
    from mdocr.render import format_of_file

    return not format_of_file(path.name) and (documents > 1 or not path.suffix)


def _require_one(forms: tuple[str, ...], documents: int) -> None:
    if documents > 1:
        raise UsageError(f"{documents} documents need a folder", "Give one with: -o DIR")
    if len(forms) > 1:
        raise UsageError(f"{len(forms)} formats need a folder", "Give one with: -o DIR")


@contextlib.contextmanager
def _display(to_file: bool) -> Iterator[Display]:
    """A bar on stderr, where that is a terminal on which no document appears."""
    on_terminal = sys.stderr.isatty() and (to_file or not sys.stdout.isatty())
    if console.verbosity.quiet or not on_terminal:
        yield Display(lambda pages: None, lambda: None, console.say)
        return
    from rich import progress as bars

    columns = (
        bars.TextColumn("pages"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(
        *columns, console=console.console(), transient=True, redirect_stdout=False
    ) as bar:
        task = bar.add_task("", total=0)

        def expect(pages: int) -> None:
            bar.update(task, total=(bar.tasks[0].total or 0) + pages)

        def say(message: str) -> None:
            console.say(message, bar.console)

        yield Display(expect, lambda: bar.advance(task), say)
