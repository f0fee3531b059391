"""``mdocr read``: anything to text; pages go to the parser, crops of words to the recognizer."""

from functools import partial
from typing import Annotated

import typer

from mdocr.batch.destination import chosen_formats
from mdocr.batch.inputs import find_documents
from mdocr.batch.mixed import KINDS, MixedRun
from mdocr.batch.page_model import LazyPageModel, ModelChoice
from mdocr.batch.tally import Tally
from mdocr.batch.workers import WorkerOptions
from mdocr.cli import console
from mdocr.cli.choices import (
    Device,
    Engine,
    Force,
    KeepParatext,
    KeepUnsure,
    PageMarks,
    one_of,
)
from mdocr.cli.command import Command, examples, single_command
from mdocr.cli.corpus import (
    PageTimeout,
    WorkerMemory,
    Workers,
    starter_of_workers,
    worker_options,
)
from mdocr.cli.parse import Format, MaxTokens, Pages, Resume, Threshold
from mdocr.cli.per_type import thresholds, token_limits
from mdocr.cli.progress import progress_bar
from mdocr.errors import UsageError
from mdocr.options import ParseOptions, RenderOptions
from mdocr.parsing.regions import TASKS
from mdocr.recognizer import load_recognizer
from mdocr.render import needed_boxes

EXAMPLES = examples(
    "mdocr read scan.pdf                   Markdown on stdout; so does: mdocr scan.pdf",
    "mdocr read inbox/ -o out              documents to a folder, words to stdout",
    "mdocr read sign.jpg --as word         one word, whatever its size",
    "mdocr read formula.png --as formula   LaTeX; --as table is HTML",
    "mdocr read chart.png --page-model mineru-diffusion --prompt 'Describe the picture.'",
)

app = single_command()


@app.command(cls=Command, epilog=EXAMPLES)
def read(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH",
            help="PDFs, pictures of pages, pictures of words; a folder means all of them below it; "
            "- is stdin.",
            show_default=False,
        ),
    ],
    kind: Annotated[str, one_of(KINDS, "Read everything as this; auto: see above.", "--as")] = (
        "auto"
    ),
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|DIR",
            help="Where to write documents; words go to stdout.",
            show_default="stdout",
        ),
    ] = "",
    form: Format = "",
    pages: Pages = "",
    device: Device = "auto",
    threshold: Threshold = None,
    page_model: Annotated[
        str,
        typer.Option(metavar="auto|NAME|PATH", help="Model for pages; see: mdocr help parse."),
    ] = "auto",
    word_model: Annotated[
        str,
        typer.Option(metavar="auto|NAME|PATH", help="Model for words; see: mdocr help recognize."),
    ] = "auto",
    prompt: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="Ask the page model this of each picture; not with a lite model.",
            show_default=False,
        ),
    ] = "",
    page_marks: PageMarks = False,
    keep_paratext: KeepParatext = False,
    keep_unsure: KeepUnsure = False,
    force: Force = False,
    engine: Engine = "auto",
    max_tokens: MaxTokens = None,
    resume: Resume = True,
    workers: Workers = None,
    page_timeout: PageTimeout = WorkerOptions.page_seconds,
    worker_memory: WorkerMemory = None,
) -> None:
    """Read PDFs, pictures of pages and pictures of words.

    A PDF is a document. So is a file of several frames, a picture whose shorter edge has at least
    400 pixels and whose longer edge is at most 3 times as long, and any picture that shows more
    than one line of text, or one line of several words. Any other picture is a word. Standard
    input (-) is a document. --as overrules this: with text, table or formula, each picture is one
    region; with layout, a page whose regions are found.

    Words are printed as path<TAB>text, formulas as path<TAB>LaTeX, or the text alone for a single
    input; layouts as JSON, one a line; documents as Markdown, texts, and tables as HTML, each
    after a comment with its path if there are several inputs.
    """
    if kind not in KINDS:
        raise UsageError(f"unknown kind {kind!r}", f"Choose one of: {', '.join(KINDS)}")
    _check_region(kind, prompt, output, form)
    common, single = thresholds(threshold or [])
    forms = chosen_formats(form, output)
    options = ParseOptions(
        pages=pages,
        threshold=common,
        thresholds=single,
        max_tokens=token_limits(max_tokens or []),
        keep_unsure=keep_unsure,
        boxes=needed_boxes(forms),
    )
    written = RenderOptions(keep_paratext=keep_paratext, page_marks=page_marks)
    found = find_documents(paths, output)
    tally = Tally(len(found))
    choice = ModelChoice(page_model, device, engine)
    run = MixedRun(
        LazyPageModel(choice),
        partial(load_recognizer, word_model, device, engine),
        options,
        written,
        tally,
        partial(progress_bar, "pages"),
        console.say,
        resume,
        force,
        prompt,
        partial(
            starter_of_workers,
            partial(worker_options, page_timeout, worker_memory),
            workers,
            choice=choice,
            to_folder=bool(output),
        ),
    )
    run.read(found, kind, forms, output)
    console.note_written(tally.written)
    tally.end()


def _check_region(kind: str, prompt: str, output: str, form: str) -> None:
    if prompt and kind != "auto":
        raise UsageError("--prompt and --as exclude each other", "Leave one of them out.")
    if not prompt and kind not in TASKS:
        return
    if output or form:
        raise UsageError(
            "single regions go to stdout, in one format", "Leave out -o and --format; write: > FILE"
        )
