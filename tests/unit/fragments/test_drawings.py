"""Loops, stamps, boxes and borders drawn over and around text: only their ink is left out."""

import tracemalloc

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from mdocr.fragments.chains import NO_WORD, Letters, find_fragments
from mdocr.fragments.rules import Rules, touching
from mdocr.layout import Layout, analyse

SIZE, LEADING = 26, 40
TEXT = "The harbour authority opened its new ferry terminal on Tuesday."


class Paper:
    """A page with lines of text, to be drawn upon."""

    def __init__(self, lines: int, x: float = 100, y: float = 200) -> None:
        self.picture = Image.new("RGB", (1240, 1600), "white")
        self.draw = ImageDraw.Draw(self.picture)
        font = ImageFont.load_default(SIZE)
        self.boxes = []
        for index in range(lines):
            self.draw.text((x, y + LEADING * index), TEXT, font=font, fill="black")
            self.boxes.append(self.draw.textbbox((x, y + LEADING * index), TEXT, font=font))

    def analyse(self) -> Layout:
        return analyse(np.asarray(self.picture))

    def assert_lines(self) -> None:
        """Every line is found once, from its first letter to its last, and nothing else."""
        layout = self.analyse()
        assert all(region.type == "text" for region in layout.regions)
        assert len(layout.lines) == len(self.boxes)
        for line, drawn in zip(layout.lines, self.boxes, strict=True):
            assert np.abs(np.array(line.box) - drawn).max() < 8


def test_text_inside_a_loop_and_under_its_stroke_is_found() -> None:
    paper = Paper(12)
    paper.draw.ellipse((300, 230, 720, 650), outline="navy", width=5)
    paper.assert_lines()


def test_a_drawing_with_labels_is_one_picture() -> None:
    paper = Paper(4)
    font = ImageFont.load_default(SIZE)
    paper.draw.line(((200, 900), (400, 700), (600, 860), (900, 600)), fill="black", width=4)
    for x, y in ((300, 640), (620, 700), (760, 850)):
        paper.draw.text((x, y), "May", font=font, fill="black")
    layout = paper.analyse()
    assert [region.type for region in layout.regions] == ["text", "image"]


def test_the_corners_of_a_rounded_box_are_no_letters() -> None:
    paper = Paper(4)
    paper.draw.rounded_rectangle((60, 160, 1100, 700), radius=30, outline="navy", width=4)
    paper.assert_lines()


def test_the_ornaments_of_a_border_are_no_letters() -> None:
    paper = Paper(5, y=600)
    for x in range(20, 1220, 24):
        for y in (20, 1540):
            paper.draw.ellipse((x, y, x + 18, y + 18), outline="olive", width=3)
    for y in range(20, 1560, 24):
        for x in (20, 1196):
            paper.draw.ellipse((x, y, x + 18, y + 18), outline="olive", width=3)
    paper.assert_lines()


def test_text_that_reaches_every_edge_is_no_border() -> None:
    paper = Paper(34, x=4, y=4)
    assert len(paper.analyse().lines) == 34


@pytest.mark.parametrize("size", [24, 110])
def test_a_strip_with_one_line(size: int) -> None:
    text, font = "The old pier will be kept for boats", ImageFont.load_default(size)
    strip = Image.new("RGB", (round(font.getlength(text)) + 60, 2 * size), "white")
    ImageDraw.Draw(strip).text((30, size // 3), text, font=font, fill="black")
    (line,) = analyse(np.asarray(strip)).lines
    assert line.box.height > 0.7 * size
    assert line.box.width > 0.95 * font.getlength(text)


def test_an_uneven_panel_over_two_columns_is_a_picture() -> None:
    paper = Paper(0)
    rng, font = np.random.default_rng(1), ImageFont.load_default(SIZE)
    grain = Image.fromarray(rng.integers(40, 200, (50, 200), np.uint8)).resize((1000, 250))
    for x in (100, 660):
        for y in (*range(200, 500, LEADING), *range(850, 1150, LEADING)):
            paper.draw.text((x, y), "The harbour opened its new ferry", font=font, fill="black")
    paper.picture.paste(grain.convert("RGB"), (120, 550))
    layout = paper.analyse()
    assert [region.type for region in layout.regions] == ["text", "text", "image", "text", "text"]
    assert len(layout.lines) == 32


def test_the_ends_of_panels_near_darker_ones_are_no_ink() -> None:
    paper = Paper(0)
    font = ImageFont.load_default(SIZE)
    for y in range(200, 1200, 250):
        paper.draw.rectangle((100, y, 600, y + 38), fill=(64, 64, 64))
        paper.draw.rectangle((100, y + 46, 600, y + 80), fill=(216, 216, 216))
        paper.draw.text((120, y + 4), "Attributes", font=font, fill="white")
        paper.draw.text((120, y + 48), "Methods", font=font, fill="black")
    assert [round(line.box.x0) for line in paper.analyse().lines] == pytest.approx([121] * 8, abs=3)


def test_a_note_that_runs_up_the_margin_is_no_stack_of_lines() -> None:
    paper = Paper(12)
    note = Image.new("RGB", (520, 34), "white")
    text = "Registered copy number four received 21 March"
    ImageDraw.Draw(note).text((2, 2), text, font=ImageFont.load_default(22), fill="black")
    paper.picture.paste(note.rotate(90, expand=True), (30, 700))
    (box,) = paper.analyse().sideways
    assert box.y0 < 740
    assert box.y1 > 1190
    paper.assert_lines()


def test_thousands_of_rules_take_no_room_for_every_pair() -> None:
    """Hatching, squared paper and screens of dots are made of them."""
    x, y = (
        axis.ravel() for axis in np.meshgrid(np.arange(50.0, 1650, 20), np.arange(50.0, 2050, 20))
    )
    level = np.column_stack([x, y, x + 15, y + 1])
    upright = np.column_stack([x + 7, y - 7, x + 8, y + 8])
    tracemalloc.start()
    groups, others = touching(Rules(level, upright), 2.0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (groups == others).all() and len(np.unique(groups)) == len(level)
    assert peak < 64 * 2**20


def test_a_dash_as_thin_as_a_pixel_is_read() -> None:
    """That of a table at a low resolution is no thicker."""
    boxes = np.array([[100.0, 100, 113, 101], [200.0, 90, 212, 109]])
    letters = Letters(boxes, np.array([13.0, 120]), np.array([13.0, 2]), np.full(2, NO_WORD))
    found = find_fragments(letters, 19.0, np.zeros((0, 4)))
    assert [100, 100, 113, 101] in found.boxes.tolist()
