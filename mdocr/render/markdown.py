r"""Markdown (CommonMark, with pipe tables and ``$`` mathematics as most readers know them).

What was read is text: each character that Markdown would take for markup is escaped.
"""

import html
import re
from urllib.parse import quote

from mdocr.document import table_writers, tables
from mdocr.document.block_types import CODE_TYPES
from mdocr.document.characters import printable
from mdocr.document.document import Document
from mdocr.document.inline import split_spans, write_spans
from mdocr.document.latex.sanitize import is_harmless
from mdocr.document.latex.tokens import Span, strip_delimiters
from mdocr.document.model import Block
from mdocr.document.table_heads import head_height
from mdocr.options import RenderOptions
from mdocr.postprocess.captions import Figure
from mdocr.postprocess.lists import CHECK_BOXES
from mdocr.render.flow import (
    TAGS,
    Element,
    Items,
    PageMark,
    elements,
    labels,
    picture_path,
    table_of,
)

_MARKUP = re.compile(r"([\\`*\[\]<>|~]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;))")
_LINE_START = re.compile(
    r"^(?:#(?=#{0,5}(?:\s|$))|[-+](?=\s|$)|-(?=[-\s]*$)|=(?==*$)|:(?=-)|\d{1,9}(?=[.)](?:\s|$)))",
    re.MULTILINE,
)
_UNSAFE = re.compile(r"[()\[\]<>\s\\]")
_BOX = re.compile(r"([☐☑☒])\s*")
_SIGNS = {"bold": ("**", "**"), "italic": ("*", "*")}
_TAG_IN_FORMULA = re.compile(r"<(?=[A-Za-z/!?])")
_LINK_IN_FORMULA = re.compile(r"\](?=[(\[:])")
_DELIMITERS = {
    ("dollars", False): ("$", "$"),
    ("dollars", True): ("$$\n", "\n$$"),
    ("brackets", False): ("\\(", "\\)"),
    ("brackets", True): ("\\[\n", "\n\\]"),
}


def render(document: Document, options: RenderOptions | None = None) -> str:
    """The document as Markdown."""
    options = options or RenderOptions()
    parts = (element(item, options) for item in elements(document, options, marks=True))
    body = "\n\n".join(part for part in parts if part)
    return body + "\n" if body else ""


def escape(text: str, *, dollars: bool = True) -> str:
    """Text that Markdown shows as it is, line by line; spaces at the ends of lines are lost.

    Args:
        text: what was read.
        dollars: whether a dollar sign begins a formula, and is escaped too.
    """
    return _lines(_inner(text, dollars))


def formula(latex: str, options: RenderOptions, *, display: bool = False) -> str:
    """A formula between its delimiters; one that reaches outside itself is shown as code.

    What would become a tag or a link, where a reader knows no formulas, is broken by a space.
    """
    latex = re.sub(r"\s*\n\s*", " ", _printable(strip_delimiters(latex))).strip()
    if not latex:
        return ""
    if not is_harmless(latex):
        return _code_span(latex)
    if options.math == "dollars":
        latex = re.sub(r"(?<!\\)\$", "", latex)
    opening, closing = _DELIMITERS[options.math, display]
    written = _LINK_IN_FORMULA.sub("] ", _TAG_IN_FORMULA.sub("< ", latex))
    return f"{opening}{written}{closing}"


def running(text: str, options: RenderOptions) -> str:
    """Text with formulas in it; a line break that was meant stays one."""
    paragraphs = re.split(r"\n{2,}", _lines(_with_formulas(text, options)).strip())
    return "\n\n".join(paragraph.replace("\n", "\\\n") for paragraph in paragraphs)


def _with_formulas(text: str, options: RenderOptions) -> str:
    dollars = options.math == "dollars"

    def written(span: Span) -> str:
        if span.kind == "formula":
            return formula(span.content, options)
        inner = _inner(span.content, dollars)
        return inner if span.kind == "text" else f"<{span.kind}>{inner}</{span.kind}>"

    spans = split_spans(text)
    parts = []
    for number, span in enumerate(spans):
        before, after = (
            spans[near].content if 0 <= near < len(spans) else ""
            for near in (number - 1, number + 1)
        )
        parts.append(_emphasised(written(span), span, before[-1:], after[:1]))
    return "".join(parts)


def _emphasised(written: str, span: Span, before: str, after: str) -> str:
    """A span between its signs, which stand at its letters and not at the spaces around them.

    Where asterisks would not be taken for signs, it stands between tags.

    Args:
        written: the span, escaped.
        span: what it is.
        before: the character before it.
        after: the character behind it.
    """
    text = written.strip()
    if not text or not (span.marks or span.link):
        return written
    is_apart = (text[0].isalnum() or not before.isalnum()) and (
        text[-1].isalnum() or not after.isalnum()
    )
    signs = _SIGNS if is_apart and "*" not in (before, after) else {}
    start = written.index(text)
    left, right = written[:start], written[start + len(text) :]
    for mark in reversed(span.marks):
        opening, closing = signs.get(mark, (f"<{TAGS[mark]}>", f"</{TAGS[mark]}>"))
        text = f"{opening}{text}{closing}"
    if span.link:
        text = f"[{text}](<{span.link}>)" if _UNSAFE.search(span.link) else f"[{text}]({span.link})"
    return f"{left}{text}{right}"


def _inner(text: str, dollars: bool) -> str:
    """Escaped where a character is markup wherever it stands."""
    text = _MARKUP.sub(r"\\\1", _printable(text))
    text = _BOX.sub(lambda sign: f"[{'x' if CHECK_BOXES[sign[1]] else ' '}] ", text)
    return text.replace("$", "\\$") if dollars else text


def _lines(text: str) -> str:
    """Escaped where a character is markup at the start of a line."""
    text = "\n".join(line.strip() for line in text.split("\n"))
    return _LINE_START.sub(_escaped_start, text)


def _escaped_start(match: re.Match[str]) -> str:
    # Before a digit a backslash would show: the point behind the number is escaped instead.
    return f"{match[0]}\\" if match[0][0].isdigit() else f"\\{match[0]}"


def _printable(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return printable(text)


def element(element: Element, options: RenderOptions) -> str:
    """One element as Markdown."""
    if isinstance(element, PageMark):
        return f"<!-- page {element.number} -->"
    if isinstance(element, Items):
        return _list(element, options)
    if isinstance(element, Figure):
        return _figure(element, options)
    if element.type == "title":
        return f"{'#' * (element.level or 1)} {_one_line(element.content, options)}"
    if element.type == "equation" and element.format == "latex":
        return formula(element.content, options, display=True)
    return running(element.content, options)


def _one_line(text: str, options: RenderOptions) -> str:
    """The text of a heading: nothing in it stands at the start of a line."""
    line = _with_formulas(" ".join(text.split()), options)
    return re.sub(r"#+$", lambda match: f"\\{match[0]}", line)


def _list(items: Items, options: RenderOptions) -> str:
    return "\n".join(_item(marker, text, items, options) for marker, text in items.entries)


def _item(marker: str, text: str, items: Items, options: RenderOptions) -> str:
    if items.is_ordered:
        lead = f"{marker.strip('().')}. "
    elif marker in CHECK_BOXES:
        lead = "- [x] " if CHECK_BOXES[marker] else "- [ ] "
    elif any(character.isalnum() for character in marker):
        lead, text = "- ", f"{marker} {text}"
    else:
        lead = "- "
    indent = " " * (2 if marker in CHECK_BOXES else len(lead))
    body = running(text, options).replace("\n", f"\n{indent}")
    return f"{lead}{body}".rstrip()


def _figure(figure: Figure, options: RenderOptions) -> str:
    above = [running(block.content, options) for block in figure.above]
    below = [running(block.content, options) for block in figure.below]
    parts = [*above, _body(figure.body, options), *below]
    return "\n\n".join(part for part in parts if part)


def _body(body: Block, options: RenderOptions) -> str:
    if body.type == "table" and (table := table_of(body)):
        return _table(table, options)
    if body.type in CODE_TYPES and body.content.strip():
        return fenced(body.content)
    path = picture_path(body, options)
    if body.type == "image":
        described = _inner(labels(body), options.math == "dollars")
        return f"![{described}]({quote(path)})" if path or described else ""
    parts = [f"![]({quote(path)})" if path else "", running(body.content, options)]
    return "\n\n".join(part for part in parts if part)


def _table(table: tables.Table, options: RenderOptions) -> str:
    if options.tables == "markdown" and not table.has_spans:
        return table_writers.to_markdown(table, lambda text: _pipe_cell(text, options))
    return table_writers.to_html(table, lambda text: html_cell(text, options), head_height(table))


def _boxes_marked(text: str) -> str:
    """A cell that begins with a box to be ticked, with the sign that task lists have for it."""
    sign = text[:1]
    if sign not in CHECK_BOXES:
        return text
    return f"[{'x' if CHECK_BOXES[sign] else ' '}] {text[1:].lstrip()}".strip()


def _pipe_cell(text: str, options: RenderOptions) -> str:
    parts = []
    for span in split_spans(" ".join(text.split())):
        if span.kind == "formula":
            latex = span.content.replace("\\|", "\\Vert ").replace("|", "\\vert ")
            parts.append(formula(latex, options))
        else:
            inner = _inner(span.content, options.math == "dollars")
            parts.append(inner if span.kind == "text" else f"<{span.kind}>{inner}</{span.kind}>")
    return _boxes_marked("".join(parts).strip())


def html_cell(text: str, options: RenderOptions) -> str:
    """A cell's text in HTML, with formulas between their delimiters; a line break is ``<br>``."""

    def written(span: Span) -> str:
        content = formula(span.content, options) if span.kind == "formula" else span.content
        inner = html.escape(content, quote=False).replace("\n", "<br>")
        return f"<{span.kind}>{inner}</{span.kind}>" if span.kind in ("sup", "sub") else inner

    return _boxes_marked(write_spans(text, written))


def fenced(code: str) -> str:
    """Code between fences longer than any run of backticks inside."""
    code = "\n".join(line.rstrip() for line in _printable_code(code).strip("\n").split("\n"))
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", code)), default=0))
    return f"{fence}\n{code}\n{fence}"


def _printable_code(code: str) -> str:
    return code.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def _code_span(text: str) -> str:
    fence = "`" * (1 + max(map(len, re.findall(r"`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"
