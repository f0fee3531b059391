"""``mdocr eval``: how well a model reads labelled pictures."""

import csv
import io
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from mdocr.cli import console
from mdocr.errors import UsageError
from mdocr.options import WORD_DECODERS, RecognizeOptions

app = typer.Typer(no_args_is_help=True, help="Measure how well models read.")
DEFAULTS = RecognizeOptions()
FORMATS = ("table", "json", "csv")
FIELDS = ("set", "words", "accuracy", "exact", "model", "decoder", "steps", "revise")


@app.callback()
def evaluate() -> None:
    """Measure how well models read."""


@app.command()
def recognizer(
    data: Annotated[
        list[Path], typer.Argument(help="Folders with labels.tsv, or LMDBs.", show_default=False)
    ],
    model: Annotated[str, typer.Option(help="auto, a name, or the path of a checkpoint.")] = "auto",
    decoder: Annotated[
        str, typer.Option(help=f"One or more, with commas: {', '.join(WORD_DECODERS)}.")
    ] = DEFAULTS.decoder,
    steps: Annotated[int, typer.Option(help="Denoising steps, 1 to 26.")] = DEFAULTS.steps,
    revise: Annotated[
        bool, typer.Option(help="Predict every position anew in each step.")
    ] = DEFAULTS.revise,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    form: Annotated[
        str, typer.Option("--format", help=f"Form of the output: {', '.join(FORMATS)}.")
    ] = "table",
) -> None:
    """Read labelled word pictures and count the words that are right.

    accuracy counts letters and digits, case folded, as the field does; exact counts every
    character and its case. A picture that cannot be opened counts as wrong.
    """
    if form not in FORMATS:
        raise UsageError(f"unknown format {form!r}", f"Choose one of: {', '.join(FORMATS)}")
    runs = [RecognizeOptions(name, steps, revise=revise) for name in decoder.split(",")]
    from mdocr.evaluation.words import score_collection
    from mdocr.recognizer import load_recognizer
    from mdocr.training.collections import open_collection

    collections = [(path, open_collection("", path)) for path in data]
    reader = load_recognizer(model, device)
    rows: list[dict[str, Any]] = []
    for path, collection in collections:
        for options in runs:
            console.note(f"reading {len(collection)} words of {path} with {options.decoder}")
            scores = score_collection(reader, collection, options)
            counted = (scores.words, round(scores.accuracy, 5), round(scores.exact, 5))
            how = (reader.model, options.decoder, options.steps, options.revise)
            rows.append(dict(zip(FIELDS, (path.name, *counted, *how), strict=True)))
    typer.echo(_written(rows, form))


def _written(rows: list[dict[str, Any]], form: str) -> str:
    if form == "json":
        return json.dumps({"schema": "mdocr.eval/1", "sets": rows}, ensure_ascii=False, indent=2)
    if form == "csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().rstrip("\n")
    head = f"{'set':24} {'words':>6} {'accuracy':>9} {'exact':>7}  decoder"
    lines = [
        f"{row['set'][:24]:24} {row['words']:6} {row['accuracy']:9.2%} {row['exact']:7.2%}  "
        f"{row['decoder']}, {row['steps']} steps{', revising' * row['revise']}"
        for row in rows
    ]
    return "\n".join([head, *lines])
