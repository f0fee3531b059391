"""How a run reports to whoever shows it."""

from collections.abc import Callable
from dataclasses import dataclass


def _silent(message: str) -> None:
    pass


@dataclass(frozen=True)
class Display:
    """How the work is shown; by default not at all.

    Attributes:
        expect: takes a number of steps that are added to those to do.
        advance: one step is done.
        say: shows a message for people.
    """

    expect: Callable[[int], None] = lambda steps: None
    advance: Callable[[], None] = lambda: None
    say: Callable[[str], None] = _silent
