r"""LaTeX formulas as tokens, and texts with formulas in them.

Read text carries its formulas as ``\( ... \)`` or ``\[ ... \]``; a dollar sign in it is a dollar.
"""

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"\\(?:begin|end)\s*\{[A-Za-z]+\*?\}"
    r"|\\(?:left|right|middle)(?![A-Za-z])\s*(?:\\[A-Za-z]+|\\.|[^\s\\])?"
    r"|\\[A-Za-z]+\*?"
    r"|\\."
    r"|\s+"
    r"|.",
    re.DOTALL,
)
BEGIN = re.compile(r"\\begin\s*\{([A-Za-z]+)(\*?)\}")
END = re.compile(r"\\end\s*\{[A-Za-z]+\*?\}")
FENCE = re.compile(r"\\(left|right|middle)(?![A-Za-z])\s*(.*)", re.DOTALL)
"""Single tokens: the beginning and the end of an environment, and a fence with its delimiter."""

_FORMULA = re.compile(r"\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
_WRAPPERS = (("\\[", "\\]"), ("\\(", "\\)"), ("$$", "$$"), ("$", "$"))


@dataclass(frozen=True)
class Span:
    """A stretch of text.

    Attributes:
        content: what it holds; of a formula the LaTeX without its delimiters.
        kind: ``text``, ``formula``, ``sup``, ``sub``, or ``mark``: read with doubt.
        marks: emphasis, outermost first: ``bold``, ``italic``, ``monospace``.
        link: where it leads; empty without a link.
    """

    content: str
    kind: str = "text"
    marks: tuple[str, ...] = ()
    link: str = ""

    @property
    def is_formula(self) -> bool:
        """Whether it is LaTeX."""
        return self.kind == "formula"


def tokenize(latex: str) -> list[str]:
    r"""Splits LaTeX; ``\begin{name}``, ``\end{name}`` and ``\left(`` are one token each."""
    return _TOKEN.findall(latex)


def split_formulas(text: str) -> list[Span]:
    """The text and the formulas in it, in order; empty stretches of text are left out."""
    pieces = []
    end = 0
    for match in _FORMULA.finditer(text):
        pieces.append(Span(text[end : match.start()]))
        pieces.append(Span((match[1] or match[2]).strip(), "formula"))
        end = match.end()
    pieces.append(Span(text[end:]))
    return [piece for piece in pieces if piece.content]


def strip_delimiters(latex: str) -> str:
    """A formula without the delimiters around it."""
    latex = latex.strip()
    for opening, closing in _WRAPPERS:
        inner = latex[len(opening) : -len(closing)]
        wrapped = latex.startswith(opening) and latex.endswith(closing)
        if wrapped and len(latex) >= len(opening + closing) and opening not in inner:
            return strip_delimiters(inner)
    return latex
