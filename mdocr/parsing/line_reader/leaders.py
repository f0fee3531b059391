"""Rows of points that lead the eye, as from a title to its page: in a text layer, and in a picture.

Neither is part of what a line says: a draft has none, and a picture may show them all the same.
"""

import re
from collections.abc import Sequence

import numpy as np

from mdocr.decoding.ctc import BLANK, Floats, greedy
from mdocr.models.charset import Charset

_LEADER = re.compile(r"\.(?:\s?\.){4,}")


def leaders_of(characters: Sequence[str]) -> set[int]:
    """Indices of the points of a layer that are leaders."""
    return set(_points("".join(one if len(one) == 1 else "\ufffc" for one in characters)))


def without_leaders(frames: Floats, charset: Charset) -> Floats:
    """CTC log-probabilities of a line in which leaders may as well be nothing [P, characters + 1].

    A draft without them is then no worse than one with them.
    """
    seen = greedy(frames)
    read = "".join(charset.decode([run.token])[:1] or "\ufffc" for run in seen)
    made: Floats = frames.copy()
    classes = frames.argmax(axis=-1)
    ends = [run.first for run in seen[1:]] + [len(frames)]
    for index in _points(read):
        run = np.arange(seen[index].first, ends[index])
        point = run[classes[run] == seen[index].token]
        made[point, BLANK] = made[point].max(axis=-1)
    return made


def _points(text: str) -> list[int]:
    """Indices of the points of leaders."""
    runs = (range(*match.span()) for match in _LEADER.finditer(text))
    return [index for run in runs for index in run if text[index] == "."]
