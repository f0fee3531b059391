"""The small steps of reading a page: layouts, crops, runaway texts, line pieces, lists, tables."""

import numpy as np
import pytest
from cases import strip
from page_models import drawn, region
from PIL import Image

from mdocr.batch.destination import stems
from mdocr.decoding.requests import Generation
from mdocr.document.layout_text import parse_layout
from mdocr.document.model import Block, Box
from mdocr.document.tables import parse as parse_table
from mdocr.errors import UsageError
from mdocr.layout import LayoutBox, LayoutCell, Line
from mdocr.options import ParseOptions
from mdocr.parsing.crops import cut_region, fit
from mdocr.parsing.guard import without_runaway
from mdocr.parsing.kinds import kind_of
from mdocr.parsing.line_reader.lists import as_lists
from mdocr.parsing.line_reader.noise import is_noise, unread_share
from mdocr.parsing.line_reader.pieces import split_line
from mdocr.parsing.line_reader.tables import table_of
from mdocr.parsing.texts import Text
from mdocr.postprocess.duplicates import drop_duplicates


def test_layout_in_the_model_s_words():
    text = "\n".join(
        [
            region("title", (100, 50, 900, 120)),
            region("TABLE", (100, 900, 900, 200), "right"),
            "<|box_start|>1 2 3<|box_end|><|ref_start|>text<|ref_end|>",
            region("text", (100, 100, 100, 200)),
            region("text", (100, 100, 1001, 200)),
            "",
            region("novelty", (0, 0, 1000, 1000)).replace("<|rotate_up|>", ""),
        ]
    )
    layout = parse_layout(text)
    blocks = layout.regions
    assert [(block.type, block.angle) for block in blocks] == [
        ("title", 0),
        ("table", 90),
        ("unknown", 0),
    ]
    assert blocks[0].box == Box(0.1, 0.05, 0.9, 0.12)
    assert blocks[1].box == Box(0.1, 0.2, 0.9, 0.9)
    assert len(layout.malformed) == 3
    assert layout.unknown_types == ("novelty",)


def test_layout_keeps_one_of_two_boxes_for_the_same_region():
    same = [region("text", (100, 100, 900, 200)), region("title", (102, 100, 900, 199))]
    layout = parse_layout("\n".join([*same, region("text", (100, 300, 900, 400))]))
    blocks = drop_duplicates(list(layout.regions))
    assert [(block.type, block.box.y0) for block in blocks] == [("text", 0.1), ("text", 0.3)]


@pytest.mark.parametrize(
    ("angle", "place"), [(0, (0, 0)), (90, (0, 9)), (180, (9, 19)), (270, (19, 0))]
)
def test_crops_are_turned_counter_clockwise(angle, place):
    page = Image.new("RGB", (100, 100), "white")
    page.putpixel((20, 30), (255, 0, 0))
    crop = cut_region(page, Box(0.2, 0.3, 0.3, 0.5), angle)
    assert crop.size == ((10, 20) if angle % 180 == 0 else (20, 10))
    assert crop.getpixel(place) == (255, 0, 0)


def test_crop_has_a_pixel_at_least():
    page = Image.new("RGB", (10, 10), "white")
    assert cut_region(page, Box(1.0, 1.0, 1.0, 1.0)).size == (1, 1)
    assert cut_region(page, Box(0.31, 0.31, 0.32, 0.32)).size == (1, 1)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((300, 200), (300, 200)),
        ((40, 14), (80, 28)),
        ((2000, 10), (2000, 40)),
        ((1, 60), (28, 840)),
    ],
)
def test_crops_are_neither_small_nor_thin(size, expected):
    fitted = fit(Image.new("RGB", size, "black"))
    assert fitted.size == expected
    assert max(fitted.size) / min(fitted.size) <= 50


def generation(tokens) -> Generation:
    count = len(tokens)
    return Generation("", tuple(tokens), (1,) * count, (0.5,) * count, 3)


@pytest.mark.parametrize("period", [1, 2, 7, 40])
def test_a_repetition_at_the_end_is_cut_back_to_one(period):
    start = list(range(100, 130))
    loop = list(range(period))
    made, is_cut = without_runaway(generation(start + loop * 80 + loop[: period // 2]))
    assert is_cut
    assert list(made.tokens) == start + loop
    assert len(made.steps) == len(made.confidences) == len(made.tokens)


@pytest.mark.parametrize("tokens", [[], [5] * 40, [1, 2] * 9, list(range(300)), [7] * 90 + [8, 9]])
def test_ordinary_texts_stay_as_they_are(tokens):
    made, is_cut = without_runaway(generation(tokens))
    assert not is_cut
    assert list(made.tokens) == tokens


def line_of_words(words: int, height: int = 32) -> np.ndarray:
    """Black words 80 pixels wide with gaps of 12 between them, letters with gaps of 2."""
    pixels = np.full((height, words * 92, 3), 255, np.uint8)
    for word in range(words):
        for letter in range(8):
            left = word * 92 + letter * 10
            pixels[8:24, left : left + 8] = 0
    return pixels


def test_long_lines_are_cut_between_words():
    pixels = line_of_words(20)
    pieces = split_line(pixels)
    assert len(pieces) == 4
    assert [piece.joint for piece in pieces] == ["", " ", " ", " "]
    assert all(piece.pixels.shape[1] <= 640 for piece in pieces)
    assert np.array_equal(np.concatenate([piece.pixels for piece in pieces], axis=1), pixels)
    for piece in pieces[1:]:
        assert (piece.pixels[:, 0] == 255).all()


def test_short_lines_and_lines_without_gaps():
    assert len(split_line(line_of_words(6))) == 1
    solid = np.zeros((16, 1000), np.uint8)
    solid[:, ::2] = 255
    assert [piece.joint for piece in split_line(solid)][1:] == [""] * (len(split_line(solid)) - 1)
    letters = line_of_words(20)[:, :78]
    unbroken = np.concatenate([np.tile(letters[:, :10], (1, 100, 1))], axis=1)
    assert {piece.joint for piece in split_line(unbroken)} == {""}


def texts(*contents: str, kind: str = "text") -> list[Block]:
    return [Block(kind, Box(0, 0, 1, 1), content) for content in contents]


@pytest.mark.parametrize(
    ("contents", "types"),
    [
        (["• one", "plain"], ["list_item", "text"]),
        (["1. one", "2. two", "plain"], ["list_item", "list_item", "text"]),
        (["1. Introduction", "plain"], ["text", "text"]),
        (["• one\n• two\nmore"], ["list"]),
        (["1) one\n2) two"], ["list"]),
        (["- he said\n- she said"], ["text"]),
        (["A. Smith wrote"], ["text"]),
    ],
)
def test_lists_by_their_text(contents, types):
    assert [block.type for block in as_lists(texts(*contents))] == types


def cell(row, column, lines=1, row_span=1, column_span=1) -> LayoutCell:
    line = Line(LayoutBox(0, 0, 9, 9))
    return LayoutCell(row, column, row_span, column_span, LayoutBox(0, 0, 9, 9), (line,) * lines)


def test_tables_from_cells():
    cells = (cell(0, 0, column_span=2), cell(1, 0, lines=2), cell(2, 1, lines=0), cell(2, 1))
    otsl = table_of(cells, [Text("head"), Text("left"), Text("more"), Text("lost")])
    assert otsl == "<fcel>head<lcel><nl>\n<fcel>left more<ecel><nl>\n<ecel><ecel><nl>"
    assert parse_table(otsl, "otsl").has_spans


@pytest.mark.parametrize(
    ("column", "meant"),
    [
        (["Pos", "1.2", "o", "0.3", "__"], ["Pos", "1.2", "0", "0.3", "—"]),
        (["Pos", "12%", "o", "–"], ["Pos", "12%", "o", "–"]),  # one number may be chance
        (["A", "o", "B", "12", "13", "C"], ["A", "o", "B", "12", "13", "C"]),
    ],
)
def test_signs_that_stand_alone_in_a_column_of_numbers(column, meant):
    otsl = table_of(tuple(cell(row, 0) for row in range(len(column))), [*map(Text, column)])
    assert otsl == "\n".join(f"<fcel>{text}<nl>" for text in meant)


@pytest.mark.parametrize(
    ("content", "confidence", "noise"),
    [
        ("word", 0.9, False),
        ("word", 0.3, True),
        ("'.", 0.7, True),
        ("'.", 0.95, False),
        ("_+___", 0.85, True),
        ("_____", 0.95, False),
        ("", 0, True),
    ],
)
def test_noise(content, confidence, noise):
    assert is_noise(Text(content, (confidence,))) is noise


def test_a_speck_in_a_table_is_a_dash():
    assert not is_noise(Text("-", (0.7,)), in_table=True)
    assert is_noise(Text("-", (0.3,)), in_table=True)


def test_what_is_left_of_a_page():
    unsure, sure = Text("x" * 60, (0.2,)), Text("y" * 90, (0.9,))
    assert unread_share([unsure, sure]) == 0.4
    assert unread_share([unsure]) == unread_share([]) == 0.0  # too few to tell


def test_equal_names_get_numbers():
    assert stems(["a/x.pdf", "b/X.png", "c/x.tif", "y.pdf"]) == ["x", "X-2", "x-3", "y"]
    assert stems(["e\u0301.png", "\u00e9.png"]) == ["e\u0301", "\u00e9-2"]  # one name on some disks
    assert [len(stem.encode()) for stem in stems(["x" * 250, "é" * 120 + ".png"])] == [200, 200]


@pytest.mark.parametrize(
    ("size", "kind"), [((400, 1200), "page"), ((399, 500), "word"), ((400, 1201), "word")]
)
def test_kinds_of_pictures(tmp_path, size, kind):
    path = tmp_path / "picture.png"
    Image.new("L", size).save(path)
    assert kind_of(str(path)) == kind


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (["harbour"], "word"),
        (["Harbour Cafe", "12 Quay Street"], "page"),
        (["Tea 2.40", "Scone 3.10", "Sum 5.50"], "page"),
    ],
)
def test_a_small_picture_of_several_lines_is_a_page(tmp_path, lines, kind):
    rows = [drawn(line, (16 * len(max(lines, key=len)), 34)) for line in lines]
    picture = Image.new("RGB", (rows[0].width + 20, 40 * len(rows) + 10), "white")
    for number, row in enumerate(rows):
        picture.paste(row, (10, 10 + 40 * number))
    picture.save(tmp_path / "picture.png")
    assert kind_of(str(tmp_path / "picture.png")) == kind


def test_a_strip_of_several_words_is_a_page(tmp_path):
    drawn("the old pier will be kept for boats", (480, 40)).save(tmp_path / "strip.png")
    assert kind_of(str(tmp_path / "strip.png")) == "page"


@pytest.mark.parametrize(
    ("text", "kind"),
    [("Closed on Mondays", "page"), ("Hexamethylenetetramine", "word"), ("Beach", "word")],
)
@pytest.mark.parametrize("height", [40, 110, 180])
def test_a_line_of_words_on_a_picture_that_is_no_strip(tmp_path, text, kind, height):
    line = strip(text, height)
    picture = Image.new("RGB", (line.width, max(line.height + 10, line.width // 4)), "white")
    picture.paste(line, (0, 10))
    picture.save(tmp_path / "a.png")
    assert min(picture.size) < 400 or picture.width > 3 * picture.height
    assert kind_of(str(tmp_path / "a.png")) == kind


def test_kinds_of_other_files(tmp_path):
    frames = [Image.new("L", (50, 20))] * 2
    frames[0].save(tmp_path / "two.tif", save_all=True, append_images=frames[1:])
    (tmp_path / "odd.txt").write_text("text")
    assert kind_of(str(tmp_path / "two.tif")) == "page"
    assert kind_of(str(tmp_path / "odd.txt")) == "page"
    assert kind_of("any.PDF") == "page"


@pytest.mark.parametrize(
    "wrong",
    [
        {"threshold": 1.5},
        {"thresholds": {"table": -1}},
        {"thresholds": {"nothing": 0.5}},
        {"block_length": 0},
        {"block_length": 100_000},
        {"steps": 9, "block_length": 8},
        {"max_tokens": {"text": 0}},
        {"batch_size": 0},
        {"jobs": 0},
        {"dpi": 0},
        {"pages": 0},
        {"pages": [1.5]},
    ],
)
def test_options_that_make_no_sense(wrong):
    with pytest.raises(UsageError):
        ParseOptions(**wrong)


def test_options_by_target():
    options = ParseOptions(threshold=0.6, thresholds={"table": 0.98}, max_tokens={"text": 7})
    assert (options.threshold_of("table"), options.threshold_of("text")) == (0.98, 0.6)
    assert (options.longest("table"), options.longest("text")) == (2048, 7)
    assert options.longest("equation") == 1024
    assert "secret" not in repr(ParseOptions(password="secret"))
