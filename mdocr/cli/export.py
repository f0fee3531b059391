"""``mdocr export``: a model as ONNX files."""

from pathlib import Path
from typing import Annotated

import typer

from mdocr.cli import console
from mdocr.cli.choices import Force, one_of
from mdocr.cli.command import Command, examples, single_command
from mdocr.errors import UsageError

PRECISIONS = ("fp32", "fp16", "int8", "int4")

app = single_command()


@app.command(
    cls=Command,
    epilog=examples(
        "mdocr export mdiff4str-base -o base-onnx",
        "mdocr recognize crops/ --engine onnx --model base-onnx",
        "mdocr export mineru-diffusion -o large-onnx --precision int4",
    ),
)
def export(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A word or page model: a name, or the path of a checkpoint.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder of the ONNX files.")
    ],
    precision: Annotated[
        str,
        one_of(
            PRECISIONS,
            "Of the weights. fp16 is half the size, computed in fp32; int8 a quarter; int4 is for "
            "the language model of MinerU-Diffusion.",
        ),
    ] = "fp32",
    force: Force = False,
) -> None:
    """Write a model as ONNX files.

    They are run by: --engine onnx --model DIR

    Needs the extra `export`. Before they are put in place, the files are compared with torch on
    random images.
    """
    if precision not in PRECISIONS:
        raise UsageError(
            f"unknown precision {precision!r}", f"Choose one of: {', '.join(PRECISIONS)}"
        )
    from mdocr.export import export_model

    name, done = export_model(model, output, precision, force=force)  # type: ignore[arg-type]
    console.note(
        f"{name}: {done.size / 1e6:.1f} MB; the logits differ from torch's by at most "
        f"{done.difference:.1e} of the largest"
    )
    typer.echo(str(output))
