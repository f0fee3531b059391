"""``mdocr train``: train a recognizer or a page model, find hard samples, average, pack."""

import contextlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mdocr.cli.choices import Device, PageModel
from mdocr.cli.command import MORE, Command, command_group, examples
from mdocr.cli.console import StderrHandler, note, verbosity
from mdocr.errors import PartialFailureError
from mdocr.training.config import RecognizerConfig
from mdocr.training.corrections.runs import run_values
from mdocr.training.mineru_diffusion.mining_options import MiningOptions
from mdocr.training.recognizer.packing import pack_folder
from mdocr.training.run_files import fill, shipped_runs

if TYPE_CHECKING:
    from mdocr.training.processes import Processes

MINING = MiningOptions()

app = command_group("Train models, on synthetic data or your own.")


@app.callback()
def train() -> None:
    """Train models, on synthetic data or your own."""


def _config(task: str) -> Any:
    shipped = ", ".join(name for name in shipped_runs() if name.startswith(task))
    text = f"A TOML file, or the name of a shipped run: {shipped}."
    return typer.Option(metavar="FILE|NAME", help=text, show_default=False)


Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="TABLE.KEY=VALUE", help="Change one value; repeatable."),
]
Corrections = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE.csv|DIR",
        help="Also train on what was corrected in it (mdocr parse --review), or on the lines of a "
        "folder (mdocr train lines); repeatable. Without "
        "--config, the model in the package is trained a little further.",
        show_default=False,
    ),
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Continue from the checkpoint in run.output.")
]


@app.command(
    cls=Command,
    epilog=examples(
        "mdocr train recognizer --config recognizer-lite",
        "mdocr train recognizer --config run.toml --set run.output=runs/one --resume",
        "torchrun --nproc-per-node 8 -m mdocr train recognizer --config recognizer-base",
    ),
)
def recognizer(
    config: Annotated[Path | None, _config("recognizer")] = None,
    changes: Changes = None,
    corrections: Corrections = None,
    resume: Resume = False,
    device: Device = "auto",
) -> None:
    """Train a word recognizer; prints the path of the model.

    Ctrl-C saves the run, and --resume continues from there. Started by torchrun, several processes
    share the work.
    """
    values = run_values("recognizer", config, changes or [], corrections or [])
    run = fill(values, RecognizerConfig)
    from mdocr.training.recognizer.trainer import train_recognizer

    _train(lambda processes: train_recognizer(run, processes, resume), device)


@app.command(
    cls=Command,
    epilog=examples(
        "mdocr train parser --config parser-lite                 a line reader, on synthetic lines",
        "mdocr train parser --corrections review/review.csv      the packaged one, on corrections",
        "mdocr train parser --config parser-finetune \\",
        "    --set 'data.manifest=[\"mine.jsonl\"]'               the large model, on your pages",
    ),
)
def parser(
    config: Annotated[Path | None, _config("parser")] = None,
    changes: Changes = None,
    corrections: Corrections = None,
    resume: Resume = False,
    device: Device = "auto",
) -> None:
    """Train a page model; prints the path of the model.

    parser-lite trains a line reader on synthetic lines; parser-finetune trains the released model,
    or another checkpoint folder, on a manifest of your own pages. Ctrl-C saves the run, and
    --resume continues from there. Started by torchrun, several processes share the work.
    """
    from mdocr.training.parser import parser_run, train_parser

    run = parser_run(run_values("parser", config, changes or [], corrections or []))
    _train(lambda processes: train_parser(run, processes, resume), device)


@app.command(
    cls=Command, epilog=examples("mdocr train mine samples.jsonl -o hard.jsonl --answers 4")
)
def mine(
    manifest: Annotated[
        Path,
        typer.Argument(
            metavar="MANIFEST", help="The samples: a JSON object a line (docs/training.md)."
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="MANIFEST", help="The manifest to write.")
    ],
    model: PageModel = "mineru-diffusion",
    answers: Annotated[
        int, typer.Option(help="Times that each sample is read (T).")
    ] = MINING.answers,
    keep_below: Annotated[
        float, typer.Option(help="Samples of a lower consistency are kept (tau).")
    ] = MINING.keep_below,
    extra_weight: Annotated[
        float, typer.Option(help="Their weight: 1 + this x (1 - consistency) (beta).")
    ] = MINING.extra_weight,
    temperature: Annotated[float, typer.Option(help="Sampling temperature.")] = MINING.temperature,
    device: Device = "auto",
    threshold: Annotated[
        float,
        typer.Option(
            metavar="P",
            help="Commit a token as soon as its probability is above P.",
            rich_help_panel=MORE,
        ),
    ] = MINING.threshold,
    block_length: Annotated[
        int, typer.Option(help="Tokens of a block.", rich_help_panel=MORE)
    ] = 32,
    max_tokens: Annotated[
        int, typer.Option(help="Most tokens of an answer.", rich_help_panel=MORE)
    ] = 2048,
    seed: Annotated[
        int, typer.Option(help="The same seed samples the same answers.", rich_help_panel=MORE)
    ] = MINING.seed,
    batch_size: Annotated[
        int, typer.Option(help="Concurrent sequences.", rich_help_panel=MORE)
    ] = MINING.batch_size,
) -> None:
    """Find hard samples for stage II: those that the model reads differently each time.

    Writes them as a manifest with their consistency and weight; prints, for each task, how many
    were read and kept, and their mean consistency.
    """
    from mdocr.training.mineru_diffusion.mining import mine_manifest, summary

    options = MiningOptions(
        answers, keep_below, extra_weight, temperature, threshold, seed, batch_size
    )
    lengths = block_length, max_tokens
    with _shown_log(True):
        found = mine_manifest(manifest, output, (model, device), options, lengths)
    typer.echo("task\tsamples\tkept\tconsistency")
    for task, count, kept, mean in summary(found):
        typer.echo(f"{task}\t{count}\t{kept}\t{mean:.3f}")


@app.command(
    cls=Command,
    epilog=examples("mdocr train average first.safetensors second.safetensors -o mean.safetensors"),
)
def average(
    models: Annotated[
        list[str],
        typer.Argument(metavar="MODEL", help="Word models or line readers: names or paths."),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            metavar="PATH",
            help="What to write: FILE.safetensors for word models, a folder for page models.",
        ),
    ],
) -> None:
    """Write the mean of models' weights, of which one was trained from another.

    It often reads better than any of them. Prints the path.
    """
    from mdocr.training.averaging import average_models

    average_models(models, output)
    typer.echo(output)


def _train(train: Callable[["Processes"], Path], device: str) -> None:
    """Runs a training in this process and its peers; Ctrl-C ends it with exit code 130."""
    from mdocr.training.loop import TrainingInterrupted
    from mdocr.training.processes import join_processes, leave_processes

    processes = join_processes(device)
    try:
        with _shown_log(processes.first):
            model = train(processes)
    except TrainingInterrupted as stop:
        if processes.first:
            note(f"{stop.message}\nContinue with the same command and --resume.")
        raise typer.Exit(stop.exit_code) from None
    finally:
        leave_processes()
    if processes.first:
        typer.echo(model)


@app.command(cls=Command, epilog=examples("mdocr train pack crops/ -o crops.lmdb"))
def pack(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="A folder with labels.tsv: path, tab, text on each line."
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="LMDB", help="The LMDB to make.")
    ],
) -> None:
    """Pack a labelled folder into an LMDB, which trains faster; prints its path."""
    packed = pack_folder(folder, output)
    note(f"packed {packed.count} pictures")
    typer.echo(output)
    if packed.failures:
        failed = len(packed.failures)
        raise PartialFailureError(
            f"{failed} of {failed + packed.count} pictures cannot be read and were left out:",
            "\n".join(failure.message for failure in packed.failures),
        )


@app.command(cls=Command, epilog=examples("mdocr train lines papers/ -o lines"))
def lines(
    documents: Annotated[
        list[str],
        typer.Argument(metavar="PDF", help="PDFs with text, or folders of them."),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Where to write.")],
    model: PageModel = "lite",
    dpi: Annotated[int, typer.Option(min=72, max=600, help="Resolution of the pages.")] = 150,
    force: Annotated[bool, typer.Option("--force", help="Replace the lines there.")] = False,
) -> None:
    """Cut PDFs into labelled lines to train on: those that show what the file says they do.

    Writes pictures, labels.tsv (path, tab, text) and sheet.png to look at. Train on them with:
    mdocr train parser --corrections DIR
    """
    from mdocr.training.pdf_lines import write_pdf_lines

    with _shown_log(True):
        done = write_pdf_lines(documents, output, model, dpi, force=force)
    note(f"wrote {done.count} lines to {output}")
    if done.failures:
        raise PartialFailureError(
            f"{len(done.failures)} of the documents gave no lines:", "\n".join(done.failures)
        )


@contextlib.contextmanager
def _shown_log(shown: bool) -> Iterator[None]:
    """Shows the log of the training with the time of day, unless quiet was asked for."""
    logger = logging.getLogger("mdocr.training")
    handler = StderrHandler("%(asctime)s  %(message)s", "%H:%M:%S")
    level = logging.INFO if shown and not verbosity.quiet else logging.ERROR
    before = logger.level, logger.propagate
    logger.setLevel(logging.DEBUG if verbosity.verbose else level)
    logger.propagate = False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]
