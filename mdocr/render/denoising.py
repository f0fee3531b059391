"""The denoising of a text again, from its record: what is masked, proposed and committed when.

The record is that of a trace: the tokens of a text with the step that committed each, and what
earlier steps took for likeliest in its place (``Character``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mdocr.document.words import Character

State = Literal["masked", "proposed", "committed", "new"]
"""Of a token after a step; ``new`` if that step committed it."""

MASK = "░"


@dataclass(frozen=True)
class Shown:
    """A token as it stands after a step."""

    text: str
    state: State


@dataclass(frozen=True)
class Denoised:
    """A text with the record of its denoising.

    Attributes:
        name: what it is, such as ``page 1, title``.
        tokens: from left to right; a line break ends a line.
    """

    name: str
    tokens: tuple[Character, ...]

    @property
    def last(self) -> int:
        """The step after which nothing is masked; 0 if a draft had it all."""
        return max((token.step for token in self.tokens), default=0)

    def after(self, step: int) -> list[Shown]:
        """The tokens after a step; 0 is before the first."""
        return [shown_after(token, step) for token in self.tokens]


def shown_after(token: Character, step: int) -> Shown:
    """A token after a step, 0 being before the first."""
    if token.step <= step:
        return Shown(token.text, "new" if token.step == step and step else "committed")
    passes = len(token.proposed) - token.step + step  # since its block was opened, from 0
    if step and passes >= 0:
        return Shown(token.proposed[passes] or MASK, "proposed")  # MASK where the text may end
    return Shown(MASK * max(1, len(token.text)), "masked")


def lines_of(tokens: Sequence[Shown], width: int) -> list[list[Shown]]:
    """Tokens in lines of so many characters at most, broken behind a space where there is one."""
    lines: list[list[Shown]] = [[]]
    for token in tokens:
        if token.text == "\n":
            lines.append([])
            continue
        lines[-1].append(token)
        if sum(len(one.text) for one in lines[-1]) > width:
            lines.append(_overhang(lines[-1]))
    return lines


def _overhang(line: list[Shown]) -> list[Shown]:
    """Takes from a line what is to stand on the next."""
    spaces = [at for at, one in enumerate(line[:-1]) if one.text == " "]
    start = spaces[-1] + 1 if spaces else len(line) - 1
    rest = line[start:]
    del line[start:]
    return rest
