"""``mdocr export``: a model as ONNX files."""

from pathlib import Path
from typing import Annotated

import typer

from mdocr.cli import console
from mdocr.cli.command import Command, single_command
from mdocr.errors import UsageError

PRECISIONS = ("fp32", "fp16", "int8", "int4")

app = single_command()


@app.command(cls=Command)
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
        typer.Option(
            help="fp32; fp16 (half the size, computed in fp32); int8 (a quarter); or int4, for "
            "MinerU-Diffusion (its language model in four bits)."
        ),
    ] = "fp32",
) -> None:
    """Write a model as ONNX files, which `--engine onnx --model DIR` runs.

    Needs the extra `export`. Before they are put in place, the files are compared with torch on
    random images.
    """
    if precision not in PRECISIONS:
        raise UsageError(
            f"unknown precision {precision!r}", f"Choose one of: {', '.join(PRECISIONS)}"
        )
    from mdocr.export import export_model

    name, done = export_model(model, output, precision)  # type: ignore[arg-type]
    console.note(
        f"{name}: {done.size / 1e6:.1f} MB; the logits differ from torch's by at most "
        f"{done.difference:.1e} of the largest"
    )
    typer.echo(str(output))
