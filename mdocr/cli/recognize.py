"""``mdocr recognize``: cropped word pictures to text."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mdocr.batch.outputs import is_file, open_output, refuse_inputs
from mdocr.batch.review import DOUBT
from mdocr.batch.review import Review as WrittenReview
from mdocr.batch.tally import Tally
from mdocr.batch.word_run import read_words, write_words
from mdocr.batch.words import WORD_FORMATS, word_writer
from mdocr.cli import console
from mdocr.cli.choices import (
    Device,
    Engine,
    Force,
    Lexicon,
    Review,
    ReviewBelow,
    WordDtype,
    WordModel,
    one_of,
)
from mdocr.cli.command import MORE, Command, examples, single_command
from mdocr.cli.progress import progress_bar
from mdocr.decoding.lexicon import load_lexicon
from mdocr.errors import UsageError
from mdocr.inputs.find import find_files
from mdocr.options import WORD_DECODERS, WORD_DRAFTS, RecognizeOptions
from mdocr.recognizer import load_recognizer

DEFAULTS = RecognizeOptions()
EXAMPLES = examples(
    "mdocr recognize sign.jpg                       the text alone",
    "mdocr recognize crops/ -o words.csv --format csv",
    "mdocr recognize 'crops/*.png' --format jsonl   confidence of each character",
    "mdocr recognize sign.jpg --trace               the word after every step",
)

app = single_command()


@app.command(cls=Command, epilog=EXAMPLES)
def recognize(
    images: Annotated[
        list[str],
        typer.Argument(
            metavar="IMAGE|DIR|GLOB",
            help="Pictures of one word each; a folder means all pictures below it; - is stdin.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where to write.", show_default="stdout"
        ),
    ] = None,
    form: Annotated[str, one_of(WORD_FORMATS, "Format of the output.", "--format")] = "text",
    model: WordModel = "auto",
    device: Device = "auto",
    decoder: Annotated[str, one_of(WORD_DECODERS, "Decoding strategy.")] = DEFAULTS.decoder,
    steps: Annotated[
        int,
        typer.Option(metavar="1..26", help="Denoising steps of the decoders that have them."),
    ] = DEFAULTS.steps,
    force: Force = False,
    lexicon: Lexicon = DEFAULTS.lexicon,
    review: Review = None,
    review_below: ReviewBelow = DOUBT,
    engine: Engine = "auto",
    dtype: WordDtype = "auto",
    batch_size: Annotated[
        int, typer.Option(help="Most pictures in a batch.", rich_help_panel=MORE)
    ] = DEFAULTS.batch_size,
    trace: Annotated[
        bool,
        typer.Option(
            "--trace",
            help="Show the word after every step: on stderr, or in the JSON records.",
            rich_help_panel=MORE,
        ),
    ] = DEFAULTS.trace,
    revise: Annotated[
        bool,
        typer.Option(
            help="Predict every position anew in each step, so that errors can be corrected.",
            rich_help_panel=MORE,
        ),
    ] = DEFAULTS.revise,
    seed: Annotated[
        int, typer.Option(help="Seed of the decoder random.", rich_help_panel=MORE)
    ] = DEFAULTS.seed,
    draft: Annotated[
        str,
        one_of(
            WORD_DRAFTS,
            "Take words as the model's CTC head reads them where it is sure.",
            rich_help_panel=MORE,
        ),
    ] = DEFAULTS.draft,
) -> None:
    """Read pictures of single words.

    Prints path<TAB>text a line, or the text alone for a single picture.
    """
    options = RecognizeOptions(
        decoder, steps, batch_size, revise, seed, trace=trace, lexicon=lexicon, draft=draft
    )
    check_lexicon(lexicon)
    if form not in WORD_FORMATS:
        raise UsageError(f"unknown format {form!r}", f"Choose one of: {', '.join(WORD_FORMATS)}")
    found = find_files(images)
    refuse_inputs(output, found)
    doubtful = WrittenReview(review, review_below, force=force) if review else None
    tally = Tally(len(found))
    outcomes = read_words(found, partial(load_recognizer, model, device, engine, dtype), options)
    with (
        open_output(output, force=force) as stream,
        progress_bar("words", to_file=output is not None) as display,
    ):
        writer = word_writer(form, stream, bare=found == images and len(found) == 1)
        traced = trace and form in ("text", "csv")
        write_words(outcomes, writer, tally, display, traced=traced, review=doubtful)
    written = [output] if output and is_file(output) else []
    console.note_written([*written, *(doubtful.end() if doubtful else ())])
    tally.end()


def check_lexicon(name: str) -> None:
    """Opens a lexicon that is asked for, before a model is loaded.

    Raises:
        InputError: it cannot be read.
    """
    if name not in ("auto", "none"):
        load_lexicon(name)
