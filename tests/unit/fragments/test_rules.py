"""Ruled lines: thin ones, and two thin ones that are one."""

import numpy as np
import pytest

from mdocr.fragments.rules import find_rules

SIZE = 14.0


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ([10, 11], 1),
        ([10, 11, 12, 15, 16, 17], 1),  # a double rule
        ([10, 11, 30, 31], 2),
        ([*range(10, 19)], 0),  # a bar
    ],
)
@pytest.mark.parametrize("upright", [False, True])
def test_rules_are_thin_or_double(rows: list[int], count: int, upright: bool):
    ink = np.zeros((60, 900), np.uint8)
    ink[rows, 20:880] = 1
    rules, rest = find_rules(ink.T.copy() if upright else ink, SIZE)
    found = rules.upright if upright else rules.level
    assert len(found) == count
    assert (rest.mean() > 0.1) == (count == 0)
