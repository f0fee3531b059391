"""Characters find their lines, a few at a time."""

import tracemalloc

import numpy as np

from mdocr.parsing.line_reader import nearest
from mdocr.parsing.line_reader.nearest import nearest_lines


def test_each_character_is_in_the_nearest_line(monkeypatch) -> None:
    lines = np.array([[0, 0, 100, 10], [0, 12, 100, 22], [200, 0, 300, 10]], float)
    middles = np.array([(50, 5), (50, 11.9), (101, 6), (150, 5), (250, -1), (99, 17)], float)
    expected = [0, 1, 0, -1, 2, 1]
    slack = np.full(6, 3.0)
    assert nearest_lines(middles, slack, lines).tolist() == expected
    monkeypatch.setattr(nearest, "AT_ONCE", 4)  # one character at a time
    assert nearest_lines(middles, slack, lines).tolist() == expected
    assert nearest_lines(middles[:0], slack[:0], lines).tolist() == []


def test_a_long_table_takes_little_memory() -> None:
    lines = np.array([(90 * (n % 8), 14 * (n // 8), 80, 10) for n in range(4000)], float)
    lines[:, 2:] += lines[:, :2]
    middles = np.repeat((lines[:, :2] + lines[:, 2:]) / 2, 6, axis=0)
    tracemalloc.start()
    found = nearest_lines(middles, np.full(len(middles), 3.0), lines)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.tolist() == np.repeat(np.arange(4000), 6).tolist()
    assert peak < 200 << 20
