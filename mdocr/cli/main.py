"""The entry: global options, the table of subcommands, and the one place where errors are shown."""

import os
import signal
import sys
import threading
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import mdocr
from mdocr.cli import console, standard_streams

COMMANDS = {
    "read": ("mdocr.cli.read", "Read PDFs, pictures of pages and pictures of words."),
    "parse": ("mdocr.cli.parse", "Read PDFs and pictures of pages."),
    "recognize": ("mdocr.cli.recognize", "Read pictures of single words."),
    "serve": ("mdocr.cli.serve", "Answer HTTP requests: documents and words, read by workers."),
    "models": ("mdocr.cli.models", "List, download, verify and remove weights."),
    "info": ("mdocr.cli.info", "Show versions, devices, threads, cache and installed models."),
    "synth": ("mdocr.cli.synth", "Make training data: pictures with known text."),
    "train": ("mdocr.cli.train", "Train models, on synthetic data or your own."),
    "eval": ("mdocr.cli.eval", "Measure how well models read."),
    "export": ("mdocr.cli.export", "Write a model as ONNX files."),
    "bench": ("mdocr.cli.bench", "Measure latency and throughput on this machine."),
}
"""Name → module, whose ``app`` it is, and a line of help; a module is imported when its command
runs, so that the help of the program is there at once."""

SHORTHANDS = {"help": "Show the help of the program, or of a command.", "version": "Show it."}
"""``mdocr help parse`` is ``mdocr parse --help``, ``mdocr version`` is ``mdocr --version``."""

HANGUP = getattr(signal, "SIGHUP", None)
"""What a terminal sends that is closed; not on Windows."""

interrupted = threading.Event()
"""Set by Ctrl-C, and by who ends the program from outside."""

GLOBAL_FLAGS = frozenset({"--verbose", "-v", "--quiet", "-q"})


class RootGroup(TyperGroup):
    """The root command: loads commands when they run, and turns errors into exit codes."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of all commands."""
        return list(dict.fromkeys([*COMMANDS, *super().list_commands(ctx)]))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name, or None; its module is imported now."""
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            module, _ = COMMANDS[cmd_name]
            self.add_command(typer.main.get_command(import_module(module).app), cmd_name)
        return super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command to run; a path in its place means ``read``."""
        name = args[0]
        if name not in self.list_commands(ctx):
            if not is_path(name):
                ctx.fail(f"No such command or file {name!r}.{_suggestion(name)}")
            args = ["read", *args]
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Writes the table of commands without importing them."""
        lines = {name: line for name, (_, line) in COMMANDS.items()}
        with formatter.section("Commands"):
            formatter.write_dl(list({**lines, **SHORTHANDS}.items()))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Reads the arguments, flags for the whole program first."""
        words = [each for each in args if each not in GLOBAL_FLAGS]
        if len(words) > 1 and words[0] == "version":
            ctx.fail(f"Got unexpected extra argument ({' '.join(words[1:])})")
        return super().parse_args(ctx, spelled_out(flags_first(args)))

    def invoke(self, ctx: Any) -> Any:
        """Runs the subcommand; flushes stdout before reporting success."""
        try:
            result = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()
            return result
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except BrokenPipeError:
            # The reader, such as `head`, has seen enough. Python flushes stdout once more at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the program; Typer itself reports wrong usage and leaves the rest to us."""
        console.verbosity.verbose = console.verbosity.quiet = console.verbosity.json = False
        try:
            return super().main(*args, **kwargs)
        except Exception as error:
            if interrupted.is_set():  # within an import, say, which makes it an ImportError
                sys.exit(130)
            sys.exit(console.report_error(error))


app = typer.Typer(
    name="mdocr",
    cls=RootGroup,
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help is there in half the time
    pretty_exceptions_enable=False,
    subcommand_metavar="COMMAND|FILE [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"mdocr {mdocr.__version__}")
        raise typer.Exit


@app.callback()
def options(
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show debug messages and tracebacks.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show errors only.")] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Turn pictures of text into text, by diffusion decoding.

    mdocr FILE reads a PDF, a page or a word; it is short for mdocr read FILE.
    """
    console.configure(verbose, quiet)
    from mdocr.weights import transfer  # not at start-up

    transfer.show_transfer.set(console.transfer_bar)


def flags_first(arguments: Sequence[str]) -> list[str]:
    """Moves the global flags to the front, so that they may stand behind the subcommand too."""
    end = list(arguments).index("--") if "--" in arguments else len(arguments)
    before = arguments[:end]
    flags = [argument for argument in before if argument in GLOBAL_FLAGS]
    others = [argument for argument in before if argument not in GLOBAL_FLAGS]
    return [*flags, *others, *arguments[end:]]


def spelled_out(arguments: Sequence[str]) -> list[str]:
    """``help COMMAND`` and ``version`` as the options that they stand for."""
    position = next((n for n, each in enumerate(arguments) if each not in GLOBAL_FLAGS), None)
    word = "" if position is None else arguments[position]
    if word not in SHORTHANDS:
        return list(arguments)
    others = [*arguments[:position], *arguments[(position or 0) + 1 :]]
    return [*others, "--help"] if word == "help" else ["--version"]


def is_path(name: str) -> bool:
    """Whether something in the place of a command is meant as a file to read."""
    looks_like_one = bool(Path(name).suffix) or any(sign in name for sign in "/\\*?[")
    return name == "-" or looks_like_one or Path(name).exists()


def _suggestion(name: str) -> str:
    close = get_close_matches(name, [*COMMANDS, *SHORTHANDS])
    return f" Did you mean {', '.join(map(repr, close))}?" if close else ""


class Interrupted(KeyboardInterrupt):
    """An interrupt that Python does not take for its own.

    Where KeyboardInterrupt itself leaves code that is run from a string (a dataclass being made,
    say), CPython notes it, and ``python -m`` then dies by SIGINT in the place of its exit code.
    """


def _interrupt(number: int, frame: FrameType | None) -> None:
    interrupted.set()
    raise Interrupted


def run() -> None:
    """Entry of the ``mdocr`` program; to be ended is to be interrupted: nothing is left behind."""
    standard_streams.settle()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    if HANGUP is not None and signal.getsignal(HANGUP) != signal.SIG_IGN:  # as nohup makes it
        signal.signal(HANGUP, _interrupt)
    # Threads of OpenMP that wait by spinning take the cores from other processes.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    app(prog_name="mdocr")
