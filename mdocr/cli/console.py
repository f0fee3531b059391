"""Messages for people, all on stderr: notes, errors, log records, download bars."""

import contextlib
import errno
import json
import logging
import os
import sys
import traceback
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mdocr.errors import (
    DeviceError,
    MdocrError,
    MissingPackageError,
    OutOfMemoryError,
    UsageError,
)

if TYPE_CHECKING:
    from rich.console import Console

NAMED = 3
"""Files of a result that are named; of more, their number and folder."""


@dataclass
class Verbosity:
    """How much is said, and how; set once, from the options.

    Attributes:
        verbose: debug messages and tracebacks too.
        quiet: errors only.
        json: to a program, an object a line.
    """

    verbose: bool = False
    quiet: bool = False
    json: bool = False


verbosity = Verbosity()


class StderrHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes where stderr leads when a record comes, not where it led at the start.

    Args:
        form: of a line, as ``logging.Formatter`` takes it.
        time: of the time of day in it.
    """

    def __init__(self, form: str, time: str | None = None) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter(form, time))

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one record."""
        self.stream = sys.stderr
        super().emit(record)

    def format(self, record: logging.LogRecord) -> str:
        """The line, without what a terminal would obey."""
        line = super().format(record)
        return json.dumps({"message": line}) if verbosity.json else _printable(line)


def configure(verbose: bool = False, quiet: bool = False) -> None:
    """Sets how much is said, and sends the library's log to stderr."""
    verbosity.verbose, verbosity.quiet = verbose, quiet
    logger = logging.getLogger("mdocr")
    logger.setLevel(logging.DEBUG if verbose else logging.ERROR if quiet else logging.WARNING)
    if not verbose:  # of damaged pictures we tell ourselves
        warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
    if not any(isinstance(handler, StderrHandler) for handler in logger.handlers):
        logger.addHandler(StderrHandler("%(levelname)s: %(message)s"))


def console() -> "Console":
    """A console on stderr: colours only on a terminal, and text printed as it is."""
    from rich.console import Console

    return Console(stderr=True, markup=False, highlight=False, emoji=False, soft_wrap=True)


def note(message: str) -> None:
    """Tells people something, unless they asked for quiet."""
    if not verbosity.quiet:
        say(message)


def note_written(files: Sequence[Path | str]) -> None:
    """Tells people where the results are: the files, or the folders of many."""
    if len(files) > NAMED:
        folders = dict.fromkeys(os.path.split(file)[0] for file in files)
        note(f"wrote {len(files)} files to {', '.join(folders)}")
    elif files:
        note(f"wrote {', '.join(map(str, files))}")


def say(message: str, place: "Console | None" = None) -> None:
    """Tells people something, whether they asked for quiet or not.

    Args:
        message: what; file names in it may hold anything.
        place: the console of a bar, where one is shown.
    """
    if verbosity.json:
        say_json({"message": message})
    else:
        (place or console()).print(_printable(message))


def say_json(record: Mapping[str, Any]) -> None:
    """Tells a program something."""
    print(json.dumps(record), file=sys.stderr, flush=True)


def report_error(error: BaseException) -> int:
    """Says on stderr what went wrong and what to do next.

    Returns:
        The exit code.
    """
    known = _as_known(error)
    if verbosity.verbose:
        say("".join(traceback.format_exception(error)).rstrip("\n"))
    _say_error(*_summary(error, known))
    return known.exit_code if known else 1


def _say_error(message: str, hint: str) -> None:
    if verbosity.json:
        say_json({"error": message, "hint": hint})
        return
    from rich.text import Text

    console().print(Text.assemble(("Error: ", "bold red"), _printable(message)))
    if hint:
        say(hint)


@contextlib.contextmanager
def transfer_bar(label: str, done: int, total: int) -> Iterator[Callable[[int], None]]:
    """Shows a download: a bar on a terminal, one line elsewhere, nothing if quiet was asked for."""
    if verbosity.quiet or not sys.stderr.isatty():
        note(f"downloading {label} ({total / 1e6:.1f} MB)")
        yield lambda count: None
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console()) as progress:
        short = "/".join(label.split("/")[-2:])  # a line has room for so much
        task = progress.add_task(short, total=total, completed=done)
        yield lambda count: progress.advance(task, count)


def _as_known(error: BaseException) -> MdocrError | None:
    """The error as one of ours, where it is one or means one."""
    if isinstance(error, MdocrError):
        return error
    from mdocr.engines.memory import is_memory_error

    if is_memory_error(error):
        return OutOfMemoryError(
            "there is not enough memory for this", "Try a smaller --batch-size, or --device cpu."
        )
    package = (getattr(error, "name", None) or "").partition(".")[0]
    if isinstance(error, ModuleNotFoundError) and package not in ("", "mdocr"):
        return MissingPackageError(
            f"this needs the package {package!r}, which is not installed",
            "Install it, or mdocr again, with pip.",
        )
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE, errno.EAGAIN):
        return DeviceError(
            f"the system gives no more files or processes: {error.strerror}",
            "Raise what it gives (ulimit -n, ulimit -u), or use fewer --workers.",
        )
    if isinstance(error, OSError) and (error.filename or error.errno == errno.ENOSPC):
        place = error.filename2 or error.filename or "the output"
        return UsageError(
            f"cannot use {place!r}: {error.strerror}",
            "Give a place that you may write to, with room for the files.",
        )
    return None


def _summary(error: BaseException, known: MdocrError | None) -> tuple[str, str]:
    if known:
        return known.message, known.hint
    first = (str(error).strip().splitlines() or [""])[0]
    hint = "" if verbosity.verbose else "Run again with --verbose to see the traceback."
    return f"{type(error).__name__}: {first}" if first else type(error).__name__, hint


def _printable(text: str) -> str:
    """Control characters, as a file name may hold them, become escapes: a terminal obeys them."""
    return "".join(c if _is_shown(c) else c.encode("unicode_escape").decode() for c in text)


def _is_shown(character: str) -> bool:
    is_blank = character in "\n\t" or unicodedata.category(character) == "Zs"
    return is_blank or character.isprintable()
