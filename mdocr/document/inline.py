r"""Read text as spans: plain text, formulas, superscripts and subscripts, each with its emphasis.

Read text carries its formulas as ``\( ... \)``, letters that stand higher or lower as
``<sup>...</sup>`` and ``<sub>...</sub>``, emphasis as ``<bold>``, ``<italic>`` and
``<monospace>``, and links as ``<ext-link href="...">``, all named as in JATS, since pages about
HTML show ``<b>``; no other tag means anything in it. One of these that stands on the page itself
is parted by a word joiner (``literal``).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from mdocr.document.latex.tokens import Span, split_formulas

_OPEN, _CLOSE = "\ue000", "\ue001"
_DOUBT = re.compile(f"{_OPEN}([^{_OPEN}{_CLOSE}]+){_CLOSE}")
_SCRIPT = re.compile(r"<(sup|sub)>([^<>\n]{1,40})</\1>")
_MARK = re.compile(
    r'<(?:(?P<mark>bold|italic|monospace)|ext-link href="(?P<link>(?:https?://|mailto:)[^"<>\s]+)")>'
    r"(?P<inner>.+?)</(?(mark)(?P=mark)|ext-link)>",
    re.DOTALL,
)
_TAG = re.compile(r"<(?=/?(?:sup|sub|bold|italic|monospace|ext-link)\b)")
_HIGH = str.maketrans("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_LOW = str.maketrans("0123456789+-−=()aeox", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₒₓ")

WORD_JOINER = "\u2060"


def doubtful(text: str) -> str:
    """Text, without formulas and scripts, as a span of the kind ``mark``."""
    return f"{_OPEN}{text}{_CLOSE}"


def split_spans(text: str) -> list[Span]:
    """The spans of a text in order, none of them empty."""
    return list(_marked(text, Span("")))


def plain(text: str) -> str:
    """A text without emphasis and links; scripts and formulas stay."""
    while (found := _MARK.sub(lambda match: match["inner"], text)) != text:
        text = found
    return text


def without_emphasis(text: str) -> str:
    """A text without emphasis; links, scripts and formulas stay."""

    def bare(match: re.Match[str]) -> str:
        inner = without_emphasis(match["inner"])
        return inner if match["mark"] else f'<ext-link href="{match["link"]}">{inner}</ext-link>'

    return _MARK.sub(bare, text)


def literal(text: str) -> str:
    """Text of a page in which no tag means anything."""
    return _TAG.sub(f"<{WORD_JOINER}", text)


def _marked(text: str, outer: Span) -> Iterator[Span]:
    """Spans of a text that stands within the emphasis and the link of ``outer``."""
    end = 0
    for match in _MARK.finditer(text):
        yield from _unmarked(text[end : match.start()], outer)
        marks = (*outer.marks, match["mark"]) if match["mark"] else outer.marks
        inner = replace(outer, marks=marks, link=match["link"] or outer.link)
        yield from _marked(match["inner"], inner)
        end = match.end()
    yield from _unmarked(text[end:], outer)


def _unmarked(text: str, outer: Span) -> Iterator[Span]:
    for part in split_formulas(text):
        if part.is_formula:
            yield replace(outer, content=part.content, kind=part.kind)
            continue
        for number, text in enumerate(_DOUBT.split(part.content)):
            if number % 2:
                yield replace(outer, content=text, kind="mark")
            else:
                yield from _scripts(text, outer)


def _scripts(text: str, outer: Span) -> Iterator[Span]:
    end = 0
    for match in _SCRIPT.finditer(text):
        if match.start() > end:
            yield replace(outer, content=text[end : match.start()])
        yield replace(outer, content=match[2], kind=match[1])
        end = match.end()
    if end < len(text):
        yield replace(outer, content=text[end:])


def write_spans(text: str, write: Callable[[Span], str]) -> str:
    """A text with each of its spans written by a function."""
    return "".join(map(write, split_spans(text)))


def plain_script(span: Span) -> str:
    """A script in plain text: by Unicode's own characters, or else behind ``^`` or ``_``."""
    table, sign = (_HIGH, "^") if span.kind == "sup" else (_LOW, "_")
    if all(ord(character) in table for character in span.content):
        return span.content.translate(table)
    return f"{sign}{span.content}" if len(span.content) == 1 else f"{sign}({span.content})"
