r"""Read text as spans: plain text, formulas, superscripts and subscripts.

Read text carries its formulas as ``\( ... \)``, and letters that stand higher or lower as
``<sup>...</sup>`` and ``<sub>...</sub>``; no other tag means anything in it.
"""

import re
from collections.abc import Callable, Iterator

from mdocr.document.latex.tokens import Span, split_formulas

_SCRIPT = re.compile(r"<(sup|sub)>([^<>\n]{1,40})</\1>")
_HIGH = str.maketrans("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_LOW = str.maketrans("0123456789+-−=()aeox", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₒₓ")


def split_spans(text: str) -> list[Span]:
    """The spans of a text in order, none of them empty."""
    return list(_spans(text))


def _spans(text: str) -> Iterator[Span]:
    for part in split_formulas(text):
        if part.is_formula:
            yield part
            continue
        end = 0
        for match in _SCRIPT.finditer(part.content):
            if match.start() > end:
                yield Span(part.content[end : match.start()])
            yield Span(match[2], match[1])
            end = match.end()
        if end < len(part.content):
            yield Span(part.content[end:])


def write_spans(text: str, write: Callable[[Span], str]) -> str:
    """A text with each of its spans written by a function."""
    return "".join(map(write, split_spans(text)))


def plain_script(span: Span) -> str:
    """A script in plain text: by Unicode's own characters, or else behind ``^`` or ``_``."""
    table, sign = (_HIGH, "^") if span.kind == "sup" else (_LOW, "_")
    if all(ord(character) in table for character in span.content):
        return span.content.translate(table)
    return f"{sign}{span.content}" if len(span.content) == 1 else f"{sign}({span.content})"
