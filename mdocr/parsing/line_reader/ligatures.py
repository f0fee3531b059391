"""Letters of ligatures that a text layer has lost: "deined", where the picture shows "defined".

Fonts draw ``fi`` as one glyph, and files often say that it is an i, or nothing.
"""

from collections.abc import Iterator
from dataclasses import replace
from difflib import SequenceMatcher

import numpy as np

from mdocr.decoding.ctc import Floats, greedy
from mdocr.models.charset import Charset
from mdocr.parsing.line_reader.drafts import Draft, text_of_draft

LIGATURES = ("ffi", "ffl", "fi", "fl", "ff")

SURE = float(np.log(0.8))
"""Log-probability from which a letter that the reader sees, and the file lacks, is there."""


def with_ligatures(draft: Draft, frames: Floats, charset: Charset) -> Draft:
    """A draft with the letters of ligatures that the reader sees and the draft lacks.

    Args:
        draft: of a line.
        frames: CTC log-probabilities of its picture, [T, V].
        charset: of the reader.
    """
    runs = greedy(frames)
    read = "".join(charset.decode([run.token]) for run in runs)
    text = text_of_draft(draft)
    if all(read.count(one) <= text.count(one) for one in LIGATURES):
        return draft
    found = list(draft)
    steps = SequenceMatcher(None, text, read, autojunk=False).get_opcodes()
    for kind, place, _, first, last in reversed(steps):
        is_sure = all(run.peak >= SURE for run in runs[first:last])
        if kind == "insert" and is_sure and _is_in_ligature(read, first, last):
            like = draft[min(place, len(draft) - 1)]
            found[place:place] = [replace(like, text=letter) for letter in read[first:last]]
    return tuple(found)


def _is_in_ligature(text: str, first: int, last: int) -> bool:
    """Whether the characters from one place to another are all in one ligature.

    "identi|fi|ed" has what "ident|if|ied" has: the same letters a place beside are meant too.
    """
    moved = [(first, last)]
    if text[first] == text[last : last + 1]:
        moved.append((first + 1, last + 1))
    if first and text[first - 1] == text[last - 1]:
        moved.append((first - 1, last - 1))
    ligatures = list(_ligatures(text))
    return any(one <= start and end <= other for start, end in moved for one, other in ligatures)


def _ligatures(text: str) -> Iterator[tuple[int, int]]:
    """Where ligatures begin and end."""
    for one in LIGATURES:
        start = text.find(one)
        while start >= 0:
            yield start, start + len(one)
            start = text.find(one, start + 1)
