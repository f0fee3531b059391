"""Formulas mended: what a model leaves open is closed, what it closes twice is closed once."""

import re

from mdocr.document.latex import commands
from mdocr.document.latex.scripts import is_too_deep, single_scripts
from mdocr.document.latex.tokens import BEGIN, END, FENCE, strip_delimiters, tokenize

_TAG = re.compile(r"\\tag\s*\{[^{}]*\}")

_STRAY = ("\\", "\\(", "\\)", "\\[", "\\]")

_OUTER = ("equation", "align", "gather", "multline", "eqnarray", "flalign", "displaymath")


def repair(latex: str) -> str:
    """The formula with its faults mended and the delimiters around it removed."""
    balanced = _balance(tokenize(_without_outer(strip_delimiters(latex))))
    if is_too_deep(balanced):
        return latex.strip()
    return _aligned("".join(single_scripts(balanced))).strip()


def _without_outer(latex: str) -> str:
    """A formula may not hold an environment that begins a formula."""
    for name in _OUTER:
        inner = "aligned" if "align" in name or name == "eqnarray" else "gathered"
        written = rf"\1{{{inner}}}" if name not in ("equation", "displaymath") else ""
        latex = re.sub(rf"(\\(?:begin|end))\s*\{{{name}\*?\}}", written, latex)
    return latex.strip()


def _balance(parts: list[str]) -> list[str]:
    """Closes in the right order what was opened; drops what closes nothing."""
    out: list[str] = []
    pending: list[str] = []  # what would close each thing that is open

    def close(kind: str) -> bool:
        if not any(_kind(closer) == kind for closer in pending):
            return False
        while _kind(pending[-1]) != kind:
            out.append(pending.pop())
        return True

    for part in parts:
        fence = FENCE.fullmatch(part)
        if part == "{":
            pending.append("}")
        elif begin := BEGIN.fullmatch(part):
            pending.append(f"\\end{{{begin[1]}{begin[2]}}}")
        elif part == "}" or END.fullmatch(part):
            part = pending.pop() if close(_kind(part)) else ""
        elif fence and fence[2] not in commands.DELIMITERS:
            part = fence[2]
        elif fence and fence[1] == "left":
            pending.append("\\right.")
        elif fence and not close("fence"):
            part = fence[2].replace(".", "")
        elif fence and fence[1] == "right":
            pending.pop()
        elif part in ("&", "\\\\"):
            _close_fences(out, pending)
        elif part in _STRAY:
            part = ""
        out.append(part)
    return [part for part in out + pending[::-1] if part]


def _kind(closer: str) -> str:
    if closer == "}":
        return "brace"
    return "environment" if closer.startswith("\\end") else "fence"


def _close_fences(out: list[str], pending: list[str]) -> None:
    """A fence cannot span two cells."""
    while pending and _kind(pending[-1]) == "fence":
        out.append(pending.pop())


def _aligned(latex: str) -> str:
    """Rows and columns outside every environment get one around them; a tag stays outside it."""
    depth = 0
    for part in tokenize(latex):
        depth += bool(BEGIN.fullmatch(part)) + (part == "{")
        depth -= bool(END.fullmatch(part)) + (part == "}")
        if depth == 0 and part in ("&", "\\\\"):
            tags = "".join(_TAG.findall(latex)[:1])
            return f"\\begin{{aligned}}{_TAG.sub('', latex)}\\end{{aligned}}{tags}"
    return latex
