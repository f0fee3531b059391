"""The report: what it holds."""

import re
from pathlib import Path

import pytest
from documents import block, document, everything, small_document

from mdocr.document.model import Block, Box, PageLine
from mdocr.render.placed import placed_lines


def test_every_word_has_its_place_and_confidence(tmp_path: Path) -> None:
    made = small_document(tmp_path / "a.pdf").render("report")
    assert '<span class="w d3 doubt" role="mark" data-b="300 150 400 210" data-c="55">' in made
    assert '<span class="w" data-b="100 150 200 210" data-c="99">first</span>' in made
    assert "2 pages, 6 words, 4 doubtful" in made
    assert "Page 3: it is torn" in made and made.count('class="hole unsure"') == 2
    assert made.count("data:image/webp;base64,") == 2
    assert "unsure: ?&lt;b&gt;" in made


def test_words_in_cells_have_their_tint_and_place() -> None:
    cells = [("Tea", 0.99), ("2", 0.5), ("Tea", 0.7), ("10<sup>3</sup>", 0.4)]
    content = "<fcel>Tea<fcel>2<nl><fcel>Tea<fcel>10<sup>3</sup><nl>"
    lines = tuple(
        PageLine(text.replace("<sup>3</sup>", "3"), Box(0.1 * n, 0.2, 0.1 * n + 0.05, 0.3), sure)
        for n, (text, sure) in enumerate(cells)
    )
    table = block("table", 0.2, content, format="otsl", lines=lines)
    made = document((table,)).render("report")
    assert re.findall(r'class="w( d\d)?(?: doubt" role="mark|)" data-b="([\d.]+)', made) == [
        ("", "0"),
        (" d3", "100"),
        (" d2", "200"),
        (" d3", "300"),
    ]
    assert "10<sup>3</sup></span>" in made and "4 words, 3 doubtful" in made


def test_a_word_that_a_line_breaks_is_not_torn() -> None:
    own = block("text", 0.1, "a docu-\nment\n– so")
    made = document((own,)).render("report")
    assert "a docu-ment – so" in " ".join(re.sub("<[^>]*>", "", made).split())


def test_a_block_is_placed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[Block] = []

    def placed(own: Block) -> tuple[PageLine, ...]:
        counted.append(own)
        return placed_lines(own)

    monkeypatch.setattr("mdocr.render.report_blocks.placed_lines", placed)
    made = everything().render("report")
    assert made.count('<div class="block ') == len(counted)


def test_nothing_is_asked_of_a_network() -> None:
    made = everything().render("report")
    assert not re.findall(r"(?:src|href)=\"(?!data:)", made)
    assert not re.findall(r"url\(|@import|fetch\(|XMLHttpRequest", made)
    assert "default-src 'none'" in made


def test_without_its_file_a_report_has_the_text(caplog: pytest.LogCaptureFixture) -> None:
    made = document((block("text", 0.1, "<script>alert(1)</script>"),)).render("report")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in made and "<img" not in made
    assert "no pictures" in caplog.text
