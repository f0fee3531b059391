"""How fast workers answer, and so when there will be room for another request."""

import time
from collections.abc import Sequence

FIRST = 1.0
"""Seconds that an answer is taken to need before there was one."""

WEIGHT = 0.1
"""Of the latest answer in the mean."""


class AnswerPace:
    """The mean of the seconds from one answer of all workers to the next, while they are busy.

    Attributes:
        seconds: the mean.
    """

    def __init__(self) -> None:
        self.seconds = FIRST
        self._last = time.monotonic()

    def begin(self) -> None:
        """There is work again."""
        self._last = time.monotonic()

    def tick(self, answers: int = 1) -> None:
        """There are answers."""
        now = time.monotonic()
        weight = 1 - (1 - WEIGHT) ** answers
        self.seconds += weight * ((now - self._last) / answers - self.seconds)
        self._last = now


def answers_until_half(left: Sequence[int]) -> int:
    """How many answers come until half of the requests have all of theirs, since they take turns.

    Args:
        left: answers that each request awaits.
    """
    if not left:
        return 0
    turns = sorted(left)[(len(left) - 1) // 2]
    return sum(min(turns, one) for one in left)
