"""Stand-ins for what a server's worker does: see ``worker_readers``; a word is its file's text.

``count`` is read as how many words are read together.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from worker_readers import StandIn, StandInMaker, befall

from mdocr.batch.workers.messages import Assignment, Found, FoundWords
from mdocr.document.words import Word
from mdocr.errors import InputError
from mdocr.serve.reader import WordAssignment


@dataclass(frozen=True)
class ServedStandInMaker(StandInMaker):
    def __call__(self) -> "ServedStandIn":
        return ServedStandIn(self)


class ServedStandIn(StandIn):
    def find(self, assignment: Assignment) -> Found | FoundWords:
        if not isinstance(assignment, WordAssignment):
            return super().find(assignment)
        time.sleep(self.maker.seconds)
        words = (word_of(Path(one.path), len(assignment.all)) for one in assignment.all)
        numbers = [one.number for one in assignment.all]
        return FoundWords(tuple(zip(numbers, words, strict=True)))


def word_of(path: Path, together: int) -> Word | InputError:
    text = path.read_text(errors="replace")
    befall(text, path)
    if text == "refuse":
        return InputError(f"{path} is no picture", "Send one.")
    text = str(together) if text == "count" else text
    return Word(str(path), text, 1.0, (), "stand-in", "parallel", 1)
