"""``mdocr train``: train a recognizer, or pack pictures for it."""

import contextlib
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from mdocr.cli.console import note, verbosity
from mdocr.errors import PartialFailureError

app = typer.Typer(no_args_is_help=True, help="Train models, on made data or your own.")


@app.callback()
def train() -> None:
    """Train models, on made data or your own."""


@app.command()
def recognizer(
    config: Annotated[
        Path,
        typer.Option(
            help="The run: a TOML file, or a shipped one: recognizer-lite, -small or -base.",
            show_default=False,
        ),
    ],
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="TABLE.KEY=VALUE", help="Change one value; repeatable."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the checkpoint in run.output.")
    ] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
) -> None:
    """Train a word recognizer; prints the path of the model.

    Ctrl-C saves the run, and --resume goes on from there. Started by torchrun, several processes
    share the work.
    """
    from mdocr.training.config import RecognizerConfig, load_config

    run = load_config(config, changes or [], RecognizerConfig)
    from mdocr.training.loop import Interrupted
    from mdocr.training.processes import join_processes, leave_processes
    from mdocr.training.recognizer import train_recognizer

    processes = join_processes(device)
    try:
        with _shown_log(processes.first):
            model = train_recognizer(run, processes, resume)
    except Interrupted as stop:
        if processes.first:
            note(f"{stop.message}\nGo on with the same command and --resume.")
        raise typer.Exit(stop.exit_code) from None
    finally:
        leave_processes()
    if processes.first:
        typer.echo(model)


@app.command()
def pack(
    folder: Annotated[
        Path, typer.Argument(help="A folder with labels.tsv: path, tab, text on each line.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="LMDB", help="The LMDB to make.")
    ],
) -> None:
    """Pack a labelled folder into an LMDB, which trains faster; prints its path."""
    from mdocr.training.packing import pack_folder

    packed = pack_folder(folder, output)
    note(f"packed {packed.count} pictures")
    typer.echo(output)
    if packed.failures:
        failed = len(packed.failures)
        raise PartialFailureError(
            f"{failed} of {failed + packed.count} pictures cannot be read and were left out:",
            "\n".join(failure.message for failure in packed.failures),
        )


@contextlib.contextmanager
def _shown_log(shown: bool) -> Iterator[None]:
    """Shows the log of the training with the time of day, unless quiet was asked for."""
    logger = logging.getLogger("mdocr.training")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s", "%H:%M:%S"))
    level = logging.INFO if shown and not verbosity.quiet else logging.ERROR
    before = logger.level, logger.propagate
    logger.setLevel(logging.DEBUG if verbosity.verbose else level)
    logger.propagate = False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before
