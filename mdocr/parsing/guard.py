"""Runaway texts: a model that has lost its way repeats the same few tokens to the end."""

from collections.abc import Sequence
from dataclasses import replace

from mdocr.decoding.requests import Generation

LONGEST_PERIOD = 40
"""Tokens of a repeated unit, at most."""

LEAST_REPEATS = 10
LEAST_TOKENS = 60
"""A run of at least both is no text: dot leaders and empty table cells are shorter."""

CHARACTERS_PER_TOKEN = 5
"""For texts without tokens, which come from servers."""


def without_runaway(made: Generation) -> tuple[Generation, bool]:
    """The text with a repetition at its end cut back to a single time.

    Returns:
        The text, whether it was cut; if it was and has tokens, ``text`` has to be decoded anew.
    """
    if not made.tokens:
        kept = made.text[: _kept(made.text, CHARACTERS_PER_TOKEN)]
        return replace(made, text=kept), len(kept) < len(made.text)
    keep = _kept(made.tokens)
    if keep == len(made.tokens):
        return made, False
    return replace(
        made,
        tokens=made.tokens[:keep],
        steps=made.steps[:keep],
        confidences=made.confidences[:keep],
        proposed=made.proposed[:keep],
    ), True


def _kept(units: Sequence[object], per_token: int = 1) -> int:
    """How many tokens, or characters, are left when the repetition at the end is cut back."""
    longest = min(LONGEST_PERIOD * per_token, len(units) // LEAST_REPEATS)
    for period in range(1, longest + 1):
        start = _start_of_run(units, period)
        length = len(units) - start
        if length >= max(LEAST_TOKENS * per_token, LEAST_REPEATS * period):
            return start + period
    return len(units)


def _start_of_run(units: Sequence[object], period: int) -> int:
    """Where the run begins of units that equal those ``period`` positions before or after."""
    start = len(units) - period
    while start > 0 and units[start - 1] == units[start - 1 + period]:
        start -= 1
    return start
