"""Inputs after public bug reports of comparable tools: what they show must come out.

Each kind is drawn anew, small, and read by the shipped models. What is known to be misread is
marked so, strictly: a reader that gets better has to say so here.
"""

import logging
import re
from functools import partial
from textwrap import wrap

import cases
import numpy as np
import pymupdf
import pytest
from cases import LINES, TEXT, paragraph, pdf_of, picture_of, save
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps
from typer.testing import CliRunner

from mdocr.cli.main import app
from mdocr.evaluation.metrics import edit_similarity
from mdocr.parsing.loading import load_parser


def misread(why: str) -> pytest.MarkDecorator:
    return pytest.mark.xfail(reason=why, strict=True)


RED, BLUE = (0.75, 0.1, 0.2), (0.15, 0.2, 0.7)


@pytest.fixture(scope="module")
def parser():
    return load_parser("lite", device="cpu")


@pytest.fixture
def read(parser):
    """Markdown of anything, its lines joined."""
    return lambda source, **options: parser.parse(source, **options).to_markdown().strip()


def joined(markdown: str) -> str:
    return " ".join(markdown.split())


def page() -> Image.Image:
    return picture_of(paragraph)


# Pages that lie on their side


def test_a_page_on_its_side_is_turned(read):
    assert joined(read(page().rotate(90, expand=True))) == TEXT


# Grounds


@pytest.mark.parametrize("ink", ["white", "black", "#c00020"])
def test_letters_on_a_transparent_ground(read, ink):
    assert joined(read(cases.on_transparent(page(), ink))) == TEXT


@pytest.mark.parametrize("inks", [("white", "black"), ("#e8e8ff", "#202020")])
def test_light_and_dark_letters_on_one_transparent_ground(read, inks):
    above, below = (cases.on_transparent(page(), ink) for ink in inks)
    below.paste(above.crop((0, 0, below.width, 240)))  # two lines and two lines
    assert edit_similarity(joined(read(below)), TEXT) > 0.98


def test_a_palette_with_a_transparent_colour(read, tmp_path):
    path = tmp_path / "page.png"
    flat = page().convert("L").point(lambda value: 0 if value > 128 else 1).convert("P")
    flat.putpalette([255, 255, 255, 255, 255, 240])  # nearly white ink
    flat.save(path, transparency=0)
    assert joined(read(path)) == TEXT


def test_an_empty_page_is_told(parser, caplog):
    with caplog.at_level(logging.WARNING):
        assert parser.parse(Image.new("RGB", (600, 400), "white")).to_markdown().strip() == ""
    assert "nothing was found" in caplog.text


@pytest.mark.parametrize("colours", [("#ededed", "white"), ("#ff0000", "#008200")])
def test_letters_that_grey_levels_hardly_show(read, colours):
    ink, ground = colours
    mask = page().convert("L")
    assert joined(read(ImageOps.colorize(mask, ink, ground))) == TEXT


# Pixels that are not square


@pytest.mark.parametrize("ending", ["tif", "png", "jpg"])
def test_pixels_are_made_square(read, tmp_path, ending):
    path = tmp_path / f"fax.{ending}"
    square = picture_of(paragraph, dpi=204)
    lying = square.resize((square.width, square.height * 98 // 204), Image.Resampling.LANCZOS)
    if ending == "tif":
        lying.convert("L").save(path, dpi=(204, 98))
    else:
        lying.save(path, dpi=(204, 98))
    assert joined(read(path)) == TEXT


@pytest.mark.parametrize(("height", "told"), [(7, True), (8, True), (16, False)])
def test_letters_on_too_few_pixels_are_told(parser, height, told, caplog):
    font = ImageFont.truetype(cases.font_file("DejaVuSans.ttf"), height)
    picture = Image.new("RGB", (60 * height, 20 * height), "white")
    for row, line in enumerate(LINES):
        ImageDraw.Draw(picture).text((20, 20 + 2 * height * row), line, "black", font)
    parser.parse(picture)
    assert ("pixels high" in caplog.text) == told


def test_letters_and_their_marks_in_a_layer_are_one(parser, tmp_path, caplog):
    line = "Die Ha\u0308user am Su\u0308dkai geho\u0308ren der Stadt No\u0308rdlingen."
    style = {"fontname": "own", "fontfile": cases.font_file("DejaVuSans.ttf")}
    path = save(pdf_of(lambda sheet: paragraph(sheet, lines=[line], **style)), tmp_path / "a.pdf")
    (block,) = parser.parse(path).pages[0].blocks
    assert block.content == "Die Häuser am Südkai gehören der Stadt Nördlingen."
    assert block.source == "text-layer" and not caplog.text


# Files of several frames, and those with rare endings


@pytest.mark.parametrize("ending", ["gif", "webp", "png", "tiff"])
def test_frames_are_pages(parser, tmp_path, ending):
    frames = [cases.strip(f"Step {number} of the manual", 34) for number in (1, 2, 3)]
    path = tmp_path / f"slides.{ending}"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)
    found = parser.parse(path)
    texts = [" ".join(block.content for block in one.blocks) for one in found.pages]
    assert texts == [f"Step {number} of the manual" for number in (1, 2, 3)]


def test_pictures_in_a_folder_are_read_and_the_rest_is_named(tmp_path):
    inbox, out = tmp_path / "inbox", tmp_path / "out"
    inbox.mkdir()
    names = ["one.png", "two.jfif", "three.jpe", "four.j2k", "five.jp2", "six.webp"]
    for name in names:
        form = {"jfif": "JPEG", "jpe": "JPEG", "j2k": "JPEG2000"}.get(name.partition(".")[2])
        cases.strip(f"Number {name.partition('.')[0]}", 30).save(inbox / name, form)
    for name in ("notes.docx", "seven.heic"):
        (inbox / name).write_bytes(b"none")
    done = CliRunner().invoke(app, ["parse", str(inbox), "-o", str(out), "--workers", "0"])
    assert "notes.docx" in done.stderr or "2 files" in done.stderr
    assert "seven.heic" in done.stderr
    read = {path.stem: path.read_text().strip() for path in out.glob("*.md")}
    expected = {name.partition(".")[0]: f"Number {name.partition('.')[0]}" for name in names}
    assert read == expected, done.stderr


# Business papers


@pytest.mark.parametrize("font", ["helv", "tiro", "cour"])
def test_every_row_of_a_receipt(tmp_path, font):
    rows = [("Wholemeal bread", "2.49"), ("Apples 2 kg", "1.19"), ("Dish soap", "1.45")]
    rows += [("Noodles No 5", "0.99"), ("TOTAL EUR", "6.12")]

    def draw(sheet: pymupdf.Page) -> None:
        sheet.insert_text((40, 40), "HARBOUR MARKET", fontsize=14, fontname=font)
        for number, (name, price) in enumerate(rows):
            sheet.insert_text((20, 80 + 16 * number), name, fontsize=10, fontname=font)
            sheet.insert_text((170, 80 + 16 * number), price, fontsize=10, fontname=font)

    path = tmp_path / "receipt.png"
    picture_of(draw, (220, 170), dpi=130).save(path)  # smaller than many crops of words
    done = CliRunner().invoke(app, ["read", str(path)])
    assert done.exit_code == 0, done.stderr
    read = done.stdout
    if font == "cour":  # whose W and w are alike in small type
        read = read.replace("wholemeal", "Wholemeal")
    assert "HARBOUR MARKET" in read
    for name, price in rows:
        assert f"{name} | {price} |" in read or f"{name} {price}" in read


def test_the_edges_of_a_single_page_are_kept(read):
    edges = ["Invoice No. 2024-0815", "14 March 2024", "IBAN DE89 3704 0044 0532 0130 00"]
    edges += ["Total due: 1,284.50 EUR"]

    def draw(sheet: pymupdf.Page) -> None:
        sheet.insert_text((30, 24), edges[0], fontsize=11)
        sheet.insert_text((320, 24), edges[1], fontsize=11)
        paragraph(sheet, 30, 150)
        sheet.insert_text((30, 486), edges[2], fontsize=11)
        sheet.insert_text((260, 486), edges[3], fontsize=11)

    text = joined(read(picture_of(draw, (420, 500))))
    assert TEXT in text
    assert [edge for edge in edges if edge not in text] == []


# Code, hyphens, forms


LISTING = '''def outer(items, limit=10):
    """Adds what is positive."""
    total = 0
    for item in items:
        if item > 0:
            total += item
    return {"total": total}


print(outer([1, -2, 3]))'''


BRACES = """#include <stdio.h>

static int clamp(int value, int low) {
    if (value < low) {
        return low;
    }
    return value;
}

int main(void) {
    for (int i = 0; i <= 10; i++) {
        printf("%d", clamp(i, 2));
    }
    return 0;
}"""


LONG_LINES = '''def outer(items, limit=10):
    """Adds what is positive."""
    total = 0
    for index, item in enumerate(items):
        if item > 0 and index < limit:
            total += item
        else:
            total -= item
    return {"total": total, "count": len(items)}


if items == [1, -2, 3]:
    print(outer([1, -2, 3]))'''


@pytest.mark.parametrize("layer", ["verify", "ignore"])
@pytest.mark.parametrize(
    ("listing", "font"),
    [
        (LISTING, "DejaVuSansMono.ttf"),
        (LISTING, ""),
        (BRACES, "LiberationMono-Regular.ttf"),
        (LONG_LINES, "DejaVuSansMono.ttf"),
    ],
    ids=["indented", "courier", "braces", "long lines"],
)
def test_a_listing_keeps_its_indentation(read, tmp_path, listing, font, layer):
    style = {"fontname": "own", "fontfile": cases.font_file(font)} if font else {"fontname": "cour"}

    def draw(sheet: pymupdf.Page) -> None:
        end = paragraph(sheet) + 14
        for line in listing.split("\n"):
            sheet.insert_text((50, end), line, fontsize=11, **style)
            end += 15

    path = save(pdf_of(draw, (420, 400)), tmp_path / "code.pdf")
    text = read(path, text_layer=layer)
    if layer == "verify":
        assert f"```\n{listing}\n```" in text
    lines = text[text.index("```\n") + 4 : text.rindex("\n```")].split("\n")
    indents = [len(line) - len(line.lstrip()) for line in listing.split("\n")]
    assert [len(line) - len(line.lstrip()) for line in lines] == indents
    assert edit_similarity("\n".join(lines), listing) > 0.99


@pytest.mark.parametrize("size", [9, 11])
def test_underscores_of_a_listing_are_those_of_the_file(read, tmp_path, size):
    listing = LONG_LINES.replace("if items == [1, -2, 3]:", 'if __name__ == "__main__":')

    def draw(sheet: pymupdf.Page) -> None:
        font = cases.font_file("DejaVuSansMono.ttf")
        for number, line in enumerate(listing.split("\n")):
            place = (50, 60 + 15 * number)
            sheet.insert_text(place, line, fontsize=size, fontname="own", fontfile=font)

    text = read(save(pdf_of(draw, (420, 400)), tmp_path / "code.pdf"))
    assert f"```\n{listing}\n```" in text


def test_blanks_of_a_form_do_not_belie_its_text_layer(parser, tmp_path):
    rows = [
        "Name ____________________________ with number D.N.I.",
        "or passport ___________, born on the __ of __________ of ____, in",
        "the town of ________________, province of",
        "_______________, and living now in (street,",
        "number, floor) _________________, post code _________",
        "asks for ...................... the title ........",
    ]

    def draw(sheet: pymupdf.Page) -> None:
        for number, row in enumerate(rows):
            sheet.insert_text((50, 60 + 24 * number), row, fontsize=11)

    found = parser.parse(save(pdf_of(draw, (595, 420)), tmp_path / "form.pdf"))
    layer = found.pages[0].text_layer
    assert layer.used and not layer.refused
    assert "in (street," in found.to_text()


def test_compounds_keep_their_hyphens_and_broken_words_lose_them(read, tmp_path):
    broken = [
        (
            "The offers of the yard are based on the price-",
            "determining factors that were named in",
        ),
        ("the long-term contract. This is a self-", "financing fund, and its members were re-"),
        ("elected. The committee of the town asked for infor-", "mation by the end of the week."),
    ]
    lines = [line for pair in broken for line in pair]
    path = save(pdf_of(lambda sheet: void(paragraph(sheet, lines=lines))), tmp_path / "a.pdf")
    text = joined(read(path))
    for word in ("price-determining", "long-term", "self-financing", "re-elected", "information"):
        assert word in text


def void(value: object) -> None:
    """Takes what a function returns that is called for what it does."""


def test_a_filled_form_is_read_from_the_file(read, tmp_path):
    filled = {"Name of applicant": "Margaret Ellwood", "Length of boat": "11.85"}

    def draw(sheet: pymupdf.Page) -> None:
        for row, (name, value) in enumerate(filled.items()):
            sheet.insert_text((50, 60 + 30 * row), name, fontsize=12)
            field = pymupdf.Widget()
            field.field_name, field.field_value = name, value
            field.field_type, field.text_fontsize = pymupdf.PDF_WIDGET_TYPE_TEXT, 12
            field.rect = pymupdf.Rect(200, 45 + 30 * row, 380, 65 + 30 * row)
            sheet.add_widget(field)
        for row, ticked in enumerate((True, False), start=2):
            sheet.insert_text((50, 60 + 30 * row), f"Insured {row - 1}", fontsize=12)
            field = pymupdf.Widget()
            field.field_name, field.field_value = f"tick {row}", ticked
            field.field_type = pymupdf.PDF_WIDGET_TYPE_CHECKBOX
            field.border_width, field.border_color = 1, (0, 0, 0)
            field.rect = pymupdf.Rect(200, 47 + 30 * row, 214, 61 + 30 * row)
            sheet.add_widget(field)

    text = read(save(pdf_of(draw), tmp_path / "form.pdf"))
    for name, value in (*filled.items(), ("Insured 1", "[x]"), ("Insured 2", "[ ]")):
        assert re.search(rf"{name}[ |]+{re.escape(value)}", text), text


@pytest.mark.parametrize("size", [9, 14])
def test_tick_boxes_are_task_list_items(read, size):
    items = [("Rules of the harbour", True), ("Electricity at the berth", False)]
    items += [("Monthly letter", True), ("Cash on delivery", False)]

    def draw(sheet: pymupdf.Page) -> None:
        for row, (label, ticked) in enumerate(items):
            y = 50 + 30 * row
            box = pymupdf.Rect(50, y - size + 2, 50 + size, y + 2)
            sheet.draw_rect(box, width=1)
            if ticked:
                sheet.draw_line(box.tl, box.br, width=1.4)
                sheet.draw_line(box.tr, box.bl, width=1.4)
            sheet.insert_text((50 + 1.6 * size, y), label, fontsize=size + 2)

    expected = [f"- [{'x' if ticked else ' '}] {label}" for label, ticked in items]
    assert read(picture_of(draw)).split("\n") == expected


def test_a_tick_may_reach_beyond_its_box(read):
    labels = [("Breakfast at seven", True), ("A place for the car", False), ("By post", True)]

    def draw(sheet: pymupdf.Page) -> None:
        for row, (label, ticked) in enumerate(labels):
            y = 50 + 30 * row
            sheet.draw_rect((32, y - 10, 43, y + 1), width=0.9)
            if ticked:
                sheet.draw_polyline([(33, y - 5), (37, y - 1), (46, y - 14)], width=1.6)
            sheet.insert_text((54, y), label, fontsize=12)

    expected = [f"- [{'x' if ticked else ' '}] {label}" for label, ticked in labels]
    assert read(picture_of(draw, dpi=150)).split("\n") == expected


QUESTIONS = [
    ("Insured before?", ("Yes", False), ("No", True)),
    ("Any pets on board?", ("Yes", True), ("No", False)),
]


@pytest.mark.parametrize("layer", ["verify", "ignore"])
@pytest.mark.parametrize("before", [True, False], ids=["before", "behind"])
def test_boxes_to_be_ticked_in_lines_and_behind_labels(read, tmp_path, before, layer):
    def draw(sheet: pymupdf.Page) -> None:
        for row, (question, *answers) in enumerate(QUESTIONS):
            x, y = 50.0, 60 + 60 * row
            sheet.insert_text((x, y), question, fontsize=13)
            x += pymupdf.get_text_length(question, fontsize=13) + 10
            for answer, ticked in answers:
                width = pymupdf.get_text_length(answer, fontsize=13)
                box = pymupdf.Rect(x, y - 10, x + 12, y + 2)
                box += (0, 0, 0, 0) if before else (width + 5, 0, width + 5, 0)
                sheet.draw_rect(box, width=1)
                if ticked:
                    sheet.draw_line(box.tl, box.br, width=1.4)
                    sheet.draw_line(box.tr, box.bl, width=1.4)
                sheet.insert_text((x + 17 * before, y), answer, fontsize=13)
                x += 17 + width + 12

    path = save(pdf_of(draw), tmp_path / "form.pdf")
    signs = {False: "[ ]", True: "[x]"}
    expected = [
        " ".join(
            [question, *(f"{signs[t]} {a}" if before else f"{a} {signs[t]}" for a, t in answers)]
        )
        for question, *answers in QUESTIONS
    ]
    assert joined(read(path, text_layer=layer)) == " ".join(expected)


# Tables and columns


def test_a_table_without_rules_whose_cells_have_two_lines(read):
    rows = [
        ("Name", "Duty", "Since"),
        ("Ellwood, M.", "Berths and lay days,\nalso the tide tables", "2011"),
        ("Tarrow, P.", "Customs papers", "2016"),
        ("Norwick, S.", "Safety of passengers\non the covered bridge", "2021"),
    ]

    def draw(sheet: pymupdf.Page) -> None:
        y = 50.0
        for row in rows:
            for x, cell in zip((40, 150, 330), row, strict=True):
                for number, line in enumerate(cell.split("\n")):
                    sheet.insert_text((x, y + 14 * number), line, fontsize=11)
            y += 14 * max(cell.count("\n") + 1 for cell in row) + 10

    text = read(picture_of(draw, (420, 240)), boxes="block")
    table = [line.strip("| ").split(" | ") for line in text.split("\n") if "---" not in line]
    assert table == [[cell.replace("\n", " ") for cell in row] for row in rows]


def test_a_figure_over_two_columns(parser):
    left, right = (wrap(f"Part {number} begins. {TEXT}", 34) for number in ("one", "two"))

    def draw(sheet: pymupdf.Page) -> None:
        sheet.draw_rect((60, 40, 360, 150), fill=(0.8, 0.85, 0.9))
        sheet.draw_circle((150, 95), 35, fill=(0.4, 0.5, 0.7))
        sheet.draw_line((60, 120), (360, 70), width=3)
        sheet.insert_text((250, 130), "North", fontsize=9)
        sheet.insert_text((110, 170), "Figure 1: The harbour from the north", fontsize=10)
        paragraph(sheet, 30, 210, left, fontsize=10)
        paragraph(sheet, 225, 210, right, fontsize=10)

    document = parser.parse(picture_of(draw, (420, 380)))
    blocks = document.pages[0].blocks
    assert [block.type for block in blocks].count("image") == 1 and document.pictures
    (picture,) = [block for block in blocks if block.type == "image"]
    assert picture.content == "North"
    text = joined(document.to_markdown())
    assert f"{' '.join(left)} {' '.join(right)}" in text
    assert "Figure 1: The harbour from the north" in text and "North" not in text.split()
    assert "![North](" in text


def test_titles_have_the_levels_of_the_document(parser, tmp_path):
    sections = [("3 Tides", "3.2 Neap tides"), ("3.4 Spring tides",), ("5 Piers",)]
    with pymupdf.open() as document:
        for titles in sections:
            sheet, y = document.new_page(width=420, height=400), 60.0
            for title in titles:
                sheet.insert_text((50, y), title, fontsize=17, fontname="hebo")
                y = paragraph(sheet, y=y + 30) + 30
        document.save(tmp_path / "a.pdf")
    for layer in ("verify", "ignore"):
        lines = parser.parse(tmp_path / "a.pdf", text_layer=layer).to_markdown().split("\n")
        titles = [line for line in lines if line.startswith("#")]
        assert titles == ["# 3 Tides", "## 3.2 Neap tides", "## 3.4 Spring tides", "# 5 Piers"]


# What is written on pictures


def star(middle: tuple[float, float], wide: float, high: float) -> list[pymupdf.Point]:
    rays = [(1.0 if ray % 2 else 0.7, np.pi * ray / 12) for ray in range(25)]
    x, y = middle
    return [pymupdf.Point(x + r * wide * np.cos(a), y + r * high * np.sin(a)) for r, a in rays]


@pytest.mark.parametrize("colour", [RED, BLUE], ids=["red", "blue"])
@pytest.mark.parametrize("shape", ["small badge", "badge", "oval", "star"])
def test_what_is_written_on_a_round_patch_is_read(parser, shape, colour):
    fill = {"fill": colour, "color": colour}
    size = {"small badge": 13, "badge": 24, "oval": 20, "star": 18}[shape]

    def draw(sheet: pymupdf.Page) -> None:
        paragraph(sheet)
        if shape == "star":
            sheet.draw_polyline(star((210, 255), 130, 80), closePath=True, **fill)
        elif shape == "oval":
            sheet.draw_oval((80, 180, 340, 330), **fill)
        else:
            sheet.draw_circle((210, 255), 2.3 * size, **fill)
        for row, words in enumerate(("only", "49.90")):
            x = 210 - pymupdf.get_text_length(words, fontsize=size) / 2
            sheet.insert_text((x, 253 + size * row), words, fontsize=size, color=(1, 1, 1))

    document = parser.parse(picture_of(draw, (420, 380)), boxes="word")
    assert joined(document.to_markdown()).startswith(TEXT)
    for form in ("md", "hocr", "alto"):
        assert "only" in document.render(form) and "49.90" in document.render(form)


STEPS = ("Start", "Check the form", "Complete?", "Send the answer", "End")


def flow_chart(sheet: pymupdf.Page, *, round_boxes: bool) -> None:
    for number, label in enumerate(STEPS):
        box = pymupdf.Rect(140, 20 + 90 * number, 320, 75 + 90 * number)
        if round_boxes:
            sheet.draw_rect(box, width=1.4, radius=0.4)
        else:
            sheet.draw_oval(box, width=1.4)
        x = 230 - pymupdf.get_text_length(label, fontsize=13) / 2
        sheet.insert_text((x, 52 + 90 * number), label, fontsize=13)
        if number:
            sheet.draw_line((230, 90 * number - 15), (230, 90 * number + 20), width=1.2)


@pytest.mark.parametrize("round_boxes", [False, True], ids=["ovals", "round boxes"])
def test_the_labels_of_a_flow_chart(read, round_boxes):
    drawn = picture_of(lambda sheet: flow_chart(sheet, round_boxes=round_boxes), (460, 470), 150)
    assert read(drawn).split("\n\n") == list(STEPS)


def test_text_over_a_photograph(parser):
    clouds = Image.effect_noise((900, 240), 200).filter(ImageFilter.GaussianBlur(8))
    given = page()
    given.paste(ImageOps.autocontrast(clouds).point(lambda level: 0.7 * level), (140, 400))
    font = ImageFont.load_default(30)
    for number, line in enumerate(LINES):
        place = (180, 420 + 50 * number)
        ImageDraw.Draw(given).text(place, line, "white", font)
    written = joined(parser.parse(given).to_markdown())
    assert written.startswith(TEXT)
    over = re.sub(r"!\[.*?\]\(.*?\)", "", written.removeprefix(TEXT)).strip()
    assert edit_similarity(over, TEXT) > 0.95


# Pages photographed at an angle


STEEP = ((0.08, 0.12), (0.9, 0.04), (0.97, 0.95), (0.03, 0.86))
SLIGHT = ((0.1, 0.1), (0.9, 0.12), (0.93, 0.92), (0.09, 0.9))


FILLING = ((-0.04, -0.02), (1.03, -0.07), (1.08, 1.07), (-0.03, 1.02))


@pytest.mark.parametrize(
    "corners", [STEEP, SLIGHT, FILLING], ids=["steep", "slight", "without its edges"]
)
def test_a_table_photographed_at_an_angle(parser, corners):
    rows = [("Berth", "Ship", "Tons"), ("North", "Heron", "1,240")]
    rows += [(f"South {n}", f"Plover {n}", f"{n}80") for n in range(1, 7)]

    def draw(sheet: pymupdf.Page) -> None:
        paragraph(sheet, 40, 40, wrap(TEXT, 56))
        for number, row in enumerate(rows):
            for x, cell in zip((40, 180, 320), row, strict=True):
                sheet.insert_text((x, 150 + 18 * number), cell, fontsize=11)

    photograph = cases.photographed(picture_of(draw, (420, 320)), corners)
    document = parser.parse(photograph, boxes="line")
    text = joined(document.to_markdown())
    assert edit_similarity(text[: text.index("|")].strip(), " ".join(wrap(TEXT, 56))) > 0.98
    table = [line.strip("| ").split(" | ") for line in document.to_markdown().split("\n")]
    assert [tuple(row) for row in table if len(row) == 3 and "---" not in row[0]] == rows
    ink = np.asarray(photograph.convert("L"))
    for block in document.pages[0].blocks:
        for line in block.lines:
            x0, y0, x1, y1 = (
                round(share * side)
                for share, side in zip(line.box.as_list(), 2 * photograph.size, strict=True)
            )
            assert ink[y0:y1, x0:x1].min() < 90, f"no ink where {line.text!r} is said to stand"


# Things drawn over text, or around it


def watermark(sheet: pymupdf.Page, *, over: bool, colour: cases.Colour, opacity: float) -> None:
    paragraph(sheet)
    turn = pymupdf.Point(60, 120), pymupdf.Matrix(30)
    style = {"fontsize": 90, "color": colour, "fill_opacity": opacity, "overlay": over}
    sheet.insert_text((60, 150), "DRAFT", **style, morph=turn)


def stamp(sheet: pymupdf.Page, colour: cases.Colour = RED) -> None:
    sheet.draw_circle((250, 90), 40, color=colour, width=4)
    sheet.draw_circle((250, 90), 32, color=colour, width=2)
    sheet.insert_text((226, 95), "PAID", fontsize=20, color=colour, fontname="hebo")


def pen_circle(sheet: pymupdf.Page, colour: cases.Colour = BLUE) -> None:
    sheet.draw_oval((20, 50, 400, 135), color=colour, width=2)


def reasons(document) -> list[str]:
    return [one.reason for one in document.pages[0].unread]


@pytest.mark.parametrize("scan", [False, True], ids=["clean", "scanned"])
@pytest.mark.parametrize(
    ("over", "colour", "opacity"),
    [(True, (0.3, 0.3, 0.3), 0.4), (False, (0.3, 0.3, 0.3), 0.25), (True, (0.9, 0.2, 0.2), 0.3)],
    ids=["over", "under", "red"],
)
def test_a_watermark_over_text(parser, over, colour, opacity, scan):
    given = picture_of(lambda sheet: watermark(sheet, over=over, colour=colour, opacity=opacity))
    document = parser.parse(cases.scanned(given) if scan else given)
    assert joined(document.to_markdown()) == TEXT
    assert reasons(document) == ["overlay"]


@pytest.mark.parametrize("scan", [False, True], ids=["clean", "scanned"])
@pytest.mark.parametrize("colour", [RED, BLUE], ids=["red", "blue"])
@pytest.mark.parametrize("draw", [stamp, pen_circle])
def test_ink_over_text_is_taken_off(parser, draw, colour, scan):
    given = cases.inked(page(), picture_of(lambda sheet: draw(sheet, colour)))
    document = parser.parse(cases.scanned(given) if scan else given)
    assert joined(document.to_markdown()) == TEXT
    assert reasons(document) == ["overlay"]


def test_what_a_stroke_hides_is_filled_and_told(parser):
    document = parser.parse(picture_of(lambda sheet: (paragraph(sheet), pen_circle(sheet))))
    assert edit_similarity(joined(document.to_markdown()), TEXT) > 0.97
    assert reasons(document) == ["covered"]


@pytest.mark.parametrize("width", [1, 2])
def test_a_loop_as_dark_as_the_text_is_told_and_read_through(parser, width):
    def draw(sheet: pymupdf.Page) -> None:
        end = paragraph(sheet)
        paragraph(sheet, y=end)
        sheet.draw_oval((25, 50, 395, 150), width=width)

    document = parser.parse(picture_of(draw))
    assert edit_similarity(joined(document.to_markdown()), f"{TEXT} {TEXT}") > 0.95
    assert reasons(document) == ["covered"]


def test_what_a_stamp_hides_is_told_and_the_rest_is_read(parser):
    document = parser.parse(picture_of(lambda sheet: (paragraph(sheet), stamp(sheet))))
    text = joined(document.to_markdown())
    assert "covered" in reasons(document)
    assert edit_similarity(text, TEXT) > 0.9
    assert text.startswith("The harbour authority") and text.endswith("in 2019.")


def test_what_a_picture_covers_is_told_though_nothing_is_seen_below(parser, caplog):
    given = page()
    photo = Image.effect_noise((18, 14), 90).resize((180, 140)).convert("RGB")
    given.paste(photo, (600, 190))
    (place,) = [one for one in parser.parse(given).pages[0].unread if one.reason == "covered"]
    assert place.box.x0 < 600 / given.width and place.box.x1 > 780 / given.width
    assert "1 covered" in caplog.text


def test_an_initial_of_three_lines(read):
    lines = ["HE harbour authority opened its new", "ferry terminal on Tuesday after", *LINES[2:]]

    def draw(sheet: pymupdf.Page) -> None:
        sheet.insert_text((50, 98), "T", fontsize=50, fontname="tiro")
        paragraph(sheet, 84, lines=lines[:3])
        paragraph(sheet, 50, 70 + 3 * 1.35 * cases.SIZE, lines[3:])

    assert joined(read(picture_of(draw))).startswith(f"T{' '.join(lines)}"[:80])


def test_lines_that_bow(read):
    assert joined(read(cases.bowed(page(), 40))) == TEXT


@pytest.mark.parametrize("layer", ["verify", "ignore"])
def test_underlined_and_struck_words(read, tmp_path, layer):
    url = "https://www.example.org/tide_tables/2024-03.html"

    def draw(sheet: pymupdf.Page) -> None:
        paragraph(sheet)
        sheet.insert_text((50, 160), url, fontsize=13)
        length = pymupdf.get_text_length(url, fontsize=13)
        sheet.draw_line((50, 163), (50 + length, 163), width=0.8)
        start = 50 + pymupdf.get_text_length("on ", fontsize=cases.SIZE)
        end = start + pymupdf.get_text_length("Tuesday", fontsize=cases.SIZE)
        sheet.draw_line((start, 90.5), (end, 90.5), width=0.8)

    path = save(pdf_of(draw), tmp_path / "underlined.pdf")
    text = joined(read(path, text_layer=layer))
    assert url in text.replace("\\_", "_")
    assert TEXT.replace("Tuesday", "").split() == [
        word for word in text.split() if word in TEXT and word != "Tuesday"
    ]


@pytest.mark.parametrize(("x", "y", "turn"), [(22, 340, 90), (400, 100, 270)])
def test_a_line_in_the_margin_follows_the_text(parser, x, y, turn):
    margin = "Received in the office on 14 March 2024"

    def draw(sheet: pymupdf.Page) -> None:
        sheet.insert_text((60, 60), "Ferry terminal opened", fontsize=20, fontname="tibo")
        paragraph(sheet, 60, 110)
        sheet.insert_text((x, y), margin, fontsize=11, rotate=turn)

    document = parser.parse(picture_of(draw, (420, 380)))
    assert joined(document.to_markdown()) == f"# Ferry terminal opened {TEXT} {margin}"
    assert document.pages[0].blocks[-1].type == "aside_text"
    assert document.pages[0].unread == ()


@pytest.mark.parametrize("radius", [0, 0.2])
def test_text_in_boxes(read, radius):
    def draw(sheet: pymupdf.Page) -> None:
        for top, title in ((20, "Warning"), (140, "Note")):
            corner = radius or None
            sheet.draw_rect((30, top, 400, top + 105), width=1.5, radius=corner)
            sheet.insert_text((44, top + 24), title, fontsize=13, fontname="hebo")
            paragraph(sheet, 44, top + 46, LINES[:3])

    text = joined(read(picture_of(draw, (430, 270))).replace("#", ""))
    words = " ".join(LINES[:3])
    assert text == f"Warning {words} Note {words}"


def test_an_ornamental_border_is_no_text(read):
    def draw(sheet: pymupdf.Page) -> None:
        for inset, width in ((8, 4), (16, 1)):
            sheet.draw_rect((inset, inset, 420 - inset, 280 - inset), width=width)
        for x in range(24, 400, 14):
            for y in (12, 268):
                sheet.draw_circle((x, y), 3, width=0.8)
        sheet.insert_text((90, 80), "Certificate of Completion", fontsize=22, fontname="tibo")
        paragraph(sheet, 50, 140)

    assert joined(read(picture_of(draw, (420, 280)))) == f"# Certificate of Completion {TEXT}"


def test_a_patch_over_text_is_told(parser, caplog):
    for left, top, right, bottom in ((150, 60, 260, 130), (150, 60, 210, 75), (150, 78, 210, 93)):
        caplog.clear()
        document = parser.parse(
            picture_of(
                lambda sheet, box=(left, top, right, bottom): (
                    paragraph(sheet),
                    sheet.draw_rect(box, fill=(0.1, 0.1, 0.1)),
                )
            )
        )
        (place,) = [one for one in document.pages[0].unread if one.reason == "covered"]
        assert abs(place.box.x0 - left / 420) < 0.01 and abs(place.box.y1 - bottom / 240) < 0.01
        assert "1 covered" in caplog.text


def test_a_page_seen_in_a_mirror_is_told(parser, caplog):
    parser.parse(ImageOps.mirror(page()))
    assert "mirror" in caplog.text


@pytest.mark.parametrize("chosen", [0, 2])
def test_buttons_to_be_chosen_are_task_list_items(read, chosen):
    labels = ["By post to the bank", "By telephone", "Once or twice a year"]

    def draw(sheet: pymupdf.Page) -> None:
        for row, label in enumerate(labels):
            middle = pymupdf.Point(56, 46 + 30 * row)
            sheet.draw_circle(middle, 6, width=1)
            if row == chosen:
                sheet.draw_circle(middle, 3, fill=(0, 0, 0))
            sheet.insert_text((70, 50 + 30 * row), label, fontsize=13)

    expected = [f"- [{'x' if n == chosen else ' '}] {label}" for n, label in enumerate(labels)]
    assert read(picture_of(draw)).split("\n") == expected


# Scripts and signs


@pytest.mark.parametrize("text", ["Привет, мир!", "Выход", "Ο νέος σταθμός", "שלום עולם"])
def test_a_few_words_of_a_script_that_is_not_known_are_told(parser, text, caplog):
    font = cases.font_file("DejaVuSans.ttf")
    style = {"fontname": "own", "fontfile": font}
    parser.parse(picture_of(lambda sheet: paragraph(sheet, lines=[text], **style), (420, 160)))
    assert "page 1" in caplog.text and "script" in caplog.text


FOREIGN = {
    "hebrew": "שלום עולם וברוכים הבאים",
    "long hebrew": "הנמל נסגר בשעה שש בערב ולכן חזרנו הביתה",
    "two words": "בית ספר",
    "arabic": "مرحبا بالعالم في هذا اليوم",
    "russian": "Новый паромный терминал",
    "greek": "Ο νέος σταθμός των πλοίων",
    "armenian": "Հայաստանի Հանրապետություն",
    "georgian": "საქართველოს პარლამენტი",
}


@pytest.mark.parametrize("beside", [False, True], ids=["a line", "words in a line"])
@pytest.mark.parametrize("name", FOREIGN)
def test_a_line_of_another_script_on_a_page_is_told(parser, name, beside, caplog):
    if beside and name == "two words":
        pytest.skip("two words of six letters could be a name")

    def draw(sheet: pymupdf.Page) -> None:
        end, x = paragraph(sheet) + 20, 50.0
        if beside:
            sheet.insert_text((x, end), "They said: ", fontsize=cases.SIZE)
            x += pymupdf.get_text_length("They said: ", fontsize=cases.SIZE)
        font = cases.font_file("DejaVuSans.ttf")
        paragraph(sheet, x, end, [FOREIGN[name]], fontname="own", fontfile=font)

    document = parser.parse(picture_of(draw))
    assert joined(document.to_markdown()).startswith(TEXT)
    told = "script" in caplog.text or "unsure" in caplog.text
    assert "page 1" in caplog.text and told


def test_names_and_other_languages_are_no_other_script(parser, caplog):
    lines = ["Der Fährmann Jürgen Übelacker grüßt Łódź und", "Rzeszów; à Besançon, l'évêque"]
    lines += ["reçut parseOptions(getValue) de Kowalczykowska,", "Order XQ-7731-B, IBAN DE89 3704"]
    font = cases.font_file("DejaVuSans.ttf")
    draw = partial(paragraph, lines=lines, fontname="own", fontfile=font)
    parser.parse(picture_of(draw))
    assert not caplog.text


RUSSIAN = ["Новый паромный терминал открылся", "во вторник после трёх лет работы."]
GREEK = ["Ο νέος σταθμός των πλοίων άνοιξε", "την Τρίτη μετά από τρία χρόνια."]


BULGARIAN = ["Пристанище Норуик", "Цена: 25 лв."]


@pytest.mark.parametrize(
    "lines", [BULGARIAN, ["The ferry Новая Заря sailed"]], ids=["short", "mixed"]
)
def test_words_of_a_script_that_is_not_known(read, tmp_path, lines):
    font = cases.font_file("DejaVuSans.ttf")

    def draw(sheet: pymupdf.Page) -> None:
        paragraph(sheet, lines=lines, fontname="own", fontfile=font)

    path = save(pdf_of(draw, (420, 160)), tmp_path / "foreign.pdf")
    assert joined(read(path)) == " ".join(lines)


@pytest.mark.parametrize("lines", [RUSSIAN, GREEK], ids=["russian", "greek"])
def test_a_script_that_is_not_known(parser, tmp_path, lines, caplog):
    font = cases.font_file("DejaVuSans.ttf")

    def draw(sheet: pymupdf.Page) -> None:
        paragraph(sheet, lines=lines, fontname="own", fontfile=font)

    path = save(pdf_of(draw, (420, 160)), tmp_path / "foreign.pdf")
    assert joined(parser.parse(path).to_markdown()) == " ".join(lines)
    assert not caplog.text
    parser.parse(path, text_layer="ignore")
    assert "page 1" in caplog.text and "script" in caplog.text


@pytest.mark.parametrize("height", [24, 60, 110])
def test_a_strip_of_one_line(read, height):
    line = "The old pier will be kept for fishing boats."
    assert joined(read(cases.strip(line, height))) == line


SMALL = misread("raised digits of three fifths of the size are read as ª, º and ²")


@pytest.mark.parametrize(
    ("size", "layer"),
    [(9, "verify"), (9, "ignore"), (8, "verify"), pytest.param(8, "ignore", marks=SMALL)],
)
def test_exponents_keep_their_place(read, tmp_path, size, layer):
    parts = [("The mass of the Sun is 2 x 10", "30"), (" kg, that of the Earth 6 x 10", "24")]

    def draw(sheet: pymupdf.Page) -> None:
        x = 30.0
        for text, power in parts:
            sheet.insert_text((x, 60), text, fontsize=13)
            x += pymupdf.get_text_length(text, fontsize=13)
            sheet.insert_text((x, 55), power, fontsize=size)
            x += pymupdf.get_text_length(power, fontsize=size)
        sheet.insert_text((x, 60), " kg.", fontsize=13)

    text = read(save(pdf_of(draw, (440, 120)), tmp_path / "powers.pdf"), text_layer=layer)
    assert "10<sup>30</sup> kg" in text and "10<sup>24</sup> kg." in text


def test_marks_of_notes_raised_above_their_words_stand_in_their_line(read, tmp_path):
    parts = [("CO", ""), ("2", "sub"), (" rises; see note.", ""), ("4", "sup")]
    parts += [(" The mayor", ""), ("5", "sup"), (" denied it.", ""), ("6", "sup")]
    parts += [(" Room 7 has 8 chairs.", ""), ("7", "sup")]

    def draw(sheet: pymupdf.Page) -> None:
        x, style = (
            30.0,
            {"fontname": "own", "fontfile": cases.font_file("LiberationSerif-Regular.ttf")},
        )
        for text, kind in parts:
            size = 10 if kind else 12
            sheet.insert_text(
                (x, 60 + {"sup": -4, "sub": 2.4, "": 0}[kind]), text, fontsize=size, **style
            )
            x += pymupdf.Font(fontfile=style["fontfile"]).text_length(text, size)

    text = read(save(pdf_of(draw, (440, 120)), tmp_path / "notes.pdf"))
    assert text == "".join(f"<{kind}>{one}</{kind}>" if kind else one for one, kind in parts)


@misread("‰ and № are read as %o and Ne")
def test_signs_beyond_the_charset(read):
    line = "Prices in ₹ 1,250 and ₺ 340 and 25 ‰, № 17."
    font = cases.font_file("DejaVuSans.ttf")

    def draw(sheet: pymupdf.Page) -> None:
        paragraph(sheet, lines=[line], fontname="own", fontfile=font)

    assert joined(read(picture_of(draw, (420, 120)))) == line


def test_light_words_on_small_dark_boxes(read):
    words = [("Closed", (0.8, 0, 0)), ("Reserved", (0, 0, 0)), ("Waiting", (0, 0.25, 0.5))]

    def draw(sheet: pymupdf.Page) -> None:
        paragraph(sheet)
        for row, (word, colour) in enumerate(words):
            box = pymupdf.Rect(50, 180 + 70 * row, 140, 216 + 70 * row)
            sheet.draw_rect(box, color=colour, fill=colour)
            sheet.insert_text((70, 203 + 70 * row), word, fontsize=13, color=(1, 1, 1))

    text = joined(read(picture_of(draw, (595, 842), dpi=150)).replace("#", ""))
    assert text == " ".join([TEXT, *(word for word, _ in words)])


# Squared paper


def test_letters_on_squared_paper(read):
    given = page()
    pen = ImageDraw.Draw(given)
    for edge in range(0, max(given.size), 42):
        pen.line((edge, 0, edge, given.height), "#606060", 2)
        pen.line((0, edge, given.width, edge), "#606060", 2)
    assert edit_similarity(joined(read(given)), TEXT) > 0.9


# Words of another script


def test_single_words_of_another_script_are_told(parser, caplog):
    given = Image.new("RGB", (1240, 200), "white")
    pen, name = ImageDraw.Draw(given), cases.font_file("DejaVuSans.ttf")
    for row, text in enumerate(("In Greek a harbour is a λιμάνι and never a pier.", LINES[0])):
        pen.text((60, 50 + 60 * row), text, "black", ImageFont.truetype(name, 30))
    found = parser.parse(given).pages[0]
    word = found.blocks[0].content.split()[6]
    assert f"likely misread: '{word}' (" in caplog.text


# Words that fill a page


@pytest.mark.parametrize("word", ["SALE", "Open"])
def test_a_huge_word_is_read(parser, word):
    given = Image.new("RGB", (1600, 1200), "white")
    pen, name = ImageDraw.Draw(given), cases.font_file("DejaVuSans-Bold.ttf")
    pen.text((150, 150), word, "black", ImageFont.truetype(name, 400))
    pen.text((180, 900), LINES[0], "black", ImageFont.truetype(name, 40))
    found = parser.parse(given).pages[0]
    assert [block.content for block in found.blocks] == [word, LINES[0]]
    assert not found.unread
