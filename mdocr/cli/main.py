"""The entry: global options, the table of subcommands, and the one place where errors are shown."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from types import FrameType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import mdocr
from mdocr.cli import console

COMMANDS = {
    "read": "mdocr.cli.read:read",
    "parse": "mdocr.cli.parse:parse",
    "recognize": "mdocr.cli.recognize:recognize",
    "models": "mdocr.cli.models:app",
    "info": "mdocr.cli.info:info",
    "synth": "mdocr.cli.synth:app",
    "train": "mdocr.cli.train:app",
    "eval": "mdocr.cli.eval:app",
    "export": "mdocr.cli.export:export",
    "bench": "mdocr.cli.bench:app",
}
"""Name → module and the function, or the group of commands, in it; in the order of the help."""

interrupted = threading.Event()
"""Set by Ctrl-C, and by who ends the program from outside."""

GLOBAL_FLAGS = frozenset({"--verbose", "-v", "--quiet", "-q"})


class RootGroup(TyperGroup):
    """The root command: takes its flags anywhere on the line, and turns errors into exit codes."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Reads the arguments, flags for the whole program first."""
        return super().parse_args(ctx, flags_first(args))

    def invoke(self, ctx: Any) -> Any:
        """Runs the subcommand; what it printed is out before the end is called good."""
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
        console.verbosity.verbose = console.verbosity.quiet = False
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
    """Turn pictures of text into text, by diffusion decoding."""
    console.configure(verbose, quiet)
    from mdocr.weights import hub

    hub.show_transfer.set(console.transfer_bar)


def flags_first(arguments: Sequence[str]) -> list[str]:
    """Moves the global flags to the front, so that they may stand behind the subcommand too."""
    end = list(arguments).index("--") if "--" in arguments else len(arguments)
    before = arguments[:end]
    flags = [argument for argument in before if argument in GLOBAL_FLAGS]
    others = [argument for argument in before if argument not in GLOBAL_FLAGS]
    return [*flags, *others, *arguments[end:]]


def _register() -> None:
    for name, target in COMMANDS.items():
        module, attribute = target.split(":")
        command: typer.Typer | Callable[..., Any] = getattr(import_module(module), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)


_register()


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
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    app(prog_name="mdocr")
