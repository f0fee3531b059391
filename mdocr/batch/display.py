"""How a run reports to whoever shows it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


def _silent(message: str) -> None:
    pass


def _ignored(record: Mapping[str, Any]) -> None:
    pass


def _unseen(read: Any) -> None:
    pass


@dataclass(frozen=True)
class Display:
    """How the work is shown; by default not at all.

    Attributes:
        expect: takes a number of steps that are added to those to do.
        advance: one step is done.
        say: shows a message for people.
        plan: takes the number of documents that will be read.
        end: a document has ended; takes its record, as in the manifest.
        look: takes each page or word that was read.
    """

    expect: Callable[[int], None] = lambda steps: None
    advance: Callable[[], None] = lambda: None
    say: Callable[[str], None] = _silent
    plan: Callable[[int], None] = lambda documents: None
    end: Callable[[Mapping[str, Any]], None] = _ignored
    look: Callable[[Any], None] = _unseen
