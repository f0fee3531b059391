"""Superscripts and subscripts in texts to be set: marked characters, of Unicode's private use.

The marks are for typesetting alone. A picture's text has the plain characters, as has what is read:
that they stand higher or lower is told by their places.
"""

import string
from typing import Literal

MARKABLE = frozenset(string.ascii_letters + string.digits + "+-−()*,.éè")
"""Characters that may be marked."""

_FIRST = {"sup": 0xE000, "sub": 0xE800}
_MARKED = {
    kind: {character: chr(first + index) for index, character in enumerate(sorted(MARKABLE))}
    for kind, first in _FIRST.items()
}
_TABLES = {kind: {ord(c): sign for c, sign in marks.items()} for kind, marks in _MARKED.items()}
_PLAIN = {ord(sign): c for marks in _MARKED.values() for c, sign in marks.items()}
_KINDS = {sign: kind for kind, marks in _MARKED.items() for sign in marks.values()}


def marked(text: str, kind: Literal["sup", "sub"]) -> str:
    """A text as a superscript or a subscript; of ``MARKABLE`` characters."""
    return text.translate(_TABLES[kind])


def plain(text: str) -> str:
    """A text without its marks."""
    return text.translate(_PLAIN)


def kind_of(character: str) -> str:
    """``sup``, ``sub``, or nothing."""
    return _KINDS.get(character, "")
