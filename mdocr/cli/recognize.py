"""``mdocr recognize``: cropped word pictures to text."""

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mdocr.cli import console
from mdocr.cli.output import WORD_FORMATS, WordWriter, one_line, open_output, word_writer
from mdocr.document import Word
from mdocr.errors import InputError, MdocrError, PartialFailureError, UsageError
from mdocr.options import ENGINES, WORD_DECODERS, RecognizeOptions

if TYPE_CHECKING:
    from mdocr.inputs import Unread

DEFAULTS = RecognizeOptions()

Say = Callable[[str], None]


def recognize(
    images: Annotated[
        list[str],
        typer.Argument(
            metavar="IMAGE|DIR|GLOB...",
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
    engine: Annotated[str, typer.Option(help=f"What runs the model: {', '.join(ENGINES)}.")] = "auto",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
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
) -> None:
    """Read pictures of single words.

    Prints path<TAB>text a line, or the text alone for a single picture.
    """
    options = RecognizeOptions(
        decoder=decoder, steps=steps, batch_size=batch_size, revise=revise, seed=seed, trace=trace
    )
    if form not in WORD_FORMATS:
        raise UsageError(f"unknown format {form!r}", f"Choose one of: {', '.join(WORD_FORMATS)}")
    from mdocr.inputs import Unread, find_files

    found = find_files(images)
    paths = [path for path in found if isinstance(path, str)]
    unread = [path for path in found if isinstance(path, Unread)]
    _require(paths, unread)
    with open_output(output) as stream, _watched(len(paths), output is not None) as (advance, say):
        from mdocr.recognizer import load_recognizer

        outcomes = load_recognizer(model, device, engine).stream(paths, options)
        writer = word_writer(form, stream, bare=paths == images and len(paths) == 1)
        shown = trace and form in ("text", "csv")
        unread += _write(map(advance, outcomes), writer, say if shown else None)
    ...
