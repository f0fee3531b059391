"""What the CTC head of a line reader reads of a line, as a draft for block diffusion.

A character stands at its own place in the text, so it may be committed only if those before it are
counted. Behind one doubtful character they mostly are: it stands for one of its kind. Behind a
second one, or where a character may be hidden between two others, all is left to the decoder.

Of 868 lines of six pages, the drafts that settle a line differ from what block diffusion reads in
.02 % of the characters (.8 % if hidden ones are not looked for), and of the others in .4 %.

Shapes: P CTC frames, V characters and the blank, whose class is 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mdocr.decoding.requests import TokenDraft

Floats = NDArray[np.float32]

BLANK = 0

HIDDEN = 0.1
"""Probability, at most, that frames between two characters hold another one."""

DOUBTS = 1
"""Doubtful characters, at most, behind which others are drafted."""


@dataclass(frozen=True)
class _Run:
    """Frames ``first`` to ``last`` in which a character is the likeliest class.

    Attributes:
        token: its class.
        peak: its probability in its surest frame.
    """

    token: int
    first: int
    last: int
    peak: float


def line_draft(probabilities: Floats, stop_id: int, bar: float) -> TokenDraft:
    """The likeliest class of every frame, repeats and blanks taken out, as far as places are sure.

    Args:
        probabilities: [P, V], of the CTC head; its classes are the ids of the characters.
        stop_id: the token that ends a text.
        bar: probability from which a character is no doubt.

    Returns:
        Tokens that are sure in their place, at most ``DOUBTS`` of them doubtful in kind; the last
        is ``stop_id`` if the places of the whole line are sure.
    """
    tokens: list[int] = []
    confidences: list[float] = []
    before = _Run(BLANK, -1, -1, 1.0)
    doubts = 0
    for run in [*_runs(probabilities), _Run(BLANK, len(probabilities), 0, 1.0)]:
        doubts += run.peak < bar
        if doubts > DOUBTS or _hidden(probabilities, before, run) > HIDDEN:
            break
        tokens.append(run.token or stop_id)
        confidences.append(run.peak)
        before = run
    return TokenDraft(tuple(tokens), tuple(confidences))


def _runs(probabilities: Floats) -> Iterator[_Run]:
    classes = probabilities.argmax(-1)
    edges = np.flatnonzero(np.diff(classes, prepend=-1, append=-1))
    for first, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        token = int(classes[first])
        if token != BLANK:
            peak = float(probabilities[first:end, token].max())
            yield _Run(token, first, end - 1, peak)


def _hidden(probabilities: Floats, before: _Run, after: _Run) -> float:
    """Highest probability of a third character in a frame between two."""
    between = probabilities[before.last + 1 : after.first]
    known = sorted({BLANK, before.token, after.token})
    return float((1 - between[:, known].sum(-1)).max(initial=0))
