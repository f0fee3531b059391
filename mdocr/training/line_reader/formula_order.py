"""A formula's symbols in left-to-right order, as CTC targets.

A CTC head reads an image from left to right; the notation lists numerators before denominators. The
horizontal position of each symbol is estimated from the notation alone. Where the lines of a
fraction overlap, swapped neighbours do no harm: what counts is the number of symbols up to a frame.
"""

from mdocr.preprocessing.formula_notation import (
    PREFIXES,
    ROOT,
    SCRIPTS,
    arguments,
)

SMALL = 0.7
"""Relative size of superscripts and subscripts."""

WIDTHS = {
    **dict.fromkeys("mwMWωψ∆ΣΠ", 1.4),
    **dict.fromkeys("iljtf.,:;'|!()[]⦃⦄⟨⟩‖′", 0.6),
    **dict.fromkeys("=+-<>≤≥≠≈≡∼∝≃≪≫→↦⇒⊂⊆∈±×⋅", 2.0),
    **dict.fromkeys("∑∏⋃∬∮", 1.9),
}
"""Widths in letters; other symbols are as wide as one."""

LIMITED = frozenset("∑∏⋃")
"""Symbols with limits above and below."""

STACKS = PREFIXES[r"\frac"] + PREFIXES[r"\binom"]


def in_reading_order(notation: str) -> str:
    """The characters of a notation, sorted by horizontal position."""
    found = _Positions(notation)
    found.sequence(0, 0.0, 1.0)
    ranked = sorted(range(len(notation)), key=lambda index: (found.x[index], index))
    return "".join(notation[index] for index in ranked)


class _Positions:
    """Horizontal positions of the characters of a notation, in letters from the left."""

    def __init__(self, notation: str) -> None:
        self.text = notation
        self.x = [float("inf")] * len(notation)

    def sequence(self, start: int, x: float, size: float) -> tuple[int, float]:
        """Positions the symbols from ``start`` up to a closing brace.

        Returns:
            Where the sequence ends: index in the text, x in the image.
        """
        while start < len(self.text) and self.text[start] != "}":
            start, x = self._item(start, x, size)
        return start, x

    def _item(self, start: int, x: float, size: float) -> tuple[int, float]:
        if self.text[start] in LIMITED:
            return self._limited(start, x, size)
        start, right = self._argument(start, x, size)
        return self._scripts(start, right, size)

    def _scripts(self, start: int, x: float, size: float) -> tuple[int, float]:
        """Superscript and subscript, one above the other."""
        right = x
        while start < len(self.text) and self.text[start] in SCRIPTS:
            self.x[start] = x
            start, end = self._argument(start + 1, x, size * SMALL)
            right = max(right, end)
        return start, right

    def _limited(self, start: int, x: float, size: float) -> tuple[int, float]:
        """A large operator, centred between its limits."""
        after, wide = self._scripts(start + 1, x, size)
        width = max(WIDTHS[self.text[start]] * size, wide - x)
        self._shift(start + 1, after, (width - (wide - x)) / 2)
        self.x[start] = x + (width - WIDTHS[self.text[start]] * size) / 2
        return after, x + width

    def _argument(self, start: int, x: float, size: float) -> tuple[int, float]:
        """A symbol, a prefix with its arguments, or a group."""
        if start >= len(self.text) or self.text[start] == "}":
            return start, x
        symbol = self.text[start]
        self.x[start] = x
        if symbol == "{":
            end, right = self.sequence(start + 1, x, size)
            self._set(end, right)
            return end + 1, right
        if symbol in STACKS:
            return self._stack(start + 1, x, size)
        if symbol == ROOT:
            start, x = self._argument(start + 1, x, size * SMALL)
            return self._argument(start, x, size)
        if arguments(symbol):
            shift = 0.6 * size if symbol == PREFIXES[r"\sqrt"] else 0.0
            return self._argument(start + 1, x + shift, size)
        return start + 1, x + WIDTHS.get(symbol, 1.0) * size

    def _stack(self, start: int, x: float, size: float) -> tuple[int, float]:
        """Two arguments, one above the other, the narrower centred."""
        middle, above = self._argument(start, x, size)
        end, below = self._argument(middle, x, size)
        width = max(above, below) - x
        self._shift(start, middle, (width - (above - x)) / 2)
        self._shift(middle, end, (width - (below - x)) / 2)
        return end, x + width

    def _shift(self, start: int, end: int, distance: float) -> None:
        for index in range(start, min(end, len(self.text))):
            self.x[index] += distance

    def _set(self, index: int, x: float) -> None:
        if index < len(self.text):
            self.x[index] = x
