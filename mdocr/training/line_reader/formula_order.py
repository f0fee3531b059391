"""A formula's signs in the order in which the columns of its picture meet them.

A CTC head reads a picture from left to right; a notation goes through numerators before
denominators. Where each sign stands is estimated from the notation alone: neighbours that change
places where two lines of a fraction overlap do no harm, since what counts is how many signs have
been met up to a column.
"""

from mdocr.preprocessing.formula_notation import (
    PREFIXES,
    ROOT,
    SCRIPTS,
    arguments,
)

SMALL = 0.7
"""Size of scripts, and of what is in fractions in them."""

WIDTHS = {
    **dict.fromkeys("mwMWωψ∆ΣΠ", 1.4),
    **dict.fromkeys("iljtf.,:;'|!()[]⦃⦄⟨⟩‖′", 0.6),
    **dict.fromkeys("=+-<>≤≥≠≈≡∼∝≃≪≫→↦⇒⊂⊆∈±×⋅", 2.0),
    **dict.fromkeys("∑∏⋃∬∮", 1.9),
}
"""In letters; other signs are as wide as one."""

LIMITED = frozenset("∑∏⋃")
"""Signs with their scripts above and below."""

STACKS = PREFIXES[r"\frac"] + PREFIXES[r"\binom"]


def in_reading_order(notation: str) -> str:
    """All characters of a notation, sorted by where they stand from left to right."""
    found = _Found(notation)
    found.sequence(0, 0.0, 1.0)
    ranked = sorted(range(len(notation)), key=lambda index: (found.places[index], index))
    return "".join(notation[index] for index in ranked)


class _Found:
    """Where the characters of a notation stand, in letters from the left; as far as it is read."""

    def __init__(self, notation: str) -> None:
        self.text = notation
        self.places = [float("inf")] * len(notation)

    def sequence(self, start: int, x: float, size: float) -> tuple[int, float]:
        """Places signs from ``start`` on up to a closing brace.

        Returns:
            Where the sequence ends in the text, and in the picture.
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
        """Up to two scripts, one above the other."""
        right = x
        while start < len(self.text) and self.text[start] in SCRIPTS:
            self.places[start] = x
            start, end = self._argument(start + 1, x, size * SMALL)
            right = max(right, end)
        return start, right

    def _limited(self, start: int, x: float, size: float) -> tuple[int, float]:
        """A large sign in the middle of what stands above and below it."""
        after, wide = self._scripts(start + 1, x, size)
        width = max(WIDTHS[self.text[start]] * size, wide - x)
        self._shift(start + 1, after, (width - (wide - x)) / 2)
        self.places[start] = x + (width - WIDTHS[self.text[start]] * size) / 2
        return after, x + width

    def _argument(self, start: int, x: float, size: float) -> tuple[int, float]:
        """A sign, a prefix with its arguments, or a group."""
        if start >= len(self.text) or self.text[start] == "}":
            return start, x
        symbol = self.text[start]
        self.places[start] = x
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
        """Two arguments, one above the other, the shorter in the middle of the longer."""
        middle, above = self._argument(start, x, size)
        end, below = self._argument(middle, x, size)
        width = max(above, below) - x
        self._shift(start, middle, (width - (above - x)) / 2)
        self._shift(middle, end, (width - (below - x)) / 2)
        return end, x + width

    def _shift(self, start: int, end: int, distance: float) -> None:
        for index in range(start, min(end, len(self.text))):
            self.places[index] += distance

    def _set(self, index: int, x: float) -> None:
        if index < len(self.text):
            self.places[index] = x
