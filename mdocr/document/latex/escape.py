r"""Recognised text made safe for a LaTeX document: no character of it can become a command.

Backslashes, carets (``^^5c``), braces and every other special character become commands; what could
be an optional argument (``[``, ``*``) or a ligature stands in braces; control characters go.
"""

import re
import unicodedata

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "-": "{-}",
    ",": "{,}",
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "\u00a0": "~",
    "\u00ad": "",
}
_SINGLE = re.compile(r"(?<!\})\{([-,])\}(?!\{[-,]\})")


def escape(text: str) -> str:
    """The text as LaTeX that typesets it; line breaks and other spaces become spaces."""
    return _SINGLE.sub(r"\1", "".join(map(_escaped, text)))


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isspace():
        return " "
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return ""
    return character


def escape_code(line: str) -> str:
    """A line of code: as ``escape``, and every space kept."""
    return escape(line.expandtabs(4)).replace(" ", "\\ ")
