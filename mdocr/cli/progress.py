"""Progress on stderr: a bar, a line a minute, or JSON for programs."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mdocr.batch.display import Display
from mdocr.cli import console
from mdocr.errors import UsageError

if TYPE_CHECKING:
    from mdocr.cli.watch import Watcher

PROGRESS_FORMS = ("auto", "jsonl", "none")
"""A bar on a terminal and a line a minute elsewhere; an object a line; nothing but messages."""

PAUSE = 60.0
"""Seconds between two lines where there is no terminal."""


@contextlib.contextmanager
def progress(form: str, to_file: bool = False) -> Iterator[Display]:
    """The progress of documents.

    Args:
        form: a name of ``PROGRESS_FORMS``.
        to_file: results go to files, not to stdout.

    Raises:
        UsageError: there is no such form.
    """
    if form not in PROGRESS_FORMS:
        choices = ", ".join(PROGRESS_FORMS)
        raise UsageError(f"unknown progress {form!r}", f"Choose one of: {choices}")
    if form == "jsonl":
        yield Pace(console.say_json).display(console.say)
    elif form == "none" or console.verbosity.quiet:
        yield Display(say=console.say)
    elif to_file and not sys.stderr.isatty():
        yield Pace(_Calm().show).display(console.say)
    else:
        with progress_bar("pages", to_file) as display:
            yield display


def watcher_of(shows: bool, record: Path | None, *, force: bool) -> "Watcher | None":
    """What shows and records the denoising; None if neither is asked for.

    Arguments are those of ``Watcher``.
    """
    if not shows and record is None:
        return None
    from mdocr.cli.watch import Watcher  # with rich: not at start-up

    return Watcher(shows, record, force=force)


class Pace:
    """Counts what is done, and estimates the rest from the documents that have ended.

    Args:
        show: takes a record after each page and document.
    """

    def __init__(self, show: Callable[[dict[str, Any]], None]) -> None:
        self._show = show
        self._began = time.monotonic()
        self._documents = self._ended = self._pages = self._failures = 0

    def display(self, say: Callable[[str], None]) -> Display:
        """Itself, as a run takes it."""
        return Display(advance=self._advance, say=say, plan=self._plan, end=self._end)

    def _plan(self, documents: int) -> None:
        self._documents += documents

    def _advance(self) -> None:
        self._pages += 1
        self._show({"event": "page", **self._counts()})

    def _end(self, record: Mapping[str, Any]) -> None:
        self._ended += 1
        self._failures += len(record["failures"])
        named = {key: record[key] for key in ("path", "state")}
        self._show({"event": "document", **named, **self._counts()})

    def _counts(self) -> dict[str, Any]:
        seconds = time.monotonic() - self._began
        left = self._documents - self._ended
        return {
            "documents": self._ended,
            "of": self._documents,
            "pages": self._pages,
            "failures": self._failures,
            "pages_per_minute": round(60 * self._pages / seconds, 1) if seconds else 0.0,
            "seconds_left": round(seconds / self._ended * left) if self._ended else None,
        }


class _Calm:
    """A line now and then, for logs."""

    def __init__(self) -> None:
        self._shown = time.monotonic()

    def show(self, record: Mapping[str, Any]) -> None:
        if time.monotonic() - self._shown < PAUSE:
            return
        self._shown = time.monotonic()
        left = record["seconds_left"]
        rest = "" if left is None else f", about {left // 60} min left"
        console.say(
            f"{record['documents']} of {record['of']} documents, {record['pages']} pages, "
            f"{record['pages_per_minute']:g} a minute, {record['failures']} failures{rest}"
        )


@contextlib.contextmanager
def progress_bar(label: str, to_file: bool) -> Iterator[Display]:
    """A bar on stderr, where that is a terminal on which no results appear.

    Args:
        label: what is counted.
        to_file: results go to a file, not to stdout.
    """
    on_terminal = sys.stderr.isatty() and (to_file or not sys.stdout.isatty())
    if console.verbosity.quiet or not on_terminal:
        yield Display(say=console.say)
        return
    from rich import progress as bars
    from rich.text import Text

    class Rate(bars.ProgressColumn):
        def render(self, task: bars.Task) -> Text:
            return Text(f"{60 * task.speed:.0f} a minute" if task.speed else "")

    columns = (
        bars.TextColumn(label),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        Rate(),
        bars.TimeRemainingColumn(),
        bars.TextColumn("left"),
    )
    with bars.Progress(
        *columns, console=console.console(), transient=True, redirect_stdout=False
    ) as bar:
        task = bar.add_task("", total=0)

        def expect(steps: int) -> None:
            bar.update(task, total=(bar.tasks[0].total or 0) + steps)

        def say(message: str) -> None:
            console.say(message, bar.console)

        yield Display(expect, lambda: bar.advance(task), say)
