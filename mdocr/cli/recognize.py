"""``mdocr recognize``: cropped word pictures to text."""

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mdocr.batch.outputs import is_file, open_output, refuse_inputs
from mdocr.batch.tally import Tally
from mdocr.batch.word_run import read_words, write_words
from mdocr.batch.words import WORD_FORMATS, changes_writer, word_writer
from mdocr.cli import console
from mdocr.cli.choices import (
    Device,
    Engine,
    Force,
    Lexicon,
    Record,
    Review,
    ReviewBelow,
    Watch,
    WordDtype,
    WordModel,
    one_of,
)
from mdocr.cli.command import MORE, Command, examples, single_command
from mdocr.cli.progress import progress, progress_bar, watcher_of
from mdocr.decoding.lexicons import load_lexicon
from mdocr.errors import UsageError
from mdocr.inputs.draft_list import read_drafts
from mdocr.inputs.find import find_files
from mdocr.options import DOUBT, WORD_DECODERS, WORD_DRAFTS, RecognizeOptions
from mdocr.recognizer import Recognizer, load_recognizer

if TYPE_CHECKING:
    from mdocr.batch.review import Review as WrittenReview

DEFAULTS = RecognizeOptions()
EXAMPLES = examples(
    "mdocr recognize sign.jpg                       the text alone",
    "mdocr recognize crops/ -o words.csv --format csv",
    "mdocr recognize 'crops/*.png' --format jsonl   confidence of each character",
    "mdocr recognize sign.jpg --trace               the word after every step",
    "mdocr recognize crops/ --draft read.tsv --changed   what another has misread",
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
    watch: Watch = False,
    record: Record = None,
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
        typer.Option(
            metavar="auto|none|ctc|FILE",
            help="FILE has path<TAB>text lines, as another reader or a person has read the "
            "pictures: each text is verified, and its picture read where it does not stand. "
            "ctc: words are as the model's CTC head reads them where it is sure.",
        ),
    ] = DEFAULTS.draft,
    changed: Annotated[
        bool,
        typer.Option(
            "--changed",
            help="With a FILE of drafts, print only words that are not as drafted: path, draft, "
            "text, and how sure the model is of either.",
        ),
    ] = False,
) -> None:
    """Read pictures of single words.

    Prints path<TAB>text a line, or the text alone for a single picture.
    """
    is_list = draft not in WORD_DRAFTS
    if changed and not is_list:
        raise UsageError("--changed needs drafts", "Give a list of them with: --draft FILE")
    plain = DEFAULTS.draft if is_list else draft
    watcher = watcher_of(watch, record, force=force)
    options = RecognizeOptions(
        decoder,
        steps,
        batch_size,
        revise,
        seed,
        trace=trace or watcher is not None,
        lexicon=lexicon,
        draft=plain,
    )
    check_lexicon(lexicon)
    if form not in WORD_FORMATS:
        raise UsageError(f"unknown format {form!r}", f"Choose one of: {', '.join(WORD_FORMATS)}")
    found = find_files(images)
    refuse_inputs(output, [*found, draft] if is_list else found)
    doubtful = _review(review, review_below, force) if review else None
    is_single = found == images and len(found) == 1
    drafts, missing = read_drafts(Path(draft), found) if is_list else (None, [])
    found = [*found, *missing]
    tally = Tally(len(found))

    def load() -> Recognizer:
        reader = load_recognizer(model, device, engine, dtype)
        if watcher and watch:
            reader.watch = partial(watcher.words, reader.engine.charset)
        return reader

    outcomes = read_words(found, load, options, drafts)
    with (
        open_output(output, force=force) as stream,
        progress("none") if watch else progress_bar("words", output is not None) as display,
        watcher or nullcontext(),
    ):
        changes = changes_writer(form, stream) if changed else None
        writer = changes or word_writer(form, stream, bare=is_single, drafted=is_list)
        traced = trace and form in ("text", "csv")
        shown = watcher.display(display) if watcher else display
        write_words(outcomes, writer, tally, shown, traced=traced, review=doubtful)
    if changes:
        console.note(f"{changes.changed} of {tally.read} words are not as drafted")
    written = [output] if output and is_file(output) else []
    besides = [path for one in (doubtful, watcher) if one for path in one.end()]
    console.note_written([*written, *besides])
    tally.end()


def _review(folder: Path, below: float, force: bool) -> "WrittenReview":
    from mdocr.batch.review import Review as WrittenReview  # with pages and layout: not at start-up

    return WrittenReview(folder, below, force=force)


def check_lexicon(name: str) -> None:
    """Opens a lexicon that is asked for, before a model is loaded.

    Raises:
        InputError: it cannot be read.
    """
    if name not in ("auto", "none"):
        load_lexicon(name)
