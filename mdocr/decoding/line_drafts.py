"""What the CTC head of a line reader reads of a line, as a draft for block diffusion.

A character stands at its own place in the text, so it may be committed only if those before it are
counted. Behind one doubtful character they mostly are: it stands for one of its kind. Behind a
second one, or where a character may be hidden between two others, all is left to the decoder.

Of 868 lines of six pages, the drafts that settle a line differ from what block diffusion reads in
.02 % of the characters (.8 % if hidden ones are not looked for), and of the others in .4 %.

Shapes: P CTC frames, V characters and the blank, whose class is 0.
"""

from mdocr.decoding.ctc import BLANK, CharacterFrames, Floats, greedy
from mdocr.decoding.requests import TokenDraft

HIDDEN = 0.1
"""Probability, at most, that frames between two characters hold another one."""

DOUBTS = 1
"""Doubtful characters, at most, behind which others are drafted."""


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
    before = CharacterFrames(BLANK, -1, -1, 1.0)
    doubts = 0
    for run in [*greedy(probabilities), CharacterFrames(BLANK, len(probabilities), 0, 1.0)]:
        doubts += run.peak < bar
        if doubts > DOUBTS or _hidden(probabilities, before, run) > HIDDEN:
            break
        tokens.append(run.token or stop_id)
        confidences.append(run.peak)
        before = run
    return TokenDraft(tuple(tokens), tuple(confidences))


def _hidden(probabilities: Floats, before: CharacterFrames, after: CharacterFrames) -> float:
    """Highest probability of a third character in a frame between two."""
    between = probabilities[before.last + 1 : after.first]
    known = sorted({BLANK, before.token, after.token})
    return float((1 - between[:, known].sum(-1)).max(initial=0))
