"""Runaway texts: a model that has lost its way writes the same few tokens until the end."""

from dataclasses import replace

from mdocr.decoding.requests import Generation

LONGEST_PERIOD = 40
"""Tokens of what is repeated."""

LEAST_REPEATS = 10
LEAST_TOKENS = 60
"""A run of both so many repeats and so many tokens is no text: dot leaders and empty table cells
are shorter."""


def without_runaway(made: Generation) -> tuple[Generation, bool]:
    """The text with a repetition at its end cut back to a single time.

    Returns:
        The text, whose ``text`` has to be spelled anew if it was cut, and whether it was.
    """
    keep = _kept(made.tokens)
    if keep == len(made.tokens):
        return made, False
    return replace(
        made,
        tokens=made.tokens[:keep],
        steps=made.steps[:keep],
        confidences=made.confidences[:keep],
    ), True


def _kept(tokens: tuple[int, ...]) -> int:
    """How many tokens are left when the repetition at the end is cut back."""
    for period in range(1, min(LONGEST_PERIOD, len(tokens) // LEAST_REPEATS) + 1):
        start = _start_of_run(tokens, period)
        length = len(tokens) - start
        if length >= max(LEAST_TOKENS, LEAST_REPEATS * period):
            return start + period
    return len(tokens)


def _start_of_run(tokens: tuple[int, ...], period: int) -> int:
    """Where the run of tokens begins that equal the one ``period`` places before or after."""
    place = len(tokens) - period
    while place > 0 and tokens[place - 1] == tokens[place - 1 + period]:
        place -= 1
    return place
