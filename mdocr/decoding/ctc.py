"""How well a text fits the frames of a CTC head: its best alignment against the best of all.

A wildcard stands for a character that the model does not know, and fits any. A character that is
optional may be missing in the picture at no cost. Spaces are optional, and the picture may show
them anywhere: files write them where the eye sees none, and the other way round.

Shapes: B texts, T frames of the longest, S states, V classes, of which 0 is the blank.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

BLANK, WILDCARD = 0, -1
IMPOSSIBLE = np.float32(-1e9)


@dataclass(frozen=True)
class Claim:
    """A text that a picture is said to show.

    Attributes:
        classes: of its characters; ``WILDCARD`` for one that the model does not know.
        optional: whether each may be missing.
        space: the class of the space, which may be shown anywhere; 0 for none.
    """

    classes: tuple[int, ...]
    optional: tuple[bool, ...]
    space: int = 0


def log_softmax(logits: Floats) -> Floats:
    """Log-probabilities over the last axis."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    normal: Floats = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return normal


def shortfalls(frames: Sequence[Floats], claims: Sequence[Claim]) -> Floats:
    """By how much the best alignment of each text is less likely than the best of all texts.

    Args:
        frames: log-probabilities, [T', V] each.
        claims: one text each.

    Returns:
        [B], in nats; 0 where a text is what the model itself reads.
    """
    if not frames:
        return np.zeros(0, np.float32)
    best = np.array([each.max(axis=-1).sum() for each in frames], np.float32)
    found: Floats = np.maximum(best - _alignments(frames, claims), 0)
    return found


@dataclass(frozen=True)
class CharacterFrames:
    """Frames in which a character is the likeliest class.

    Attributes:
        token: its class.
        first: number of the first of them.
        peak: its value in its surest frame.
    """

    token: int
    first: int
    peak: float


def greedy(frames: Floats) -> list[CharacterFrames]:
    """The model's own reading: the likeliest class of every frame, without repeats and blanks.

    Args:
        frames: [T, V], probabilities, their logarithms, or logits.
    """
    classes = frames.argmax(-1)
    edges = np.flatnonzero(np.diff(classes, prepend=-1, append=-1))
    peaks = np.maximum.reduceat(frames.max(-1), edges[:-1]) if len(frames) else frames[:, 0]
    firsts = edges[:-1]
    runs = zip(classes[firsts].tolist(), firsts.tolist(), peaks.tolist(), strict=True)
    return [CharacterFrames(*run) for run in runs if run[0] != BLANK]


def _alignments(frames: Sequence[Floats], claims: Sequence[Claim]) -> Floats:
    """Log-probability [B] of the best alignment of each text, by Viterbi's algorithm."""
    steps = max(len(each) for each in frames)
    emissions = np.full((steps, len(frames), _states(claims)), IMPOSSIBLE, np.float32)
    for row, (each, claim) in enumerate(zip(frames, claims, strict=True)):
        emissions[: len(each), row, : 2 * len(claim.classes) + 1] = _emissions(each, claim)
    by_two, by_four, first, last = _transitions(claims)
    scores = np.where(first, emissions[0], IMPOSSIBLE)
    ends = np.array([len(each) for each in frames])
    found = np.full(len(frames), IMPOSSIBLE, np.float32)
    for step in range(steps):
        if step:
            reached = np.maximum(scores, _shifted(scores, 1))
            reached = np.maximum(reached, _shifted(scores, 2) + by_two)
            scores = np.maximum(reached, _shifted(scores, 4) + by_four) + emissions[step]
        done = ends == step + 1
        if done.any():
            found[done] = np.where(last[done], scores[done], IMPOSSIBLE).max(axis=-1)
    return found


def _states(claims: Sequence[Claim]) -> int:
    return 2 * max(len(claim.classes) for claim in claims) + 1


def _emissions(frames: Floats, claim: Claim) -> Floats:
    """Log-probability of each state, the blanks around the characters among them, [T', S']."""
    any_character = frames[:, 1:].max(axis=-1, keepdims=True)
    known = np.concatenate([frames, any_character], axis=-1)  # ``WILDCARD`` is the last
    states = np.zeros(2 * len(claim.classes) + 1, np.int64)
    states[1::2] = claim.classes
    made: Floats = known[:, states]
    made[:, ::2] = np.maximum(frames[:, :1], frames[:, claim.space : claim.space + 1])
    return made


def _transitions(claims: Sequence[Claim]) -> tuple[Floats, Floats, Mask, Mask]:
    """Costs [B, S] of coming from two and four states before, and where to begin and to end."""
    shape = len(claims), _states(claims)
    by_two, by_four = np.full(shape, IMPOSSIBLE), np.full(shape, IMPOSSIBLE)
    first, last = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
    for row, claim in enumerate(claims):
        classes = np.array(claim.classes, np.int64)
        optional = np.array(claim.optional, np.bool_)
        end = 2 * len(classes) + 1
        by_two[row, 3:end:2][(classes[1:] != classes[:-1]) | (classes[1:] == WILDCARD)] = 0
        by_two[row, 2:end:2][optional] = 0  # from the blank before to the blank behind it
        if len(classes) > 2:
            by_four[row, 5:end:2][optional[1:-1] & (classes[2:] != classes[:-2])] = 0
        first[row, :2] = last[row, end - 2 : end] = True
        if len(classes) and optional[0]:
            first[row, :4] = True
        if len(classes) and optional[-1]:
            last[row, max(0, end - 4) : end] = True
    return by_two, by_four, first, last


def _shifted(scores: Floats, by: int) -> Floats:
    moved = np.full_like(scores, IMPOSSIBLE)
    moved[:, by:] = scores[:, :-by] if by < scores.shape[1] else scores[:, :0]
    return moved
