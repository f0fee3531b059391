"""Pages as comparable parts: texts, tables and formulas in reading order."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mdocr.document import tables
from mdocr.errors import MissingExtraError

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

KINDS = ("text", "table", "formula")

_WHOLE = re.compile(
    r"(?P<table><table.*?</table>)|\$\$(?P<dollars>.+?)\$\$|^\\\[(?P<brackets>.+?)\\\]",
    re.DOTALL | re.IGNORECASE | re.MULTILINE,
)
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True)
class PagePart:
    """A part of a page.

    Attributes:
        kind: one of ``KINDS``.
        content: plain text, HTML or OTSL of a table, LaTeX of a formula.
    """

    kind: str
    content: str

    @property
    def text(self) -> str:
        """Its text; for a table that of its cells, joined."""
        if self.kind != "table":
            return self.content
        return " ".join(cell.text for cell in tables.parse(self.content, "").cells)


def from_markdown(markdown: str) -> list[PagePart]:
    """The parts of a Markdown page; tables may be pipe tables or HTML."""
    parts: list[PagePart] = []
    end = 0
    for match in _WHOLE.finditer(markdown):
        parts += _texts(markdown[end : match.start()])
        if match["table"]:
            parts.append(PagePart("table", match["table"]))
        else:
            parts.append(PagePart("formula", (match["dollars"] or match["brackets"]).strip()))
        end = match.end()
    return [*parts, *_texts(markdown[end:])]


def from_text(text: str) -> list[PagePart]:
    """The paragraphs of a plain text, separated by blank lines."""
    paragraphs = (part.strip() for part in re.split(r"\n\s*\n", text))
    return [PagePart("text", part) for part in paragraphs if part]


def joined(parts: Sequence[PagePart]) -> str:
    """The texts of parts, one per line."""
    return "\n".join(part.text for part in parts)


def _texts(markdown: str) -> Iterator[PagePart]:
    """Texts and pipe tables."""
    cells: list[list[str]] | None = None
    for token in markdown_parser().parse(markdown):
        if token.type == "table_open":
            cells = []
        elif token.type == "table_close":
            yield PagePart("table", _as_html(cells or []))
            cells = None
        elif token.type == "tr_open" and cells is not None:
            cells.append([])
        elif text := _text_of(token):
            if cells is None:
                yield PagePart("text", text)
            else:
                cells[-1].append(text)
        elif token.type == "inline" and cells is not None:
            cells[-1].append("")


def markdown_parser() -> "MarkdownIt":
    """A parser of Markdown with tables; also called to raise before long work if it is missing.

    Raises:
        MissingExtraError: markdown-it-py is not installed.
    """
    try:
        from markdown_it import MarkdownIt
    except ImportError as error:
        raise MissingExtraError("markdown-it-py", "bench", "Comparing Markdown") from error
    return MarkdownIt("commonmark").enable("table")


def _text_of(token: "Token") -> str:
    if token.type in ("fence", "code_block"):
        return token.content.strip()
    if token.type == "html_block":
        return html.unescape(_TAG.sub(" ", token.content)).strip()
    if token.type != "inline":
        return ""
    pieces = []
    for child in token.children or ():
        if child.type in ("text", "code_inline"):
            pieces.append(child.content)
        elif child.type in ("softbreak", "hardbreak") or child.content.startswith("<br"):
            pieces.append(" ")
    return "".join(pieces).strip()


def _as_html(rows: Sequence[Sequence[str]]) -> str:
    lines = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows)
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"
