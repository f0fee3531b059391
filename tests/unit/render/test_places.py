"""Formats that tell where words stand: hOCR, ALTO and searchable PDF."""

import math
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pymupdf
import pytest
from documents import block, document, everything
from PIL import Image, ImageDraw, ImageFont

from mdocr.document.document import Document
from mdocr.document.model import Block, Box, Page, PageLine, PageWord, Source
from mdocr.document.turns import turned
from mdocr.errors import InputError, UsageError
from mdocr.options import RenderOptions
from mdocr.render.alto import NAMESPACE
from mdocr.render.placed import placed_lines
from mdocr.render.type_size import ASCENT, DESCENT, base_line, type_boxes

ALTO = {"a": NAMESPACE}
XHTML = {"x": "http://www.w3.org/1999/xhtml"}
SIZE = 40
"""Of type, in thousandths of a page."""
WORDS = [("Two", 0.1, 0.3), ("little", 0.35, 0.6), ("wörds", 0.65, 0.9)]


def written_line(angle: int = 0) -> PageLine:
    """A line of three words, on a page that has to be turned by ``angle`` to be upright."""
    places = [turned(Box(x0, 0.5, x1, 0.54), -angle) for _, x0, x1 in WORDS]
    words = tuple(PageWord(word[0], box, 0.5) for word, box in zip(WORDS, places, strict=True))
    return PageLine("Two little wörds", turned(Box(0.1, 0.5, 0.9, 0.54), -angle), 0.5, words, angle)


def of_file(path: Path, angle: int = 0, pages: int = 1) -> Document:
    line = written_line(angle)
    own = Block("text", line.box, line.text, angle=angle, lines=(line,), confidence=0.5)
    read = tuple(Page(number, 400, 300, (own,)) for number in range(1, pages + 1))
    return Document(Source(str(path), pages), "lite", read)


def save_pdf(path: Path, text: str = "", rotation: int = 0, pages: int = 1, mode: int = 0) -> Path:
    with pymupdf.open() as pdf:
        for _ in range(pages):
            page = pdf.new_page(width=400, height=300)
            page.draw_rect((10, 10, 50, 50), fill=(0, 0, 1))
            if text:
                page.insert_text((40, 165), text, fontsize=40, render_mode=mode)
            page.set_rotation(rotation)
        page.insert_link({"kind": pymupdf.LINK_URI, "from": page.rect, "uri": "https://a.org/"})
        pdf.set_toc([[1, "Start", 1]])
        pdf.set_metadata({"title": "A title"})
        pdf.save(path)
    return path


def reopened(made: bytes) -> pymupdf.Document:
    return pymupdf.open(stream=made, filetype="pdf")


def test_alto_has_every_word_with_its_place_and_confidence() -> None:
    root = ET.fromstring(of_file(Path("a.pdf")).render("alto"))
    words = root.findall(".//a:TextLine/a:String", ALTO)
    assert [word.get("CONTENT") for word in words] == ["Two", "little", "wörds"]
    assert [word.get("WC") for word in words] == ["0.500"] * 3
    page = root.find(".//a:Page", ALTO)
    assert page is not None and (page.get("WIDTH"), page.get("HEIGHT")) == ("1111", "833")
    place = {key: int(words[0].get(key, "")) for key in ("HPOS", "VPOS", "WIDTH", "HEIGHT")}
    assert place == {"HPOS": 111, "VPOS": 416, "WIDTH": 222, "HEIGHT": 34}
    assert len(root.findall(".//a:SP", ALTO)) == 2


def test_alto_tells_the_kinds_of_blocks_and_its_ids_are_unique() -> None:
    root = ET.fromstring(everything().render("alto"))
    ids = [element.get("ID") for element in root.iter() if element.get("ID")]
    assert len(ids) == len(set(ids))
    for element in root.iter():
        if reference := element.get("TAGREFS"):
            assert reference in ids
    assert len(root.findall(".//a:Illustration", ALTO)) == 3


def test_hocr_has_every_word_with_its_place_and_confidence() -> None:
    root = ET.fromstring(of_file(Path('a".pdf')).render("hocr"))
    words = root.findall(".//x:span[@class='ocrx_word']", XHTML)
    assert [(word.text, word.get("title")) for word in words] == [
        ("Two", "bbox 111 416 333 450; x_wconf 50"),
        ("little", "bbox 388 416 667 450; x_wconf 50"),
        ("wörds", "bbox 722 416 1000 450; x_wconf 50"),
    ]
    page = root.find(".//x:div[@class='ocr_page']", XHTML)
    assert page is not None and "bbox 0 0 1111 833" in page.get("title", "")


def test_hocr_escapes_what_was_read() -> None:
    made = document((block("text", 0.1, "a<b> & \x00c"),))
    root = ET.fromstring(made.render("hocr"))
    words = root.findall(".//x:span[@class='ocrx_word']", XHTML)
    assert [word.text for word in words] == ["a<b>", "&", "c"]


@pytest.mark.parametrize("form", ["alto", "hocr"])
def test_white_space_that_xml_cannot_hold_is_left_out(form: str) -> None:
    line = PageLine("a", Box(0, 0, 1, 1), words=(PageWord("a\x0c\x1fb", Box(0, 0, 1, 1)),))
    own = Block("text", line.box, "a", lines=(line,))
    made = Document(Source("a\x0b.pdf", 1), "lite", (Page(1, 400, 300, (own,)),)).render(form)
    root = ET.fromstring(made)
    values = [root_text for node in root.iter() for root_text in (node.text, *node.attrib.values())]
    assert "ab" in values


def test_a_block_without_lines_is_shared_out_among_them() -> None:
    first, second = placed_lines(block("text", 0.5, "ab abcd\nnext"))
    assert first.box.y1 == pytest.approx(second.box.y0) == pytest.approx(0.52)
    assert [word.text for word in first.words] == ["ab", "abcd"]
    assert first.words[0].box.x0 == 0.1 and first.words[1].box.x1 == pytest.approx(0.9)
    assert first.words[0].box.width == pytest.approx(0.8 * 2 / 7)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_words_of_a_pdf_stand_around_their_ink(tmp_path: Path, angle: int, rotation: int) -> None:
    path = save_pdf(tmp_path / "a.pdf", rotation=rotation)
    made = of_file(path, angle)
    with reopened(made.render("pdf")) as pdf:
        page = pdf[0]
        assert page.rotation == rotation
        page.remove_rotation()
        found = {word[4]: word[:4] for word in page.get_text("words")}
        line = made.pages[0].blocks[0].lines[0]
        for word, around in zip(line.words, type_boxes(line), strict=True):
            size = (page.rect.width, page.rect.height) * 2
            box = [v * side for v, side in zip(around.as_list(), size, strict=True)]
            assert found[word.text] == pytest.approx(box, abs=0.5)
            assert word.box.inside(around) == pytest.approx(1)


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
@pytest.mark.parametrize("text", ["sea sum", "Air 1867", "(a gypsy)", "sea Air (highly)", "a - b."])
def test_the_size_of_type_is_told_from_its_ink(text: str, angle: int) -> None:
    font = ImageFont.load_default(size=SIZE)
    words, x = [], 50.0
    for word in text.split():
        x0, y0, x1, y1 = font.getbbox(word, anchor="ls")
        edges = [(x + x0) / 1000, (500 + y0) / 1000, (x + x1) / 1000, (500 + y1) / 1000]
        words.append(PageWord(word, turned(Box(*edges), -angle), 1.0))
        x += x1 + 30
    whole = words[0].box
    for one in words[1:]:
        whole = whole.union(one.box)
    line = PageLine(text, whole, 1.0, tuple(words), angle)
    for one, box in zip(words, type_boxes(line), strict=True):
        around, ink = turned(box, angle), turned(one.box, angle)
        assert (around.x0, around.x1) == pytest.approx((ink.x0, ink.x1))
        assert 1000 * around.y0 == pytest.approx(500 - ASCENT * SIZE, abs=0.15 * SIZE)
        assert 1000 * around.y1 == pytest.approx(500 + DESCENT * SIZE, abs=0.15 * SIZE)


@pytest.mark.parametrize("degrees", [-9, -3, 0, 4])
def test_the_base_line_leans_as_its_line_does(degrees: float) -> None:
    font, words, x = ImageFont.load_default(size=SIZE), [], 150.0
    for text in ("Sea", "air", "(highly)", "is", "sweet", "gypsy", "Air"):
        sheet = Image.new("L", (1000, 1000))
        ImageDraw.Draw(sheet).text((x, 500), text, fill=255, font=font, anchor="ls")
        edges = sheet.rotate(degrees, Image.Resampling.BICUBIC).getbbox()
        assert edges
        words.append(PageWord(text, Box(*(edge / 1000 for edge in edges)), 1.0))
        x += font.getlength(text) + 12
    whole = words[0].box
    for one in words[1:]:
        whole = whole.union(one.box)
    ends = base_line(PageLine("", whole, 1.0, tuple(words)))
    slope = -math.tan(math.radians(degrees))
    expected = [500 + slope * (1000 * x - 500) for x in (whole.x0, whole.x1)]
    assert ends and [1000 * end for end in ends] == pytest.approx(expected, abs=0.2 * SIZE)


def test_formats_tell_the_base_line() -> None:
    made = of_file(Path("a.pdf"))
    line = ET.fromstring(made.render("alto")).find(".//a:TextLine", ALTO)
    assert line is not None and line.get("BASELINE") == "111,450 1000,450"
    line = ET.fromstring(made.render("hocr")).find(".//x:span[@class='ocr_line']", XHTML)
    assert line is not None and line.get("title") == "bbox 111 416 1000 450; baseline 0 0"


def test_type_without_letters_is_as_high_as_its_line() -> None:
    words = tuple(PageWord("-", Box(x, 0.51, x + 0.02, 0.52), 1.0) for x in (0.1, 0.2))
    boxes = type_boxes(PageLine("- -", Box(0.1, 0.508, 0.22, 0.522), 1.0, words))
    assert [(box.y0, box.y1) for box in boxes] == [(0.508, 0.522)] * 2


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_line_is_selected_by_dragging_over_it(tmp_path: Path, number: int) -> None:
    """As MuPDF's viewer does it: from the first letter of a line to its last."""
    texts = ["Sea air is sweet,", "says (Jay) Quigley,", "on an even sea."]
    path = tmp_path / "a.pdf"
    with pymupdf.open() as pdf:
        page = pdf.new_page(width=400, height=300)
        page.insert_text((40, 100), texts, fontsize=20)
        lines = tuple(as_read(page, row) for row in texts)
        Image.frombytes("RGB", (800, 600), page.get_pixmap(dpi=144).samples).save(
            tmp_path / "a.png", dpi=(144, 144)
        )
    own = Block("text", lines[0].box.union(lines[2].box), "\n".join(texts), lines=lines)
    read = Document(Source(str(tmp_path / "a.png"), 1), "lite", (Page(1, 400, 300, (own,)),))
    path.write_bytes(read.render("pdf"))
    with pymupdf.open(path) as pdf:
        box = lines[number].box
        middle = 300 * (box.y0 + box.y1) / 2
        ends = [pymupdf.mupdf.FzPoint(400 * x, middle) for x in (box.x0 + 0.002, box.x1 - 0.002)]
        shown = pdf[0].get_textpage().this
        assert pymupdf.mupdf.fz_copy_selection(shown, *ends, 0).strip() == texts[number]


def as_read(page: pymupdf.Page, text: str) -> PageLine:
    """A line of a page as it would be read: its words with the boxes of their ink."""
    (place,) = page.search_for(text)
    words = [word for word in page.get_text("words") if place.contains(word[:4])]
    made = tuple(PageWord(word[4], ink(page, pymupdf.Rect(word[:4])), 1.0) for word in words)
    whole = made[0].box
    for word in made[1:]:
        whole = whole.union(word.box)
    return PageLine(text, whole, 1.0, made)


def ink(page: pymupdf.Page, part: pymupdf.Rect) -> Box:
    """What is dark in a part of a page, in shares of the page."""
    pixels = page.get_pixmap(dpi=144, clip=part, colorspace="gray")
    picture = Image.frombytes("L", (pixels.width, pixels.height), pixels.samples)
    x0, y0, x1, y1 = picture.point(lambda value: 255 * (value < 128)).getbbox()
    x0, x1 = ((pixels.x + x) / (2 * page.rect.width) for x in (x0, x1))
    y0, y1 = ((pixels.y + y) / (2 * page.rect.height) for y in (y0, y1))
    return Box(x0, y0, x1, y1)


def test_a_pdf_keeps_its_pages_links_bookmarks_and_metadata(tmp_path: Path) -> None:
    path = save_pdf(tmp_path / "a.pdf", pages=3)
    with reopened(of_file(path, pages=2).render("pdf")) as pdf, pymupdf.open(path) as given:
        assert pdf.page_count == 3 and pdf.metadata["title"] == "A title"
        assert pdf.get_toc() == [[1, "Start", 1]]
        assert pdf[2].get_links()[0]["uri"] == "https://a.org/"
        assert [page.get_text().split() for page in pdf] == [["Two", "little", "wörds"]] * 2 + [[]]
        for page, before in zip(pdf, given, strict=True):
            assert page.get_pixmap().samples == before.get_pixmap().samples  # nothing is seen
        fonts = {font[0] for page in pdf for font in page.get_fonts()}
        assert len(fonts) == 1  # embedded once


def test_text_that_is_there_is_not_written_twice(tmp_path: Path) -> None:
    path = save_pdf(tmp_path / "a.pdf", "Two")
    made = of_file(path).render("pdf")
    with reopened(made) as pdf:
        assert pdf[0].get_text().split() == ["Two", "little", "wörds"]


def test_redo_replaces_text_that_is_not_seen(tmp_path: Path) -> None:
    path = save_pdf(tmp_path / "a.pdf", "Twq 1itt1e", mode=3)
    with reopened(of_file(path).render("pdf")) as pdf:
        assert "Twq" in pdf[0].get_text()
    with reopened(of_file(path).render("pdf", RenderOptions(redo=True))) as pdf:
        assert pdf[0].get_text().split() == ["Two", "little", "wörds"]
        assert any("f" in item["type"] for item in pdf[0].get_drawings())


def test_redo_leaves_text_that_is_seen(tmp_path: Path) -> None:
    path = save_pdf(tmp_path / "a.pdf", "Two")
    with reopened(of_file(path).render("pdf", RenderOptions(redo=True))) as pdf:
        assert pdf[0].get_text().split() == ["Two", "little", "wörds"]
        assert {span["type"] for span in pdf[0].get_texttrace()} == {0, 3}


@pytest.mark.parametrize("ending", ["png", "jpg", "tif"])
def test_a_picture_becomes_a_page_at_its_resolution(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    picture = Image.radial_gradient("L").resize((800, 600)).convert("RGB")
    picture.save(path, dpi=(144, 144))
    with reopened(of_file(path).render("pdf")) as pdf:
        page = pdf[0]
        assert (round(page.rect.width), round(page.rect.height)) == (400, 300)
        (image,) = page.get_images()
        assert image[2:4] == (800, 600)
        if ending == "jpg":
            assert pdf.extract_image(image[0])["image"] == path.read_bytes()
        assert page.get_text().split() == ["Two", "little", "wörds"]


def test_an_encrypted_pdf_stays_so(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    with pymupdf.open() as pdf:
        pdf.new_page(width=400, height=300)
        pdf.save(path, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="secret", owner_pw="own")
    with pytest.raises(InputError, match="encrypted"):
        of_file(path).render("pdf")
    with reopened(of_file(path).render("pdf", RenderOptions(password="secret"))) as pdf:
        assert pdf.needs_pass and pdf.authenticate("secret")
        assert pdf[0].get_text().split() == ["Two", "little", "wörds"]


def test_what_cannot_become_a_pdf_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="from the file"):
        replace(everything(), source=Source("")).render("pdf")
    with pytest.raises(InputError, match="again"):
        of_file(tmp_path / "gone.pdf").render("pdf")


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not installed")
def test_poppler_finds_the_words(tmp_path: Path) -> None:
    path = tmp_path / "made.pdf"
    path.write_bytes(of_file(save_pdf(tmp_path / "a.pdf")).render("pdf"))
    made = subprocess.run(
        ["pdftotext", "-bbox", path, "-"], capture_output=True, text=True, check=True
    )
    words = ET.fromstring(made.stdout).findall(".//x:word", XHTML)
    assert [word.text for word in words] == ["Two", "little", "wörds"]
    for word, (_, x0, x1) in zip(words, WORDS, strict=True):
        found = [float(word.get(key, "")) for key in ("xMin", "yMin", "xMax", "yMax")]
        assert found[::2] == pytest.approx([400 * x0, 400 * x1], abs=0.5)
        assert found[1] < 150 and 162 < found[3] < 167
