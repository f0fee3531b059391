"""The displayed formulas of one page: which are asked for, believed, numbered, and of several rows.

``mdocr.parsing.line_reader.formulas`` has the rules.
"""

from collections.abc import Callable, Iterable, Iterator

from mdocr.layout import Layout
from mdocr.parsing.line_reader.formulas import (
    Displayed,
    Row,
    displayed,
    goes_on,
    is_formula,
    may_be_formula,
    number_of,
)
from mdocr.parsing.texts import Text

ReadLine = Callable[[Row], Text | None]
"""What was read in a line; None as long as it is not all there."""


class Equations:
    """Formulas by their index among the places of the layout.

    Args:
        layout: of the page.
        line: what was read in its lines.

    Attributes:
        places: where formulas may stand.
        read: what was read there, in notation.
        groups: the formulas that are believed, the rows of one together; empty until ``settle``.
    """

    def __init__(self, layout: Layout, line: ReadLine) -> None:
        self.layout = layout
        self.line = line
        self.places: list[Displayed] = displayed(layout)
        self.read: dict[int, Text] = {}
        self.groups: list[list[int]] = []

    def leave_out(self, rows: Iterable[Row]) -> None:
        """Takes lines for no formulas, before any is asked for."""
        known = set(rows)
        self.places = [one for one in self.places if known.isdisjoint(one.rows)]

    def promising(self, row: Row) -> Iterator[int]:
        """The formula that a line is part of, if all its lines are read and look like one."""
        for index, found in enumerate(self.places):
            if row in found.rows:
                lines = [self.line(each) for each in found.rows]
                texts = [line for line in lines if line is not None]
                if len(texts) == len(lines) and may_be_formula(texts):
                    yield index

    def settle(self) -> None:
        """Decides which formulas are believed, and which are rows of one."""
        self.groups = []
        for index, read in sorted(self.read.items()):
            if not is_formula(read):
                continue
            if self.groups and self._goes_on(self.groups[-1], index):
                self.groups[-1].append(index)
            else:
                self.groups.append([index])

    def group_of(self, row: Row) -> int | None:
        """Which group a line is part of."""
        for group, formulas in enumerate(self.groups):
            for formula in formulas:
                found = self.places[formula]
                if row in found.rows or (row in found.label and self.number(formula)):
                    return group
        return None

    def number(self, formula: int) -> str:
        """The number beside a formula, as it was read; empty if there is none."""
        lines = (self.line(row) for row in self.places[formula].label)
        return number_of("".join(line.content for line in lines if line is not None))

    def _goes_on(self, rows: list[int], below: int) -> bool:
        """Whether a formula is one more row of the one above; together they have one number."""
        numbers = [number for number in map(self.number, [*rows, below]) if number]
        above, place = self.places[rows[-1]].place, self.places[below].place
        return len(numbers) <= 1 and goes_on(above, place, self.read[below].content, self.layout)
