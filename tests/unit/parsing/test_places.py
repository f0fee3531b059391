"""Where lines and words stand: their boxes meet the ink, upright, turned and askew."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pymupdf
import pytest

import mdocr
from mdocr.document.model import Box, PageLine, PageWord
from mdocr.parsing.line_reader.places import placed_characters, placed_words

TEXT = [
    "It is a truth universally acknowledged, that a man",
    "in possession of a good fortune, must be in want of",
    "a wife. However little known the feelings or views",
    "of such a man may be on his first entering a parish",
]
SCALE = 200 / 72


def write_page(path: Path, turn: float = 0.0) -> tuple[Path, list[tuple[str, pymupdf.Quad]]]:
    """A page of four lines, and the outlines of its words; turned about its middle, degrees."""
    with pymupdf.open() as document:
        page = document.new_page(width=400, height=400)
        morph = (pymupdf.Point(200, 200), pymupdf.Matrix(turn))
        words = []
        for row, line in enumerate(TEXT):
            start = pymupdf.Point(50, 150 + 22 * row)
            page.insert_text(start, line, fontsize=13, fontname="tiro", morph=morph)
            words += drawn_words(line, start, (morph[0], ~morph[1]))  # PDF counts upwards
        document.save(path)
    return path, words


def drawn_words(line: str, start: pymupdf.Point, morph) -> list[tuple[str, pymupdf.Quad]]:
    found, place = [], 0
    for word in line.split():
        place = line.index(word, place)
        x = start.x + pymupdf.get_text_length(line[:place], "tiro", 13)
        width = pymupdf.get_text_length(word, "tiro", 13)
        box = pymupdf.Rect(x, start.y - 10, x + width, start.y + 4)
        found.append((word, box.quad.morph(*morph)))
        place += len(word)
    return found


def shares(words: Sequence[PageWord], drawn: pymupdf.Quad, pixels: np.ndarray) -> list[float]:
    """Share of the ink in an outline that the box of each word covers."""
    rect = drawn.rect
    y, x = np.nonzero(pixels < 128)
    points = np.column_stack([x, y]) / SCALE
    inside = (points >= (rect.x0, rect.y0)).all(axis=1) & (points <= (rect.x1, rect.y1)).all(axis=1)
    ink = points[inside] / 400
    assert len(ink) > 20
    return [float(covered(word.box, ink).mean()) for word in words]


def covered(box: Box, points: np.ndarray) -> np.ndarray:
    return ((points >= (box.x0, box.y0)) & (points <= (box.x1, box.y1))).all(axis=1)


def grey(path: Path) -> np.ndarray:
    with pymupdf.open(path) as document:
        pixels = document[0].get_pixmap(dpi=200, colorspace="gray")
    return np.frombuffer(pixels.samples, np.uint8).reshape(pixels.height, pixels.width)


@pytest.mark.parametrize("turn", [0.0, 90.0])
def test_the_box_of_a_word_covers_its_ink_and_no_other(tmp_path: Path, turn: float) -> None:
    path, drawn = write_page(tmp_path / "a.pdf", turn)
    page = mdocr.parse(path, boxes="word").pages[0]
    words = [word for block in page.blocks for line in block.lines for word in line.words]
    assert [word.text for word in words] == [text for text, _ in drawn]
    pixels = grey(path)
    for number, (text, outline) in enumerate(drawn):
        found = shares(words, outline, pixels)
        assert found[number] >= 0.8, text
        others = [share for other, share in enumerate(found) if other != number]
        assert max(others) <= 0.1, text


def test_a_page_askew_has_its_boxes_where_its_words_are(tmp_path: Path) -> None:
    path, drawn = write_page(tmp_path / "a.pdf", 4.0)
    page = mdocr.parse(path, boxes="word").pages[0]
    words = [word for block in page.blocks for line in block.lines for word in line.words]
    assert [word.text for word in words] == [text for text, _ in drawn]
    for word, (_, outline) in zip(words, drawn, strict=True):
        x, y = (word.box.x0 + word.box.x1) * 200, (word.box.y0 + word.box.y1) * 200
        assert pymupdf.Point(x, y) in outline.rect


def test_lines_keep_what_was_read_and_blocks_what_is_joined(tmp_path: Path) -> None:
    path, _ = write_page(tmp_path / "a.pdf")
    document = mdocr.parse(path, boxes="line")
    (block,) = document.pages[0].blocks
    assert [line.text for line in block.lines] == TEXT
    assert all(not line.words and line.confidence > 0.9 for line in block.lines)
    assert block.box.y0 <= block.lines[0].box.y0 < block.lines[0].box.y1 < block.lines[1].box.y1


def test_without_being_asked_for_no_line_is_kept(tmp_path: Path) -> None:
    path, _ = write_page(tmp_path / "a.pdf")
    assert [block.lines for block in mdocr.parse(path).pages[0].blocks] == [()]


def mask_of(*words: tuple[int, int]) -> np.ndarray:
    """A strip 32 high with letters 6 wide, 2 apart, from each start, so many."""
    mask = np.zeros((32, 200), bool)
    for start, letters in words:
        for letter in range(letters):
            mask[8:24, start + 8 * letter : start + 8 * letter + 6] = True
    return mask


def test_frames_that_miss_a_letter_still_find_the_gaps() -> None:
    mask = mask_of((4, 5), (52, 4), (92, 6))
    frames = np.interp(np.arange(50) * 4 + 2, [4, 130], [0, 16])  # 17 characters are written
    characters = placed_characters("three four sixsix", [0.9] * 17, frames.tolist(), 0, 4)
    words = placed_words(characters, mask)
    assert [(word.text, word.x0, word.x1) for word in words] == [
        ("three", 4, 42),
        ("four", 52, 82),
        ("sixsix", 92, 138),
    ]
    assert {(word.y0, word.y1) for word in words} == {(8, 24)}


def test_words_that_touch_are_parted_by_the_frames() -> None:
    mask = np.zeros((32, 100), bool)
    mask[8:24, 10:90] = True
    frames = np.interp(np.arange(25) * 4 + 2, [10, 90], [0, 9]).tolist()
    first, second = placed_words(placed_characters("abcd efgh", [], frames, 0, 4), mask)
    assert first.x0 == 10 and second.x1 == 90
    assert abs(first.x1 - 50) <= 4 and second.x0 == first.x1


def test_a_line_survives_json() -> None:
    box = Box(0.1, 0.2, 0.3, 0.4)
    line = PageLine("a b", box, 0.5, (PageWord("a", box, 0.25), PageWord("b", box, 0.75)), 90)
    assert PageLine.from_dict(line.to_dict()) == line
