"""Layout on small pages that are drawn here: where the lines are is known, and in which order."""

from collections.abc import Sequence

import numpy as np
import pymupdf
import pytest
from cases import picture_of
from PIL import Image, ImageDraw, ImageFont

from mdocr.errors import TimeLimitError
from mdocr.fragments.ink import find_background, find_ink
from mdocr.fragments.skew import find_skew
from mdocr.layout import Layout, LayoutBox, Line, analyse, cut
from mdocr.layout.heights import trimmed
from mdocr.layout.pieces import PagePiece, scale

SIZE = 26
LEADING = 40
WORDS = ("quick", "brown", "fox", "jumps", "over", "lazy", "dogs", "while", "many", "lights")
DrawnBox = tuple[float, float, float, float]


class Sheet:
    """A page on which text is drawn, and which remembers where."""

    def __init__(self, width: int = 1240, height: int = 1600, paper: str = "white") -> None:
        self.picture = Image.new("RGB", (width, height), paper)
        self.draw = ImageDraw.Draw(self.picture)
        self.boxes: list[DrawnBox] = []

    def text(self, x: float, y: float, text: str, size: int = SIZE, ink: str = "black") -> None:
        font = ImageFont.load_default(size)
        self.draw.text((x, y), text, font=font, fill=ink)
        self.boxes.append(self.draw.textbbox((x, y), text, font=font))

    def column(self, x: float, y: float, lines: int, width: float, ink: str = "black") -> None:
        font, rng = ImageFont.load_default(SIZE), np.random.default_rng(int(x + y))
        for index in range(lines):
            text = "The"
            while font.getlength(text) < width - 90:
                text += " " + str(rng.choice(WORDS))
            self.text(x, y + LEADING * index, text, ink=ink)

    def analyse(self) -> Layout:
        return analyse(self.pixels)

    @property
    def pixels(self) -> np.ndarray:
        return np.asarray(self.picture)


def shared(first: Sequence[float], second: Sequence[float]) -> float:
    """Intersection over union."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    both = max(0.0, width) * max(0.0, height)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return both / (sum(areas) - both)


def assert_found(found: Sequence[Line], drawn: Sequence[DrawnBox], least: float = 0.7) -> None:
    """The lines found are those drawn, in the order of drawing."""
    assert len(found) == len(drawn)
    for line, box in zip(found, drawn, strict=True):
        assert shared(line.box, box) > least, (line.box, box)


def test_an_empty_page() -> None:
    assert Sheet().analyse().regions == ()
    assert analyse(np.zeros((40, 30), np.uint8)).regions == ()


def test_one_column_in_order_with_its_title() -> None:
    sheet = Sheet()
    sheet.text(100, 200, "A heading in larger type", size=52)
    sheet.column(100, 320, 6, 1000)
    sheet.column(100, 320 + 8 * LEADING, 5, 1000)
    layout = sheet.analyse()
    assert_found(layout.lines, sheet.boxes)
    assert [region.type for region in layout.regions] == ["title", "text", "text"]
    assert [len(region.lines) for region in layout.regions] == [1, 6, 5]
    assert [region.level for region in layout.regions] == [1, 0, 0]


def test_two_columns_are_read_one_after_the_other() -> None:
    sheet = Sheet()
    sheet.text(250, 150, "A title that spans both of the columns", size=44)
    sheet.column(100, 260, 14, 500)
    sheet.column(660, 260, 14, 500)
    assert_found(sheet.analyse().lines, sheet.boxes)


def test_three_columns_with_a_gap_in_the_same_place() -> None:
    sheet = Sheet(width=1640)
    for x in (80, 600, 1120):
        sheet.column(x, 200, 6, 440)
        sheet.column(x, 200 + 9 * LEADING, 6, 440)
    assert_found(sheet.analyse().lines, sheet.boxes)


def test_paragraphs_by_first_line_indent() -> None:
    sheet = Sheet()
    for start in (0, 4, 8):
        sheet.column(140, 200 + LEADING * start, 1, 920)
        sheet.column(100, 200 + LEADING * (start + 1), 3, 960)
    assert [len(region.lines) for region in sheet.analyse().regions] == [4, 4, 4]


def test_bullets_begin_list_items() -> None:
    sheet = Sheet()
    sheet.column(100, 200, 3, 900)
    for index in range(3):
        y = 360 + 2 * LEADING * index
        sheet.draw.ellipse((110, y + 12, 120, y + 22), fill="black")
        sheet.column(150, y, 2, 800)
    kinds = [region.type for region in sheet.analyse().regions]
    assert kinds == ["text", "list_item", "list_item", "list_item"]


def test_header_and_page_number() -> None:
    sheet = Sheet()
    sheet.text(480, 50, "A running header")
    sheet.column(100, 200, 20, 1000)
    sheet.text(610, 1520, "17")
    layout = sheet.analyse()
    assert [r.type for r in layout.regions if r.type != "text"] == ["header", "page_number"]
    assert layout.regions[-1].type == "page_number"


def draw_grid(sheet: Sheet, columns: Sequence[int], rows: Sequence[int]) -> None:
    for x in columns:
        sheet.draw.line((x, rows[0], x, rows[-1]), fill="black", width=3)
    for y in rows:
        sheet.draw.line((columns[0], y, columns[-1], y), fill="black", width=3)


def test_ruled_table_with_a_span() -> None:
    sheet = Sheet()
    sheet.column(100, 150, 4, 1000)
    columns, rows = (100, 400, 700, 1000), (400, 460, 520, 580)
    draw_grid(sheet, columns, rows)
    sheet.draw.rectangle((390, 404, 410, 456), fill="white")
    sheet.text(300, 414, "over two columns")
    for y in rows[1:-1]:
        for x in columns[:-1]:
            sheet.text(x + 40, y + 14, f"cell {x + y}")
    table = next(region for region in sheet.analyse().regions if region.type == "table")
    spans = [(c.row, c.column, c.row_span, c.column_span) for c in table.cells]
    assert spans[:2] == [(0, 0, 1, 2), (0, 2, 1, 1)]
    assert spans[2:] == [(row, column, 1, 1) for row in (1, 2) for column in (0, 1, 2)]
    assert [len(cell.lines) for cell in table.cells] == [1, 0] + [1] * 6
    assert_found(table.lines, sheet.boxes[4:])


def test_table_without_rules() -> None:
    sheet = Sheet()
    for row in range(6):
        for column, x in enumerate((100, 420, 640, 860)):
            text = f"name {row}{row}" if column == 0 else f"{1234 * (row + 2) * column}"
            sheet.text(x, 300 + LEADING * row, text)
    (table,) = sheet.analyse().regions
    assert table.type == "table"
    assert {(cell.row, cell.column) for cell in table.cells} == {
        (row, column) for row in range(6) for column in range(4)
    }
    assert_found(table.lines, sheet.boxes, least=0.6)


def test_text_on_dark_and_light_panels() -> None:
    sheet = Sheet()
    sheet.draw.rectangle((80, 180, 1160, 520), fill=(20, 40, 90))
    sheet.column(100, 220, 6, 1000, ink="white")
    sheet.column(100, 620, 6, 1000)
    assert_found(sheet.analyse().lines, sheet.boxes)


def test_a_dark_page() -> None:
    sheet = Sheet(paper="black")
    sheet.column(100, 200, 8, 1000, ink="yellow")
    assert_found(sheet.analyse().lines, sheet.boxes)


def test_uneven_light_and_noise() -> None:
    sheet = Sheet()
    sheet.column(100, 200, 20, 1000)
    shade = np.linspace(1.0, 0.45, 1240)[None, :, None]
    noise = np.random.default_rng(0).normal(0, 4, (1600, 1240, 1))
    pixels = np.clip(sheet.pixels * shade + noise, 0, 255).astype(np.uint8)
    assert_found(analyse(pixels).lines, sheet.boxes)


def test_a_drawing_is_an_image_and_its_labels_are_no_text() -> None:
    sheet = Sheet()
    sheet.column(100, 150, 5, 1000)
    for radius in range(40, 200, 30):
        box = (600 - radius, 700 - radius, 600 + radius, 700 + radius)
        sheet.draw.arc(box, 10, 350, fill="black", width=4)
    sheet.draw.line((400, 640, 800, 760), fill="black", width=4)
    kinds = [region.type for region in sheet.analyse().regions]
    assert kinds == ["text", "image"]


@pytest.mark.parametrize("angle", [-9.0, -2.5, 0.7, 6.0])
def test_skew_is_found_and_cut_lines_are_level(angle: float) -> None:
    sheet = Sheet()
    sheet.column(220, 400, 18, 800)
    turned = np.asarray(sheet.picture.rotate(-angle, Image.Resampling.BICUBIC, fillcolor="white"))
    layout = analyse(turned)
    assert layout.angle == pytest.approx(angle, abs=0.15)
    assert_found(layout.lines, sheet.boxes, least=0.6)
    line = layout.lines[9]
    piece = cut(turned, line)
    assert piece.shape[0] < 1.6 * SIZE + 8 and piece.shape[1] > 600
    assert (piece[:2] > 200).all() and (piece.min(axis=(0, 2)) < 100).mean() > 0.5


def test_no_skew_without_lines() -> None:
    rng = np.random.default_rng(1)
    assert find_skew(rng.uniform(0, 900, 300), rng.uniform(0, 900, 300), 12.0) == 0
    assert find_skew(np.zeros(3), np.zeros(3), 12.0) == 0


def test_cut_takes_native_pixels_with_a_margin() -> None:
    sheet = Sheet()
    sheet.column(100, 200, 3, 900)
    line = sheet.analyse().lines[1]
    piece = cut(sheet.pixels, line)
    x0, y0 = int(line.box.x0), int(line.box.y0)
    margin = (piece.shape[0] - round(line.box.height)) // 2
    assert margin >= 2
    inner = sheet.pixels[y0 : y0 + 20, x0 : x0 + 300]
    assert (piece[margin : margin + 20, margin : margin + 300] == inner).all()
    edge = cut(sheet.pixels, Line(LayoutBox(-5, -5, 30, 15)))
    assert edge.shape == (26, 41, 3) and (edge == 255).all()


def test_outline_of_a_turned_box() -> None:
    layout = Layout(1000, 500, 90.0, ())
    x0, y0, x1, y1 = layout.outline(LayoutBox(480, 200, 520, 300))
    assert (x0, x1) == pytest.approx((0.45, 0.55), abs=0.01)
    assert (y0, y1) == pytest.approx((0.46, 0.54), abs=0.01)


def test_large_and_small_pictures_give_boxes_in_their_own_pixels() -> None:
    sheet = Sheet()
    sheet.column(100, 200, 8, 1000)
    for factor in (0.4, 2.5):
        size = round(1240 * factor), round(1600 * factor)
        layout = analyse(np.asarray(sheet.picture.resize(size, Image.Resampling.LANCZOS)))
        drawn = [tuple(factor * edge for edge in box) for box in sheet.boxes]
        assert_found(layout.lines, drawn, least=0.6)  # type: ignore[arg-type]


def test_light_writing_on_a_narrow_dark_band() -> None:
    sheet = Sheet()
    sheet.column(100, 100, 3, 1000)
    sheet.draw.rectangle((90, 292, 1100, 332), fill="black")
    sheet.text(110, 297, "Name and number and address", ink="white")
    sheet.column(100, 360, 3, 1000)
    assert_found(sheet.analyse().lines, sheet.boxes)


def test_a_thick_rule_is_no_dark_band() -> None:
    grey = np.full((280, 780), 255, np.uint8)
    for y in (20, 80, 140, 200):
        grey[y : y + 4, 20:760] = 0
    for x in (20, 270, 520, 757):
        grey[20:204, x : x + 3] = 0
    background = find_background(grey)
    assert background.min() == 255
    assert np.array_equal(find_ink(grey, background), grey < 128)


def test_a_line_of_bold_type_is_no_dark_band() -> None:
    grey = np.full((1754, 1240), 255, np.uint8)
    for index in range(14):  # a third of the letters have ascenders
        grey[150 + 14 * (index % 3 > 0) : 194, 300 + 44 * index : 328 + 44 * index] = 20
    assert (find_ink(grey, find_background(grey)) == (grey < 128)).all()


@pytest.mark.parametrize("size", [60, 110, 160])
def test_a_headline_of_any_size_is_no_panel(size: int) -> None:
    sheet = Sheet()
    sheet.column(200, 700, 12, 900)
    font, bold = ImageFont.load_default(size), size // 20
    sheet.draw.text((90, 100), "Report", "black", font, stroke_width=bold)
    title = sheet.analyse().regions[0]
    drawn = sheet.draw.textbbox((90, 100), "Report", font, stroke_width=bold)
    assert title.type == "title" and shared(title.box, drawn) > 0.8


def test_a_thick_drawing_is_no_headline() -> None:
    """A trunk with boughs as thick as bold type: cleared, its ink would hold the page together."""
    grey = np.full((1000, 800), 250, np.uint8)
    for top in range(60, 940, 60):
        grey[top : top + 20, 500:760] = 120
    grey[50:950, 600:660] = 120
    for row in range(50, 950, 24):
        grey[row : row + 6, 605:650] = 250  # bark
    background = find_background(grey)
    assert (background[200:800, 625:645] < 180).mean() > 0.8
    assert (background[:, :300] > 240).all()


def test_ink_is_found_on_any_paper() -> None:
    for paper, ink in ((250, 30), (30, 250), (140, 60)):
        grey = np.full((200, 200), paper, np.uint8)
        grey[90:110, 40:160:8] = ink
        found = find_ink(grey, find_background(grey))
        assert (found == (grey == ink)).all()


def test_a_stamp_that_runs_up_the_margin_is_left_out() -> None:
    sheet = Sheet()
    sheet.column(200, 200, 20, 900)
    stamp = Image.new("RGB", (600, 30), "white")
    ImageDraw.Draw(stamp).text(
        (0, 0), "printed twice on grey paper", "black", ImageFont.load_default(22)
    )
    sheet.picture.paste(stamp.rotate(90, expand=True), (80, 300))
    assert_found(sheet.analyse().lines, sheet.boxes)


def test_commas_belong_to_their_lines_on_a_page_full_of_specks() -> None:
    sheet, rng = Sheet(), np.random.default_rng(2)
    for index in range(6):
        sheet.text(100, 200 + LEADING * index, "one, two, three, four, five, six, seven,")
    for x, y in zip(rng.uniform(700, 1200, 600), rng.uniform(600, 1500, 600), strict=True):
        sheet.draw.rectangle((x, y, x + 2, y + 2), fill="black")
    assert_found(sheet.analyse().lines, sheet.boxes)


def test_a_last_line_of_low_letters_belongs_to_its_paragraph() -> None:
    sheet = Sheet()
    sheet.column(100, 200, 4, 1000)
    sheet.text(100, 200 + 4 * LEADING, "sources.")
    sheet.column(100, 200 + 6 * LEADING, 3, 1000)
    regions = sheet.analyse().regions
    assert [(region.type, len(region.lines)) for region in regions] == [("text", 5), ("text", 3)]


def test_brackets_make_no_title_of_a_list_item() -> None:
    sheet = Sheet()
    sheet.column(100, 200, 5, 1000)
    y = 200 + 6 * LEADING
    sheet.draw.ellipse((110, y + 12, 120, y + 22), fill="black")
    sheet.column(150, y, 1, 900)
    sheet.text(150, y + LEADING, "(48 states), signs (41 of them), instructions (40 states)")
    regions = sheet.analyse().regions
    assert [(r.type, len(r.lines)) for r in regions] == [("text", 5), ("list_item", 2)]


def test_a_title_goes_on_under_its_first_word() -> None:
    sheet = Sheet()
    sheet.text(100, 200, "2   A long title that needs", size=40)
    sheet.text(165, 256, "one more line", size=40)
    sheet.column(100, 350, 5, 1000)
    regions = sheet.analyse().regions
    assert [region.type for region in regions] == ["title", "text"]
    assert regions[0].box.y0 < 250 < regions[0].box.y1


def test_dots_to_be_written_on_keep_a_row_together() -> None:
    sheet = Sheet()
    dots = "." * 40
    rows = (f"Name {dots} born on", f"the {dots[:20]} in {dots[:12]}", f"and {dots} living at")
    for index, row in enumerate(rows):
        sheet.text(100, 200 + 2 * LEADING * index, row)
    lines = sheet.analyse().lines
    starts = [place for place, line in enumerate(lines) if round(line.box.x0, -1) == 100]
    assert starts == [0, 2, 4]  # two lines a row: what stands before and after the dots
    assert [line.box.x0 > 200 for line in lines] == [False, True] * 3


def test_a_dash_in_a_table_has_the_height_of_a_line() -> None:
    sheet = Sheet()
    for row in range(6):
        for column, x in enumerate((100, 420, 640, 860)):
            text = "\u2014" if row == column else f"{1234 * (row + 2)}"
            sheet.text(x, 300 + LEADING * row, text)
    (table,) = sheet.analyse().regions
    dashes = [cell for cell in table.cells if cell.row == cell.column]
    assert [len(cell.lines) for cell in dashes] == [1, 1, 1, 1]
    assert all(0.6 * SIZE < cell.lines[0].box.height < SIZE for cell in dashes)


def test_pairs_of_level_lines_in_a_ruled_table_are_two_rows() -> None:
    sheet = Sheet()
    columns, rows = (100, 300, 600, 900, 1140), (400, 500, 600, 700)
    draw_grid(sheet, columns, rows)
    for y in rows[:-1]:
        sheet.text(columns[0] + 40, y + 34, f"{y}")
        for x in columns[1:-1]:
            sheet.text(x + 40, y + 14, f"{x + y}")
            sheet.text(x + 40, y + 54, f"{x - y}")
    (table,) = sheet.analyse().regions
    first = [(c.row, c.column, c.row_span) for c in table.cells if c.row < 2]
    assert first == [(0, 0, 2), (0, 1, 1), (0, 2, 1), (0, 3, 1), (1, 1, 1), (1, 2, 1), (1, 3, 1)]
    assert max(cell.row + cell.row_span for cell in table.cells) == 6


def test_a_coloured_head_with_spans_over_rows_without_uprights() -> None:
    sheet = Sheet()
    columns, rows = (100, 300, 500, 640, 780, 920, 1060), (400, 480, 560, 610, 660, 710)
    orange, grey = (247, 132, 43), (90, 90, 90)
    sheet.draw.rectangle((100, 400, 500, 560), fill=orange)
    sheet.draw.rectangle((500, 400, 1060, 480), fill=orange)
    levels = [(100, 400, 1060, 400), (500, 480, 1060, 480), (100, 560, 1060, 560)]
    levels += [(100, y, 1060, y) for y in rows[3:]]
    uprights = [(x, 400, x, 560) for x in (300, 500, 780)] + [(x, 480, x, 560) for x in (640, 920)]
    for line in (*levels, *uprights, (100, 400, 100, 710), (1060, 400, 1060, 710)):
        sheet.draw.line(line, fill=grey, width=2)
    for x, y, text in ((130, 467, "Country"), (340, 467, "Size"), (600, 427, "2007")):
        sheet.text(x, y, text, ink="white")
    sheet.text(880, 427, "2006", ink="white")
    for x in columns[2:-1]:
        sheet.text(x + 50, 507, "N")
    for y in rows[2:-1]:
        for x in columns[:-1]:
            sheet.text(x + 20, y + 12, f"{x + y}")
    (table,) = sheet.analyse().regions
    spans = [(c.row, c.column, c.row_span, c.column_span) for c in table.cells]
    assert spans[:4] == [(0, 0, 2, 1), (0, 1, 2, 1), (0, 2, 1, 2), (0, 4, 1, 2)]
    assert spans[4:8] == [(1, column, 1, 1) for column in (2, 3, 4, 5)]
    assert spans[8:] == [(row, column, 1, 1) for row in (2, 3, 4) for column in range(6)]
    assert all(len(cell.lines) == 1 for cell in table.cells)


def test_long_words_in_the_head_of_a_table_ruled_row_by_row() -> None:
    sheet = Sheet()
    columns, rows = (100, 400, 700, 1000), (400, 540, 590, 640, 690, 740, 790)
    draw_grid(sheet, columns, rows)
    for x in columns[:-1]:
        for line, text in enumerate(("scores of", "students", "taking")):
            sheet.text(x + 40, 412 + LEADING * line, text)
        for y in rows[1:-1]:
            sheet.text(x + 40, y + 12, f"{x + y}")
    (table,) = sheet.analyse().regions
    assert [len(cell.lines) for cell in table.cells] == [3, 3, 3] + [1] * 15


def test_scattered_addresses_are_read_section_by_section() -> None:
    sheet = Sheet()
    for x, y in ((100, 100), (700, 300), (100, 520), (700, 520)):
        for index, text in enumerate(("Lattre", "35 Rue", "Villeurbanne")):
            sheet.text(x, y + LEADING * index, text)
    lines = sheet.analyse().lines
    heights = [line.box.y0 for line in lines]
    assert len(lines) == 12 and max(heights[:3]) < 300 <= min(heights[3:6]) < 500 < min(heights[6:])


def test_a_row_close_under_a_table_is_no_footer() -> None:
    sheet = Sheet()
    sheet.column(100, 100, 6, 1000)
    draw_grid(sheet, (100, 600, 1100), tuple(range(400, 1501, 100)))
    for y in range(400, 1500, 100):
        sheet.text(140, y + 34, "name")
        sheet.text(640, y + 34, f"{y}")
    sheet.text(100, 1510, "See the notes to this form")
    assert sheet.analyse().regions[-1].type == "text"


def test_a_line_is_cut_off_below_the_one_over_it() -> None:
    over = PagePiece(LayoutBox(300, 109, 500, 125), 12, count=20, base=122, middle=9)
    large = PagePiece(LayoutBox(300, 111, 980, 156), 39, count=30, base=152, middle=17)
    assert [piece.box for piece in trimmed([over, large])] == [
        over.box,
        LayoutBox(300, 125, 980, 156),
    ]
    beside = PagePiece(LayoutBox(40, 109, 290, 130), 12, count=20, base=122, middle=9)
    assert [piece.box for piece in trimmed([beside, large])] == [beside.box, large.box]


def test_types_are_compared_by_capitals_and_by_low_letters() -> None:
    box = LayoutBox(0, 0, 100, 20)
    line = PagePiece(box, 20, middle=14)
    assert scale(PagePiece(box, 14, middle=14), line) == pytest.approx(1)
    assert scale(PagePiece(box, 26, middle=14), line) == pytest.approx(1)
    assert scale(PagePiece(box, 30, middle=21), line) == pytest.approx(1.5)


def test_a_line_of_figures_does_not_cut_its_paragraph() -> None:
    sheet = Sheet()
    sheet.column(100, 200, 3, 900)
    sheet.text(
        100, 200 + 3 * LEADING, "(62697) [83] (63561) [2018] (11) [39] {14} (19512) [54] (9) [7]"
    )
    sheet.column(100, 200 + 4 * LEADING, 3, 900)
    assert [len(region.lines) for region in sheet.analyse().regions] == [7]


def test_columns_whose_lines_are_not_level_are_no_rows() -> None:
    sheet = Sheet()
    sheet.column(100, 200, 12, 480)
    for index in range(8):
        sheet.text(700, 207 + LEADING * index, f"Short entry {index}")
    starts = [line.box.x0 > 600 for line in sheet.analyse().lines]
    assert starts == sorted(starts)


def test_no_column_crosses_a_rule() -> None:
    sheet = Sheet()
    for section in range(2):
        y = 200 + 12 * LEADING * section
        sheet.column(100, y, 8, 480)
        sheet.column(700, y, 8, 480)
    sheet.draw.line((80, 200 + 10 * LEADING, 1200, 200 + 10 * LEADING), fill="black", width=3)
    lines = sheet.analyse().lines
    above = [line.box.y1 < 200 + 10 * LEADING for line in lines]
    assert above == [True] * 16 + [False] * 16


def test_records_of_several_lines_in_one_ruled_row() -> None:
    sheet = Sheet()
    draw_grid(sheet, (100, 300, 700, 860, 1060), (200, 260, 200 + 14 * LEADING))
    for x, text in ((120, "Pos"), (320, "Article"), (720, "Count"), (880, "Price")):
        sheet.text(x, 215, text)
    for index in range(4):
        y = 280 + 3 * LEADING * index
        for x, text in ((120, f"{index + 1}0"), (320, "Article"), (720, "15"), (880, "12,00")):
            sheet.text(x, y, text)
        sheet.text(320, y + LEADING, "delivered in May")
    (table,) = [region for region in sheet.analyse().regions if region.cells]
    assert max(cell.row for cell in table.cells) == 4
    assert [len(cell.lines) for cell in table.cells if cell.row == 2] == [1, 2, 1, 1]


def test_squared_paper_is_no_table():
    paper = np.full((1600, 1600), 255, np.uint8)
    paper[::20] = paper[:, ::20] = 90
    assert all(region.type != "table" for region in analyse(paper).regions)


def test_a_page_of_noise_is_a_picture_and_reported(caplog):
    page = np.full((2600, 2000), 255, np.uint8)
    for row, column in np.ndindex(5, 4):
        page[row::12, column::12] = 0
    layout = analyse(page)
    assert [region.type for region in layout.regions] == ["image"]
    assert "kept as a picture" in caplog.text


def test_cells_of_two_lines_in_a_table_without_rules() -> None:
    sheet = Sheet()
    y = 200
    records = ("Ellwood", 2), ("Tarrow", 2), ("Quillon", 1), ("Norwick", 2)
    for name, lines in records:
        for x, text in ((100, name), (360, "Berths and lay days"), (760, "2011"), (950, "38.5")):
            sheet.text(x, y, text)
        if lines == 2:
            sheet.text(360, y + 32, "and the tide tables")
        y += 32 * lines + 22
    (table,) = sheet.analyse().regions
    found = [(cell.row, cell.column, len(cell.lines)) for cell in table.cells]
    expected = [
        (row, column, lines if column == 1 else 1)
        for row, (_, lines) in enumerate(records)
        for column in range(4)
    ]
    assert found == expected


def test_a_page_that_takes_too_long_is_given_up_by_name() -> None:
    sheet = Sheet()
    sheet.column(100, 100, 3, 800)
    with pytest.raises(TimeLimitError, match="layout of the page takes more than 0 s"):
        analyse(sheet.pixels, seconds=0)


@pytest.mark.parametrize("dpi", [130, 200])
def test_words_of_a_typewriter_are_no_columns(dpi: int) -> None:
    rows = [("Wholemeal bread", "2.49"), ("Milk of cows 2 l", "1.19"), ("Dish soap", "1.45")]
    rows += [("Spaghetti No 5", "0.99"), ("Olive oil 2 l", "8.49")]

    def draw(sheet: pymupdf.Page) -> None:
        for number, row in enumerate(rows):
            for x, text in zip((20, 170), row, strict=True):
                sheet.insert_text((x, 40 + 16 * number), text, fontsize=10, fontname="cour")

    (table,) = analyse(np.asarray(picture_of(draw, (220, 150), dpi))).regions
    assert {cell.column for cell in table.cells} == {0, 1}
    assert {cell.row for cell in table.cells} == set(range(len(rows)))


def test_a_table_ruled_from_row_to_row_has_cells_of_several_lines() -> None:
    sheet = Sheet()
    records = (
        [("Ellwood", "Slipway one", "2011"), ("Pier road 4", "and two", ""), ("Norwick", "", "")],
        [("Tarrow", "Fishing berth", "2012"), ("", "with crane", "")],
        [("Quillon", "Lay days", "2013"), ("Mole", "", "")],
    )
    y = 200
    for record in ([("Owner", "Berth", "Year")], *records):
        for line in record:
            for x, text in zip((100, 500, 900), line, strict=True):
                if text:
                    sheet.text(x, y, text)
            y += 32
        sheet.draw.line((90, y + 10, 1100, y + 10), "black", 2)
        y += 24
    (table,) = sheet.analyse().regions
    found = [(cell.row, cell.column, len(cell.lines)) for cell in table.cells]
    expected = [
        (row, column, sum(bool(line[column]) for line in record))
        for row, record in enumerate(([("Owner", "Berth", "Year")], *records))
        for column in range(3)
    ]
    assert found == expected


@pytest.mark.parametrize("size", [(1, 1), (300, 1), (1, 300), (2, 300)])
def test_pages_a_pixel_wide_or_high_have_no_lines(size):
    for ink in (0, 255):
        assert not analyse(np.full((*size, 3), ink, np.uint8)).lines


def test_a_long_table_takes_seconds():
    sheet = Sheet(400, 8200)
    for row in range(401):
        sheet.draw.line((10, 10 + 20 * row, 370, 10 + 20 * row), "black", 1)
    for column in range(7):
        sheet.draw.line((10 + 60 * column, 10, 10 + 60 * column, 8010), "black", 1)
    for row in range(400):
        for column in range(6):
            sheet.text(22 + 60 * column, 12 + 20 * row, "ab1", 14)
    (table,) = analyse(np.asarray(sheet.picture), seconds=20).regions
    assert len(table.cells) == 2400
