"""Where a draft goes on behind a text that differs from it, and where the two agree beside that."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LONGEST, LEAST = 16, 2
"""Tokens that have to be equal: the more, the better; fewer than this say nothing."""

SKIPPED = 8
"""Tokens at the end of the text, at most, that the draft has other ones for."""

REACH, RUN = 8, 3
"""How far a text may be moved against its draft, in tokens; and how many in a row must be equal
there."""


def agreeing(
    block: Sequence[int], draft: Sequence[int], beside: Sequence[int]
) -> NDArray[np.bool_]:
    """Which tokens of a block are those of a draft: in their place, or in a run beside it.

    Args:
        block: L tokens.
        draft: those expected in their places; may be fewer.
        beside: the draft from ``REACH`` tokens before the block on; empty for their places only.
    """
    found = np.zeros(len(block), np.bool_)
    found[: len(draft)] = np.equal(block[: len(draft)], draft[: len(block)])
    for shift in range(len(beside) and 2 * REACH + 1):
        moved = beside[shift : shift + len(block)]
        same = np.equal(block[: len(moved)], moved)
        for start in range(len(moved) - RUN + 1):
            if same[start : start + RUN].all():
                found[start : start + RUN] = True
    return found


def resumption(draft: Sequence[int], near: int, written: Sequence[int]) -> int | None:
    """Index into a draft of the token that is to follow a text; None if they share no end.

    Args:
        draft: tokens of the whole draft.
        near: where the draft would go on if the text were as long as it.
        written: tokens of the text.

    Returns:
        The place behind the longest run of tokens with which the text ends, or ends but for a few;
        of several such places the one that is nearest to ``near``.
    """
    for skipped in range(min(SKIPPED, len(written)) + 1):
        end = len(written) - skipped
        for length in range(min(LONGEST, end), LEAST - 1, -1):
            places = _places(draft, written[end - length : end])
            if places:
                return min((at + skipped for at in places), key=lambda at: abs(at - near))
    return None


def _places(draft: Sequence[int], run: Sequence[int]) -> list[int]:
    """Indices behind each occurrence of a run of tokens."""
    length, run = len(run), tuple(run)
    return [
        at + length
        for at in range(len(draft) - length + 1)
        if draft[at] == run[0] and tuple(draft[at : at + length]) == run
    ]
