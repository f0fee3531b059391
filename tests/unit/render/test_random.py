"""Random documents through every format: whatever a model writes, a document can be written."""

import random
from pathlib import Path

import pytest
from documents import save_pages

from mdocr.document.block_types import BLOCK_FORMATS, BLOCK_TYPES
from mdocr.document.model import Block, Box, Page, Source
from mdocr.options import RenderOptions
from mdocr.render import FORMATS, Document

PARTS = [
    *("<sup>", "</sup>", "<sub>", "</sub>", "\\(", "\\)", "\\[", "\\]", "$", "\\frac{", "}", "{"),
    *("^", "_", "x", "12", "word ", "\n", "\n\n", "- ", "1. ", "☐ ", "☑ ", "[x] ", "&", "\\\\"),
    *("<fcel>", "<lcel>", "<ucel>", "<xcel>", "<nl>", "<ecel>", "<table>", "<tr>", "</td>", "|"),
    *("<td colspan=3>", "\\begin{aligned}", "\\end{aligned}", "`", "```", "#", "中文", "\u202e"),
    *("\x00", "\ud800", "Figure 1. ", "Table 2: ", "Page 3", "long-\nterm", "\\sqrt", "\\left("),
    *("\\right)", "\\text{", "<script>", "](http://a)", "é", "🙂"),
]


def random_block(chance: random.Random) -> Block:
    x, y = chance.random(), chance.random()
    box = Box(x, y, min(1, x + chance.random() / 2), min(1, y + chance.random() / 10))
    content = "".join(chance.choice(PARTS) for _ in range(chance.randint(0, 25)))
    level, image = chance.choice((0, 0, 1, 3, 6)), chance.choice(("", "a.jpg"))
    kind, form = chance.choice(BLOCK_TYPES), chance.choice(BLOCK_FORMATS)
    return Block(kind, box, content, form, level=level, image=image)


def random_document(chance: random.Random) -> Document:
    pages = tuple(
        Page(number, 600, 800, tuple(random_block(chance) for _ in range(chance.randint(0, 6))))
        for number in range(1, chance.randint(1, 4))
    )
    return Document(Source("a.pdf", len(pages)), "model", pages)


@pytest.mark.parametrize("seed", range(8))
def test_every_document_can_be_written(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_pages(tmp_path / "a.pdf", 3)
    monkeypatch.chdir(tmp_path)
    chance = random.Random(seed)
    for _ in range(20):
        document = random_document(chance)
        options = RenderOptions(
            tables=chance.choice(("html", "markdown")),
            page_marks=chance.random() < 0.5,
            keep_paratext=chance.random() < 0.5,
        )
        for form in FORMATS:
            written = document.render(form, options)
            if FORMATS[form].is_binary:
                assert written.startswith((b"%PDF-", b"PAR1"))
                continue
            assert isinstance(written, str)
            own = 1 if form == "report" else 0
            is_plain = form in ("txt", "json", "content-list", "chunks", "md", "jsonl")
            assert is_plain or written.count("<script>") == own
