"""``mdocr recognize``: cropped word pictures to text."""

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mdocr.cli import console
from mdocr.cli.output import (
    WORD_FORMATS,
    WordWriter,
    one_line,
    open_output,
    refuse_inputs,
    word_writer,
)
from mdocr.document.words import Word
from mdocr.errors import InputError, PartialFailureError, UsageError
from mdocr.options import ENGINES, WORD_DECODERS, RecognizeOptions

if TYPE_CHECKING:
    from mdocr.inputs.find import FailedInput
    from mdocr.recognizer import Recognizer

DEFAULTS = RecognizeOptions()
Engine = Annotated[str, typer.Option(help=f"What runs the model: {', '.join(ENGINES)}.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
Dictionary = Annotated[
    str,
    typer.Option(
        metavar="auto|none|english|FILE",
        help="Known words, by which unclear ones are read; FILE has one a line. "
        "auto: english with mdiff4str-lite, none with other models.",
    ),
]


def recognize(
    images: Annotated[
        list[str],
        typer.Argument(
            metavar="IMAGE|DIR|GLOB",
            help="Pictures of one word each; a folder means all pictures below it; - is stdin.",
            show_default=False,
        ),
    ],
    model: Annotated[
        str, typer.Option(help="auto (the best installed), a name, or the path of a checkpoint.")
    ] = "auto",
    decoder: Annotated[
        str, typer.Option(help=f"Decoding strategy: {', '.join(WORD_DECODERS)}.")
    ] = DEFAULTS.decoder,
    steps: Annotated[
        int, typer.Option(help="Denoising steps of the decoders that have them, 1 to 26.")
    ] = DEFAULTS.steps,
    engine: Engine = "auto",
    device: Device = "auto",
    dtype: Annotated[
        str, typer.Option(help="auto (float32), float32, or bfloat16, which is faster.")
    ] = "auto",
    batch_size: Annotated[
        int, typer.Option(help="Pictures of one shape that are read together.")
    ] = DEFAULTS.batch_size,
    form: Annotated[
        str, typer.Option("--format", help=f"Form of the output: {', '.join(WORD_FORMATS)}.")
    ] = "text",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a file, not to stdout."),
    ] = None,
    trace: Annotated[
        bool,
        typer.Option(
            "--trace", help="Show the word after every step: on stderr, or in the JSON records."
        ),
    ] = DEFAULTS.trace,
    revise: Annotated[
        bool,
        typer.Option(help="Predict every position anew in each step, so that errors are mended."),
    ] = DEFAULTS.revise,
    seed: Annotated[int, typer.Option(help="Seed of the decoder random.")] = DEFAULTS.seed,
    dictionary: Dictionary = DEFAULTS.dictionary,
) -> None:
    """Read pictures of single words.

    Prints path<TAB>text a line, or the text alone for a single picture.
    """
    options = RecognizeOptions(
        decoder, steps, batch_size, revise, seed, trace=trace, dictionary=dictionary
    )
    find_dictionary(dictionary)
    if form not in WORD_FORMATS:
        raise UsageError(f"unknown format {form!r}", f"Choose one of: {', '.join(WORD_FORMATS)}")
    from mdocr.inputs.find import find_files

    found = find_files(images)
    refuse_inputs(output, found)
    load = partial(load_recognizer, model, device, engine, dtype)
    with open_output(output) as stream:
        writer = word_writer(form, stream, bare=found == images and len(found) == 1)
        with _progress(len(found), to_file=output is not None) as progress:
            traced = trace and form in ("text", "csv")
            unread = _write(_outcomes(found, load, options), writer, progress, traced)
        _require_a_word(unread, len(found))
        writer.end()
    if unread:
        raise PartialFailureError(
            f"{len(unread)} of {len(found)} pictures could not be read",
            "They are named above; all others were read.",
        )


def find_dictionary(name: str) -> None:
    """Opens a dictionary that is asked for, before a model is loaded."""
    if name not in ("auto", "none"):
        from mdocr.decoding.lexicon import load_dictionary

        load_dictionary(name)


@dataclass(frozen=True)
class Progress:
    """How the work is shown: ``advance`` after each picture, ``say`` for a line of text."""

    total: int
    advance: Callable[[], None]
    say: Callable[[str], None]


def load_recognizer(
    model: str, device: str, engine: str, dtype: str = "auto", words: int = 1
) -> "Recognizer":
    """``mdocr.load_recognizer``, imported when it is called."""
    from mdocr import recognizer

    return recognizer.load_recognizer(model, device, engine, dtype, words)


def _outcomes(
    found: "list[str | FailedInput]", load: "Callable[[], Recognizer]", options: RecognizeOptions
) -> "Iterator[Word | FailedInput]":
    """What is not there first; the model is loaded only if anything is left to read."""
    yield from (path for path in found if not isinstance(path, str))
    paths = [path for path in found if isinstance(path, str)]
    if paths:
        yield from load().stream(paths, options)


def _write(
    outcomes: "Iterable[Word | FailedInput]", writer: WordWriter, progress: Progress, traced: bool
) -> "list[FailedInput]":
    """Writes the words, and returns what could not be read."""
    unread = []
    for outcome in outcomes:
        progress.advance()
        if isinstance(outcome, Word):
            if traced:
                progress.say(_trace(outcome))
            writer.write(outcome)
        else:
            unread.append(outcome)
            if progress.total > 1:  # a single one is told by the error at the end
                progress.say(f"left out: {outcome.error}")
    return unread


def _trace(word: Word) -> str:
    steps = (f"{number:6}  {text}" for number, text in enumerate(word.trace, start=1))
    return "\n".join([one_line(word.path), *steps])


def _require_a_word(unread: "list[FailedInput]", total: int) -> None:
    if len(unread) == total == 1:
        raise unread[0].error
    if len(unread) == total:
        raise InputError(f"none of the {total} pictures could be read", "They are named above.")


@contextlib.contextmanager
def _progress(total: int, to_file: bool) -> Iterator[Progress]:
    """A bar on stderr, where that is a terminal on which no words appear."""
    on_terminal = sys.stderr.isatty() and (to_file or not sys.stdout.isatty())
    if total < 2 or console.verbosity.quiet or not on_terminal:
        yield Progress(total, lambda: None, console.say)
        return
    from rich import progress as bars

    columns = (bars.BarColumn(), bars.MofNCompleteColumn(), bars.TimeRemainingColumn())
    with bars.Progress(
        *columns, console=console.console(), transient=True, redirect_stdout=False
    ) as bar:
        task = bar.add_task("", total=total)
        yield Progress(
            total,
            lambda: bar.advance(task),
            lambda message: console.say(message, bar.console),
        )
