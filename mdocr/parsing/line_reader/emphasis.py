"""The emphasis of lines as that of their block: joined across lines, left out where it is plain.

A title is bold as it is; so is the label of a caption or the number of an item, which have to stand
plain at the start of their block to be known.
"""

import re

from mdocr.document.inline import plain, without_emphasis

_JOINT = re.compile(r"</(bold|italic|monospace)>(\s*)<\1>")
_LINK_JOINT = re.compile(
    r'(?P<open><ext-link href="([^"]*)">(?:(?!</?ext-link\b).)*)</ext-link>'
    r'(?P<gap>\s*)<ext-link href="\2">',
    re.DOTALL,
)
_LEADING = re.compile(r"^<(bold|italic|monospace)>(.*?)</\1>", re.DOTALL)
_LABEL = re.compile(r"[•·▪●○►–—*-]\s|\(?\w{1,4}[.)]|[^\W\d_]{2,12}\.?\s*\d+(?:\.\d+)*\s*[.:–—-]|\d")


def settled(content: str, kind: str, *, is_typed: bool = False) -> str:
    """The content of a block of a type, of lines that are marked each by itself.

    Args:
        content: as it was marked.
        kind: a name of ``BLOCK_TYPES``.
        is_typed: whether it is the only text around that is monospace, and keeps that.
    """
    joined = _joined(content)
    if joined == (text := plain(joined)):
        return content
    if kind == "title":
        return without_emphasis(joined)
    for mark in ("bold",) if is_typed else ("bold", "monospace"):
        inner = joined.removeprefix(f"<{mark}>").removesuffix(f"</{mark}>")
        if len(joined) - len(inner) == len(f"<{mark}></{mark}>") and f"<{mark}>" not in inner:
            joined = inner  # all of it
    return _with_plain_label(joined, text)


def _joined(content: str) -> str:
    before = ""
    while content != before:
        before = content
        content = _JOINT.sub(r"\2", content)
        content = _LINK_JOINT.sub(r"\g<open>\g<gap>", content)
    return content


def _with_plain_label(content: str, text: str) -> str:
    """Without the emphasis of what begins a block, if that is a label."""
    while _LABEL.match(text) and (leading := _LEADING.match(content)):
        content = leading[2] + content[leading.end() :]
    return content
