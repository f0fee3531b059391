"""Stand-ins for what a server's worker does: see ``worker_readers``; a word is its file's text."""

from dataclasses import dataclass
from pathlib import Path

from worker_readers import StandIn, StandInMaker

from mdocr.batch.workers.messages import Assignment, Found, FoundWord
from mdocr.document.words import Word
from mdocr.errors import InputError
from mdocr.serve.reader import WordAssignment


@dataclass(frozen=True)
class ServedStandInMaker(StandInMaker):
    def __call__(self) -> "ServedStandIn":
        return ServedStandIn(self)


class ServedStandIn(StandIn):
    def find(self, assignment: Assignment) -> Found | FoundWord:
        if not isinstance(assignment, WordAssignment):
            return super().find(assignment)
        text = Path(assignment.path).read_text(errors="replace")
        if text == "refuse":
            raise InputError(f"{assignment.path} is no picture", "Send one.")
        return FoundWord(Word(assignment.path, text, 1.0, (), "stand-in", "parallel", 1))
