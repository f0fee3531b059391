r"""A LaTeX document that compiles with pdfLaTeX and XeLaTeX; LuaLaTeX takes the same preamble.

What was read is text: every character of it is escaped, and a formula is written anew from a list
of known commands, or shown as text. So nothing on a page can run, read or write anything.
"""

import re

from mdocr.document import table_writers
from mdocr.document.block_types import CODE_TYPES
from mdocr.document.document import Document
from mdocr.document.inline import write_spans
from mdocr.document.latex.escape import escape, escape_code
from mdocr.document.latex.repair import repair
from mdocr.document.latex.sanitize import sanitize
from mdocr.document.latex.token_reader import RefusedFormula
from mdocr.document.latex.tokens import Span, strip_delimiters
from mdocr.document.model import Block
from mdocr.options import RenderOptions
from mdocr.postprocess.captions import Figure
from mdocr.postprocess.lists import CHECK_BOXES
from mdocr.render.flow import Element, Items, PageMark, elements, picture_path, table_of
from mdocr.render.latex_preamble import preamble

_SECTIONS = ("section", "subsection", "subsubsection", "paragraph", "subparagraph")
_COMMANDS = {"bold": "textbf", "italic": "textit", "monospace": "texttt"}
_IN_MATHEMATICS = re.compile(r"[0-9+=()-]+")
_PLAIN_PATH = re.compile(r"[\w ./+=,@()-]+")


def render(document: Document, options: RenderOptions | None = None) -> str:
    """The document as LaTeX; pictures are included where they are found."""
    options = options or RenderOptions()
    parts = (_element(element, options) for element in elements(document, options))
    body = "\n\n".join(part for part in parts if part) or "\\mbox{}"
    return f"{preamble(body)}\n\\begin{{document}}\n\n{body}\n\n\\end{{document}}\n"


def running(text: str) -> str:
    """Text with formulas in it; a line break that was meant stays one."""
    paragraphs = []
    for paragraph in re.split(r"\n\s*\n", _written(text)):
        lines = (line.strip() for line in paragraph.split("\n"))
        paragraphs.append("\\newline\n".join(filter(None, lines)))
    return "\n\n".join(filter(None, paragraphs))


def line(text: str) -> str:
    """Text with formulas in it, on one line."""
    return " ".join(_written(text).split())


def _written(text: str) -> str:
    """Escaped, with the line breaks of the text and no others."""
    return write_spans(text, _span)


def _span(span: Span) -> str:
    text = _plain_span(span)
    for mark in reversed(span.marks):
        text = _emphasised(text, _COMMANDS[mark])
    return text


def _emphasised(text: str, command: str) -> str:
    """Each line in a command of its own, which no line break may stand in."""
    return "\n".join(
        f"\\{command}{{{line}}}" if line.strip() else line for line in text.split("\n")
    )


def _plain_span(span: Span) -> str:
    if span.kind == "formula":
        return _formula(span.content)
    if span.kind == "text":
        return "\n".join(map(escape, span.content.split("\n")))
    if _IN_MATHEMATICS.fullmatch(span.content):
        return f"\\({'^' if span.kind == 'sup' else '_'}{{{span.content}}}\\)"
    command = "textsuperscript" if span.kind == "sup" else "textsubscript"
    return f"\\{command}{{{escape(span.content)}}}"


def _formula(latex: str) -> str:
    try:
        return f"\\({sanitize(repair(latex))}\\)"
    except RefusedFormula:
        return _shown(latex)


def _equation(latex: str) -> str:
    try:
        return f"\\begin{{equation*}}\n{sanitize(repair(latex), display=True)}\n\\end{{equation*}}"
    except RefusedFormula:
        return _shown(strip_delimiters(latex)) if latex.strip() else ""


def _shown(latex: str) -> str:
    return f"\\texttt{{{escape(latex)}}}"


def _element(element: Element, options: RenderOptions) -> str:
    if isinstance(element, PageMark):
        return f"% page {element.number}"
    if isinstance(element, Items):
        return _list(element)
    if isinstance(element, Figure):
        return _figure(element, options)
    if element.type == "title":
        section = _SECTIONS[min(max(element.level, 1), len(_SECTIONS)) - 1]
        return f"\\{section}*{{{line(element.content)}}}"
    if element.type == "equation" and element.format == "latex":
        return _equation(element.content)
    return running(element.content)


def _list(items: Items) -> str:
    lines = [f"\\item[{{{_marker(m)}}}] {running(text)}" for m, text in items.entries]
    return "\n".join(["\\begin{itemize}", *lines, "\\end{itemize}"])


def _marker(marker: str) -> str:
    if marker not in CHECK_BOXES:
        return escape(marker)
    return "\\(\\boxtimes\\)" if CHECK_BOXES[marker] else "\\(\\square\\)"


def _figure(figure: Figure, options: RenderOptions) -> str:
    is_table = figure.body.type == "table"
    captions = [running(block.content) for block in figure.captions]
    notes = [f"{{\\small {running(block.content)}}}" for block in figure.footnotes]
    body = _body(figure.body, options)
    parts = [*captions, body] if is_table else [body, *captions]
    return "\n\n".join(part for part in [*parts, *notes] if part)


def _body(body: Block, options: RenderOptions) -> str:
    if body.type == "table" and (table := table_of(body)):
        return table_writers.to_latex(table, line)
    if body.type in CODE_TYPES and body.content.strip():
        return _code(body.content)
    path = picture_path(body, options)
    parts = [_picture(path) if path else "", running(body.content) if body.content.strip() else ""]
    return "\n\n".join(part for part in parts if part)


def _code(code: str) -> str:
    lines = (f"\\mbox{{}}{escape_code(text)}" for text in code.strip("\n").splitlines())
    body = "\\\\\n".join(lines)
    return f"\\begin{{flushleft}}\\ttfamily\\small\n{body}\n\\end{{flushleft}}"


def _picture(path: str) -> str:
    """The picture, or its path where there is no such file or its name would need quoting."""
    missing = f"\\fbox{{\\texttt{{{escape(path)}}}}}"
    if not _PLAIN_PATH.fullmatch(path) or "\n" in path:
        return missing
    included = (
        f"\\includegraphics[width=\\linewidth,height=.8\\textheight,keepaspectratio]{{{path}}}"
    )
    return f"\\begin{{center}}\\IfFileExists{{{path}}}{{{included}}}{{{missing}}}\\end{{center}}"
