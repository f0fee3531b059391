"""``mdocr eval``: how well models read, against ground truth."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from mdocr.cli import console, tables
from mdocr.cli.choices import (
    Device,
    Engine,
    Lexicon,
    PageDtype,
    PageModel,
    WordDtype,
    WordModel,
    one_of,
)
from mdocr.cli.command import MORE, Command, command_group, examples
from mdocr.cli.eval_report import (
    LABELLED_COLUMNS,
    WORD_COLUMNS,
    page_columns,
    show_inventory,
)
from mdocr.cli.recognize import check_lexicon
from mdocr.cli.tables import check_form
from mdocr.evaluation import labelled_sets, page_sets, pages, requirements
from mdocr.files import check_folder
from mdocr.options import WORD_DECODERS, ParseOptions, RecognizeOptions
from mdocr.parsing.loading import load_parser
from mdocr.parsing.parser import Parser
from mdocr.recognizer import load_recognizer

app = command_group("Measure how well models read.")
DEFAULTS = RecognizeOptions()
PAGE_DEFAULTS = ParseOptions()
NOTHING_MISREAD = "there is no misread picture to show on a sheet"
Threshold = Annotated[
    float, typer.Option(metavar="P", help="Commit a token as soon as its probability is above P.")
]
Form = Annotated[str, one_of(tables.FORMS, "Format of the output.", "--format")]


@app.callback()
def evaluate() -> None:
    """Measure how well models read."""


@app.command(
    cls=Command,
    epilog=examples(
        "mdocr eval recognizer crops/                        a folder with labels.tsv",
        "mdocr eval recognizer data/ --suite common,ost      all sets of two suites",
        "mdocr eval recognizer IIIT5k/ --steps 1-3 --format csv",
    ),
)
def recognizer(
    data: Annotated[
        list[Path],
        typer.Argument(
            metavar="DATA", help="Folders with labels.tsv, or LMDBs.", show_default=False
        ),
    ],
    suite: Annotated[
        str,
        typer.Option(
            metavar="common|union14m|ost|additional|chinese",
            help="Read the sets of these suites below DATA; several with commas.",
        ),
    ] = "",
    model: WordModel = "auto",
    device: Device = "auto",
    decoder: Annotated[
        str, one_of(WORD_DECODERS, "Decoding strategy; several with commas.")
    ] = DEFAULTS.decoder,
    steps: Annotated[
        str, typer.Option(metavar="1..26", help="Denoising steps; several as 1-3 or 1,3.")
    ] = str(DEFAULTS.steps),
    limit: Annotated[
        int | None, typer.Option(min=1, help="Read at most this many words of each set.")
    ] = None,
    form: Form = "table",
    errors: Annotated[
        Path | None,
        typer.Option(metavar="PNG", help="Write the misread pictures on a sheet.", dir_okay=False),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Count words and open pictures; read nothing.")
    ] = False,
    lexicon: Lexicon = DEFAULTS.lexicon,
    revise: Annotated[
        bool,
        typer.Option(help="Predict every position anew in each step.", rich_help_panel=MORE),
    ] = DEFAULTS.revise,
    engine: Engine = "auto",
    dtype: WordDtype = "auto",
    batch_size: Annotated[
        int, typer.Option(min=1, help="Most pictures in a batch.", rich_help_panel=MORE)
    ] = DEFAULTS.batch_size,
) -> None:
    """Read labelled word pictures and count the words that are right.

    accuracy counts letters and digits, case folded, as the field does (of the Chinese suite all
    characters of the model, without spaces); exact counts every character and its case. A picture
    that cannot be opened counts as wrong. Means are arithmetic over sets, as in published tables,
    and weighted by words. Suites leave out words of more than 25 characters.
    """
    check_form(form)
    requirements.check_words()
    from mdocr.evaluation import word_sets  # needs torch
    from mdocr.evaluation.sheets import write_sheet

    base = RecognizeOptions(batch_size=batch_size, revise=revise, lexicon=lexicon)
    runs = word_sets.runs(tables.some_names(decoder), tables.numbers(steps), base)
    sets = word_sets.open_sets(data, tables.names(suite), console.note)
    if check:
        show_inventory(form, *word_sets.inventory(sets))
        return
    check_lexicon(lexicon)
    if errors:
        check_folder(errors.resolve().parent)
    reader = load_recognizer(model, device, engine, dtype)
    rows, misread = [], []
    for options in runs:
        found, wrong = word_sets.score_sets(reader, sets, options, limit, console.note)
        rows += found
        misread += wrong
    tables.show(form, {"schema": "mdocr.eval/1", "sets": rows}, rows, WORD_COLUMNS)
    if errors:
        shown = write_sheet(misread, errors)
        console.note(f"wrote {shown} misread words to {errors}" if shown else NOTHING_MISREAD)


@app.command(
    cls=Command,
    epilog=examples(
        "mdocr eval parser pages/                            pages beside NAME.md or NAME.txt",
        "mdocr eval parser OmniDocBench/ -o read             also keep what was read",
        "mdocr eval parser pages/ --predictions theirs/      score the output of another program",
    ),
)
def parser(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA", help="Folder of pages with ground truth.", show_default=False
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Also write what was read, NAME.md."),
    ] = None,
    model: PageModel = "auto",
    device: Device = "auto",
    threshold: Threshold = PAGE_DEFAULTS.threshold,
    limit: Annotated[int | None, typer.Option(min=1, help="Read at most this many pages.")] = None,
    per_page: Annotated[bool, typer.Option("--per-page", help="A line a page.")] = False,
    form: Form = "table",
    predictions: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Score NAME.md or NAME.txt of this folder; read nothing.",
            exists=True,
        ),
    ] = None,
    engine: Engine = "auto",
    dtype: PageDtype = "auto",
) -> None:
    """Read pages and compare them with their ground truth.

    DATA holds pictures or PDFs, each beside NAME.md, NAME.json (mdocr.document/1) or a plain text,
    NAME.gt.txt or NAME.txt; or it is OmniDocBench. text is the edit similarity of the page; TEDS
    compares tables, TEDS-S only their structure; overall is OmniDocBench's formula, with the edit
    similarity of formulas where its own scripts set and compare them (CDM): with -o, those scripts
    can be run on what was read.
    """
    check_form(form)
    requirements.check_pages()
    options = ParseOptions(threshold=threshold)
    known = page_sets.load_pages(data)[:limit]
    report: dict[str, Any] = {"schema": "mdocr.eval.pages/1"}
    if predictions:
        read = pages.saved(known, predictions)
    else:
        reader = load_parser(model, device, dtype, engine)
        report |= {"model": reader.name, "threshold": threshold}
        console.note(f"reading {len(known)} pages")
        read = ((done.page, done.text) for done in pages.read_pages(reader, known, options))
    scores = []
    for page, text in read:
        scores.append(pages.score_page(text, page))
        if output:
            pages.save(text, page, output)
    records = pages.records(scores, per_page)
    tables.show(form, {**report, "pages": records}, records, page_columns(per_page))


@app.command(
    cls=Command,
    epilog=examples("mdocr synth formulas -o sums && mdocr eval formulas sums"),
)
def formulas(
    data: Annotated[
        list[Path],
        typer.Argument(
            metavar="DATA", help="Folders with labels.tsv, in LaTeX.", show_default=False
        ),
    ],
    model: PageModel = "auto",
    device: Device = "auto",
    threshold: Threshold = PAGE_DEFAULTS.threshold,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Read at most this many formulas of each set.")
    ] = None,
    form: Form = "table",
    engine: Engine = "auto",
    dtype: PageDtype = "auto",
) -> None:
    """Read pictures of single formulas, as mdocr synth formulas draws them.

    exact counts formulas that are the same as the ground truth: spaces, the sizing of brackets and
    the order of indices and powers do not count. passes are those through the model, for a formula.
    """
    load = partial(load_parser, model, device, dtype, engine)
    _score(labelled_sets.FORMULAS, data, load, threshold, limit, form)


@app.command(
    cls=Command,
    epilog=examples("mdocr train lines reports/ -o lines && mdocr eval lines lines"),
)
def lines(
    data: Annotated[
        list[Path],
        typer.Argument(metavar="DATA", help="Folders with labels.tsv.", show_default=False),
    ],
    model: PageModel = "auto",
    device: Device = "auto",
    threshold: Threshold = PAGE_DEFAULTS.threshold,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Read at most this many lines of each set.")
    ] = None,
    form: Form = "table",
    engine: Engine = "auto",
    dtype: PageDtype = "auto",
) -> None:
    """Read pictures of lines, as mdocr train lines cuts them from PDFs.

    errors are edits for a character of the ground truth; exact counts lines without any; passes are
    those through the model, for a line.
    """
    load = partial(load_parser, model, device, dtype, engine)
    _score(labelled_sets.LINES, data, load, threshold, limit, form)


def _score(
    kind: labelled_sets.Kind,
    data: list[Path],
    load: Callable[[], Parser],
    threshold: float,
    limit: int | None,
    form: str,
) -> None:
    """Reads labelled pictures and shows how well, a line a folder."""
    check_form(form)
    requirements.check_words()
    sets = labelled_sets.open_sets(data)
    reader = load()
    records = labelled_sets.score_sets(kind, reader, sets, threshold, limit, console.note)
    report = {"schema": f"mdocr.eval.{kind.name}/1", "model": reader.name, "threshold": threshold}
    tables.show(form, {**report, "sets": records}, records, LABELLED_COLUMNS[kind.name])
