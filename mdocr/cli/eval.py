"""``mdocr eval``: how well models read, against ground truth."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from mdocr.cli.recognize import check_lexicon
from mdocr.cli.tables import Column
from mdocr.errors import InputError, UsageError
from mdocr.evaluation import formulas as formula_scoring
from mdocr.evaluation import page_sets, pages
from mdocr.inputs.labelled import open_collection
from mdocr.options import (
    STEPPED_DECODERS,
    WORD_DECODERS,
    ParseOptions,
    RecognizeOptions,
)
from mdocr.parsing.loading import load_parser
from mdocr.recognizer import Recognizer, load_recognizer

if TYPE_CHECKING:
    from mdocr.evaluation.sheets import Misread
    from mdocr.evaluation.suites import OpenSet

app = command_group("Measure how well models read.")
DEFAULTS = RecognizeOptions()
PAGE_DEFAULTS = ParseOptions()
WORD_COLUMNS = (
    Column("set", "set"),
    Column("words", "words"),
    Column("accuracy", "accuracy", ".2%"),
    Column("with case", "case_sensitive", ".2%"),
    Column("with punctuation", "punctuation_sensitive", ".2%"),
    Column("exact", "exact", ".2%"),
    Column("similarity", "edit_similarity", ".2%"),
    Column("decoder", "decoder"),
    Column("steps", "steps"),
)
PAGE_COLUMNS = (
    Column("pages", "group"),
    Column("count", "pages"),
    Column("text", "text", ".2%"),
    Column("median", "text_median", ".2%"),
    Column("order distance", "order_distance", ".4f"),
    Column("tables", "tables"),
    Column("TEDS", "teds", ".2%"),
    Column("TEDS-S", "teds_s", ".2%"),
    Column("formulas", "formulas"),
    Column("similarity", "formula", ".2%"),
    Column("overall", "overall", ".2f"),
)
FORMULA_COLUMNS = (
    Column("set", "set"),
    Column("formulas", "formulas"),
    Column("exact", "exact", ".2%"),
    Column("similarity", "similarity", ".2%"),
    Column("passes", "passes", ".1f"),
)
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
    _check_form(form)
    runs = [
        RecognizeOptions(name, count, batch_size, revise, lexicon=lexicon)
        for name in tables.some_names(decoder)
        for count in tables.numbers(steps)[: None if name in STEPPED_DECODERS else 1]
    ]
    sets = list(_sets(data, tables.names(suite)))
    if check:
        _check_sets(sets, form)
        return
    check_lexicon(lexicon)
    count = sum(len(each.numbers[:limit]) for each in sets) * len(runs)
    reader = load_recognizer(model, device, engine, dtype, count)
    rows: list[dict[str, Any]] = []
    misread: list[Misread] = []
    for options in runs:
        found, wrong = _score_sets(reader, sets, options, limit)
        rows += found
        misread += wrong
    tables.show(form, {"schema": "mdocr.eval/1", "sets": rows}, rows, WORD_COLUMNS)
    if errors and misread:
        from mdocr.evaluation.sheets import write_sheet

        console.note(f"wrote {write_sheet(misread, errors)} misread words to {errors}")


def _score_sets(
    reader: Recognizer,
    sets: "list[OpenSet]",
    options: RecognizeOptions,
    limit: int | None,
) -> "tuple[list[dict[str, Any]], list[Misread]]":
    """A record a set and one a mean over several; and what was read wrong."""
    from mdocr.evaluation import words as scoring

    steps = options.steps if options.decoder in STEPPED_DECODERS else None
    how = {"model": reader.model, "decoder": options.decoder, "steps": steps}
    how |= {"revise": options.revise, "lexicon": reader.lexicon_of(options)}
    rows: list[dict[str, Any]] = []
    misread: list[Misread] = []
    suites: dict[str, list[scoring.WordScores]] = {}
    for each in sets:
        numbers = each.scored(reader.engine.charset)[:limit]
        console.note(f"reading {len(numbers)} words of {each.name} with {options.decoder}")
        is_latin = scoring.is_latin(reader) if each.is_latin is None else each.is_latin
        read = scoring.read_collection(reader, each.collection, options, numbers)
        if each.suite and not is_latin:
            read = [scoring.as_scored(word, reader.engine.charset) for word in read]
        found = scoring.score([(word.read, word.true) for word in read], is_latin)
        wrong = (w for w in read if not scoring.is_right(w.read, w.true, is_latin))
        misread += [(each.collection, word) for word in wrong]
        suites.setdefault(each.suite, []).append(found)
        rows.append({"set": each.name, "suite": each.suite, **found.to_dict(), **how})
    for name, scores in suites.items():
        if len(scores) > 1:
            for kind, weighted in (("mean", False), ("weighted mean", True)):
                mean = scoring.average(scores, weighted).to_dict()
                rows.append({"set": f"{kind} of {name or 'sets'}", "suite": name, **mean, **how})
    return rows, misread


def _check_sets(sets: "list[OpenSet]", form: str) -> None:
    from mdocr.evaluation.suites import unreadable

    rows = [
        {
            "set": each.name,
            "words": len(each.collection),
            "expected": each.expected,
            "unreadable": len(unreadable(each)),
        }
        for each in sets
    ]
    columns = [Column(key, key) for key in ("set", "words", "expected", "unreadable")]
    tables.show(form, {"schema": "mdocr.eval.check/1", "sets": rows}, rows, columns)
    bad = [
        each.name
        for each, row in zip(sets, rows, strict=True)
        if row["unreadable"] or not each.is_whole
    ]
    if bad:
        raise InputError(
            f"damaged or not complete: {', '.join(bad)}", "docs/datasets.md says where to get them."
        )


def _sets(data: list[Path], suites: tuple[str, ...]) -> "Iterator[OpenSet]":
    from mdocr.evaluation.suites import open_set, open_suite

    if not suites:
        yield from map(open_set, data)
        return
    if len(data) != 1:
        raise UsageError("suites are looked for in one folder", "Name the folder around them.")
    for name in suites:
        for each in open_suite(name, data[0]):
            if not each.is_whole:
                console.note(
                    f"{each.name} has {len(each.collection)} words here, {each.expected} upstream"
                )
            yield each


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
    _check_form(form)
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
    if per_page:
        records = [score.to_dict() for score in scores]
    else:
        groups = pages.by_kind(scores)
        records = [{"group": name, **pages.summary(found)} for name, found in groups.items()]
        records = [] if len(records) == 1 else records
        records.append({"group": "all", **pages.summary(scores)})
    columns: tuple[Column, ...] = PAGE_COLUMNS
    if per_page:
        columns = (Column("page", "page"), *PAGE_COLUMNS[2:3], *PAGE_COLUMNS[4:-1])
    tables.show(form, {**report, "pages": records}, records, columns)


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
    _check_form(form)
    sets = [(folder.resolve().name, open_collection("", folder)) for folder in data]
    reader = load_parser(model, device, dtype, engine)
    records = []
    for name, pictures in sets:
        count = min(len(pictures), limit or len(pictures))
        console.note(f"reading {count} formulas of {name}")
        found = list(formula_scoring.read_formulas(reader, pictures, count, threshold))
        records.append({"set": name, **formula_scoring.summary(found)})
    report = {"schema": "mdocr.eval.formulas/1", "model": reader.name, "threshold": threshold}
    tables.show(form, {**report, "sets": records}, records, FORMULA_COLUMNS)


def _check_form(form: str) -> None:
    if form not in tables.FORMS:
        raise UsageError(f"unknown format {form!r}", f"Choose one of: {', '.join(tables.FORMS)}")
