r"""Tokens of a formula, one after another, for ``mdocr.document.latex.sanitize``."""

import re

from mdocr.document.latex import commands
from mdocr.document.latex.escape import escape
from mdocr.document.latex.tokens import FENCE, tokenize

RULES = ("\\hline", "\\toprule", "\\midrule", "\\bottomrule")
_DIMENSION = re.compile(r"-?\d*\.?\d+\s*(?:em|ex|pt|mm|cm|in|mu)")


class RefusedFormula(ValueError):
    """The formula holds something that is not on the list, or is malformed."""


class TokenReader:
    """Reads tokens, and what is no formula: texts, dimensions, types of columns."""

    def __init__(self, parts: list[str]) -> None:
        self.parts = parts
        self.index = 0

    def peek(self) -> str:
        """The next token that is not a space; empty at the end."""
        while self.index < len(self.parts) and self.parts[self.index].isspace():
            self.index += 1
        return self.parts[self.index] if self.index < len(self.parts) else ""

    def take(self) -> str:
        """The same, and on to the one after it."""
        part = self.peek()
        self.index += 1
        return part

    def expect(self, part: str) -> None:
        """Passes over a token, and refuses any other."""
        found = self.take()
        if found != part:
            raise RefusedFormula(f"expected {part!r}, found {found!r}")

    def text(self) -> str:
        r"""The text of ``\text{...}``, escaped; a formula inside it is refused."""
        self.expect("{")
        out = []
        while self.index < len(self.parts) and self.parts[self.index] != "}":
            part = self.parts[self.index]
            self.index += 1
            if part.startswith("\\") and part not in commands.CONTROL_SYMBOLS:
                raise RefusedFormula(f"{part} stands in a text")
            out.append(part[1:] if part.startswith("\\") else part.replace("{", ""))
        self.expect("}")
        return escape(re.sub(r"\s+", " ", "".join(out)))

    def space(self) -> str:
        r"""``\hspace`` of the dimension in braces."""
        self.expect("{")
        end = self.parts.index("}", self.index) if "}" in self.parts[self.index :] else None
        dimension = "".join(self.parts[self.index : end]).strip()
        if end is None or not _DIMENSION.fullmatch(dimension):
            raise RefusedFormula("\\hspace without a dimension")
        self.index = end + 1
        return f"\\hspace{{{dimension}}}" if "mu" not in dimension else "\\,"

    def row_distance(self) -> None:
        """Passes over a distance in brackets after a row, and over nothing else in brackets."""
        following = "".join(self.parts[self.index : self.index + 12])
        if match := re.match(rf"\[\s*{_DIMENSION.pattern}\s*\]", following):
            self.index += len(tokenize(match[0]))

    def column_types(self) -> str:
        """Types of the columns of an array, in braces: l, c, r and rules."""
        self.expect("{")
        types = ""
        while (part := self.take()) != "}":
            if not part:
                raise RefusedFormula("the columns of an array are not closed")
            types += part if part in "lcr|" else ""
        return types


def stops(part: str) -> bool:
    """Whether a token ends a group, a cell or a fence."""
    fence = FENCE.fullmatch(part)
    closes = bool(fence and fence[1] != "left") or part.startswith("\\end")
    return closes or part in ("}", "&", "\\\\", *RULES)
