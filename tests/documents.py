"""A document with one block of every kind, for the renderers' tests."""

from pathlib import Path

import pymupdf

from mdocr.document.document import Document
from mdocr.document.model import Block, Box, Failure, Page, PageLine, PageWord, Source, Unread

TABLE = "<fcel>Name<fcel>Value \\(x^2\\)<nl><fcel>a|b<fcel>$5 & <b>6</b><nl>"
SPANNED = "<fcel>Head<lcel><nl><fcel>left<fcel>right<nl><ucel><fcel>below<nl>"


def block(kind: str, y: float, content: str = "", **values: object) -> Block:
    """A block of the whole page's width, 0.04 high, at ``y``."""
    defaults: dict[str, object] = {"confidence": 0.9, "steps": 3}
    box = values.pop("box", Box(0.1, y, 0.9, round(y + 0.04, 5)))
    return Block(kind, box, content, **{**defaults, **values})  # type: ignore[arg-type]


def document(*pages: tuple[Block, ...], name: str = "report.pdf") -> Document:
    """A document of A4 pages."""
    numbered = (Page(n, 595, 842, tuple(blocks), 0.5) for n, blocks in enumerate(pages, start=1))
    return Document(Source(name, len(pages)), "lite", tuple(numbered))


def everything() -> Document:
    """Every kind of block, on two pages."""
    first = (
        block("header", 0.0, "Running head"),
        block("title", 0.05, "A *Study* of \\(x_1\\)", box=Box(0.1, 0.05, 0.9, 0.1)),
        block("title", 0.12, "1 Introduction", box=Box(0.1, 0.12, 0.4, 0.14)),
        block(
            "text",
            0.15,
            "It costs $5, 10% & <b>more</b>; see \\(a<b\\) and C:\\temp_dir.\n# no head",
        ),
        block("equation", 0.2, "\\[ \\frac{a}{b} = \\left( c \\]", format="latex"),
        block("list", 0.25, "1. one\n2. two\nand more"),
        block("list_item", 0.3, "3. three"),
        block("image", 0.35, image="page-1-8.png"),
        block("image_caption", 0.4, "Figure 1: a picture"),
        block("table_caption", 0.45, "Table 1: numbers"),
        block("table", 0.5, TABLE, format="otsl"),
        block("table_footnote", 0.55, "* a note"),
        block("table", 0.6, SPANNED, format="otsl"),
        block(
            "code",
            0.7,
            "if a < b:\n    print('```')  # \\write18{ls}",
            box=Box(0.1, 0.7, 0.9, 0.74),
        ),
        block("code_caption", 0.745, "Listing 1"),
        block("algorithm", 0.8, "for i in 1..n\n  x := x + 1"),
        block("text", 0.85, "A paragraph that is cut in the mid-"),
        block("page_number", 0.95, "1"),
    )
    second = (
        block("header", 0.0, "Running  head"),
        block("text", 0.1, "dle by the end of the page."),
        block("ref_text", 0.2, "[1] A. Author. Title. 2020."),
        block("ref_text", 0.25, "[2] B. Author. Title. 2021."),
        block("chart", 0.3, "a: 1\nb: 2", image="page-2-4.png"),
        block("phonetic", 0.35, "/fəˈnɛtɪk/"),
        block("image_block", 0.4),
        block("equation_block", 0.45),
        block("text", 0.5, "中文文字。 Ελληνικά. \\input{/etc/passwd} ^^5cinput $x$ % end"),
        block("page_footnote", 0.9, "A footnote"),
        block("unknown", 0.95, "?"),
    )
    return document(first, second)


def save_pages(path: Path, pages: int) -> Path:
    """A PDF of empty pages."""
    with pymupdf.open() as pdf:
        for _ in range(pages):
            pdf.new_page()
        pdf.save(path)
    return path


WORDS = [("first", 0.1, 0.2, 0.99), ("doubtfull", 0.3, 0.4, 0.55), ("unsure", 0.5, 0.6, 0.7)]


def small_document(path: Path) -> Document:
    """Two pages of three words, two of them doubtful, one place unread, and one failure."""
    with pymupdf.open() as pdf:
        for _ in range(2):
            page = pdf.new_page(width=400, height=300)
            page.insert_text((40, 60), "first  doubtfull  unsure", fontsize=12)
        pdf.save(path)
    words = tuple(PageWord(t, Box(x0, 0.15, x1, 0.21), sure) for t, x0, x1, sure in WORDS)
    line = PageLine("first doubtfull unsure", Box(0.1, 0.15, 0.6, 0.21), 0.7, words)
    own = Block("text", line.box, line.text, confidence=0.7, lines=(line,))
    unread = (Unread(Box(0.1, 0.8, 0.3, 0.9), "unsure", "?<b>"),)
    pages = tuple(Page(number, 400, 300, (own,), unread=unread) for number in (1, 2))
    return Document(Source(str(path), 3), "lite", pages, (Failure("it is torn", page=3),))
