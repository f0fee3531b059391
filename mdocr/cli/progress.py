"""A progress bar on stderr."""

import contextlib
import sys
from collections.abc import Iterator

from mdocr.batch.display import Display
from mdocr.cli import console


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

    columns = (
        bars.TextColumn(label),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeRemainingColumn(),
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
