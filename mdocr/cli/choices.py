"""Options that several commands share, with all their choices in the help."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from mdocr.cli.command import MORE
from mdocr.options import BOXES, ENGINES, PAGE_DTYPES
from mdocr.weights.registry import Task, names

DEVICES = "auto|cpu|cuda|cuda:N|mps"
WIDEST = 50
"""Characters of choices that stand behind an option."""


def one_of(choices: Iterable[str], text: str, *flags: str, **settings: Any) -> Any:
    """An option whose help shows every choice: in its place if there is room, else in the text."""
    listed = list(choices)
    metavar = "|".join(listed)
    if len(metavar) > WIDEST:
        metavar, text = "NAME", f"{text} One of: {', '.join(listed)}."
    return typer.Option(*flags, metavar=metavar, help=text, **settings)


def model_option(task: Task, path: str) -> Any:
    """The option ``--model``, with every name of a task in its help."""
    known = ", ".join(names(task))
    return typer.Option(
        metavar="auto|NAME|PATH",
        help=f"auto is the best installed one. Names: {known}. PATH is a {path}.",
    )


WordModel = Annotated[str, model_option("recognizer", "checkpoint")]
PageModel = Annotated[str, model_option("parser", "checkpoint folder")]
Engine = Annotated[str, one_of(ENGINES, "What runs the model.", rich_help_panel=MORE)]
Device = Annotated[str, typer.Option(metavar=DEVICES, help="Where the model runs.")]
WordDtype = Annotated[
    str,
    one_of(
        ("auto", "float32", "bfloat16"),
        "Type of the weights; bfloat16 is faster.",
        rich_help_panel=MORE,
    ),
]
PageDtype = Annotated[
    str, one_of(PAGE_DTYPES, "Type of the weights; auto keeps it as stored.", rich_help_panel=MORE)
]
Lexicon = Annotated[
    str,
    typer.Option(
        "--lexicon",
        "--dictionary",
        "--lang",
        metavar="auto|none|LANGUAGE,…|FILE",
        help="Known words, by which unclear ones are read: of languages, such as en,de; or a FILE "
        "with a word a line. auto: en with mdiff4str-lite, none with other models.",
        rich_help_panel=MORE,
    ),
]
Force = Annotated[
    bool, typer.Option("--force", help="Write over files that mdocr has not written.")
]
KeepParatext = Annotated[
    bool,
    typer.Option("--keep-paratext", help="Keep headers and footers that repeat, and page numbers."),
]
KeepUnsure = Annotated[
    bool, typer.Option("--keep-unsure", help="Also write what the model is unsure of.")
]
Boxes = Annotated[
    str,
    one_of(
        BOXES,
        "What the JSON tells the place of: blocks, also their lines, also the words in them.",
        show_default="block, or what the formats need",
    ),
]
Review = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Also write what was read with doubt, with pictures, as a sheet and a CSV to correct.",
        show_default=False,
    ),
]
Watch = Annotated[
    bool,
    typer.Option("--watch", help="Show the denoising step by step, while it goes on."),
]
Record = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.svg",
        help="Write the denoising of the first page, or of the first words, as an SVG that plays.",
        show_default=False,
        rich_help_panel=MORE,
    ),
]
ReviewBelow = Annotated[
    float,
    typer.Option(
        metavar="P",
        help="Confidence of a word below which --review takes its line.",
        rich_help_panel=MORE,
    ),
]
PageMarks = Annotated[bool, typer.Option("--page-marks", help="Mark where each page begins.")]
