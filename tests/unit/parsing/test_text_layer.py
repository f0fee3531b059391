"""The text layer of a PDF: taken where the picture confirms it, noticed where it lies."""

import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pymupdf
import pytest

from mdocr import load_parser
from mdocr.document.document import Document
from mdocr.inputs import pdf
from mdocr.inputs.text_layer import read_text_layer
from mdocr.parsing.parser import Parser

LINES = [
    "The harbour authority opened its new ferry terminal on Tuesday,",
    "after three years of work. Passengers now board from a bridge,",
    "and the old pier will be kept for fishing boats. The mayor said",
    "that the cost of 41.7 million had stayed within the plan.",
    "Critics point out that the car park holds only 220 vehicles,",
    "fewer than the former one. A second storey was dropped from",
    "the design when steel became expensive. Bus line 14 runs every",
    "ten minutes between the railway station and the terminal.",
]


@pytest.fixture(scope="module")
def parser() -> Parser:
    return load_parser("lite", "cpu", engine="onnx")


def page_of(lines: list[str], font: str = "tiro", mode: int = 0) -> pymupdf.Document:
    document = pymupdf.open()
    page = document.new_page()
    for number, line in enumerate(lines):
        place = (60, 90 + 20 * number)
        page.insert_text(place, line, fontsize=12, fontname=font, render_mode=mode)
    return document


def scan(path: Path, claimed: list[str] | None) -> Path:
    """A picture of ``LINES`` with an invisible text over it."""
    pixels = page_of(LINES)[0].get_pixmap(dpi=200)
    document = page_of(claimed or [], mode=3) if claimed else page_of([])
    document[0].insert_image(document[0].rect, pixmap=pixels, overlay=False)
    document.save(path)
    return path


def text_of(document: Document) -> str:
    return " ".join(document.to_text().split())


def shifted(line: str) -> str:
    return "".join(chr(ord(c) + 1) if c.isalpha() else c for c in line)


def misread(line: str) -> str:
    """As a poor reader has it."""
    return line.replace("rn", "m").replace("e", "c").replace("l", "1").replace("s", "5")


def shuffled(line: str) -> str:
    words = line.split()
    random.Random(len(line)).shuffle(words)
    return " ".join(words)


def stale(line: str) -> str:
    return {each: LINES[place - 3] for place, each in enumerate(LINES)}[line]


@pytest.mark.parametrize("lie", [shifted, misread, shuffled, stale])
def test_a_layer_that_lies_is_noticed_and_dropped(
    parser: Parser, tmp_path: Path, lie: Callable[[str], str], caplog: pytest.LogCaptureFixture
) -> None:
    path = scan(tmp_path / "a.pdf", [lie(line) for line in LINES])
    document = parser.parse(path)
    assert text_of(document) == text_of(parser.parse(path, text_layer="ignore"))
    (page,) = document.pages
    assert page.text_layer and not page.text_layer.used
    assert page.text_layer.lines == len(LINES)
    assert {block.source for block in page.blocks} == {"read"}
    assert "its text layer is not what it shows" in caplog.text


def test_glyphs_that_are_no_characters_are_read(parser: Parser, tmp_path: Path) -> None:
    document = page_of([])
    font = pymupdf.Font("tiro")
    writer = pymupdf.TextWriter(document[0].rect)
    for number, line in enumerate(LINES):
        writer.append((60, 90 + 20 * number), line, font=font, fontsize=12)
    writer.write_text(document[0])
    make_private(document)
    document.save(tmp_path / "a.pdf")
    with pymupdf.open(tmp_path / "a.pdf") as saved:
        assert "harbour" not in saved[0].get_text()
    read = parser.parse(tmp_path / "a.pdf")
    assert text_of(read) == text_of(parser.parse(tmp_path / "a.pdf", text_layer="ignore"))
    assert read.pages[0].text_layer and not read.pages[0].text_layer.used


@pytest.mark.parametrize("is_letter", [False, True])
def test_a_bullet_that_is_no_character_leaves_its_line_as_it_is(
    parser: Parser, tmp_path: Path, is_letter: bool
) -> None:
    document = pymupdf.open()
    signs, letters = pymupdf.TextWriter(document.new_page().rect), pymupdf.Font("tiro")
    for number, line in enumerate(LINES):
        sign, rest = (line[0], line[1:]) if is_letter else ("•", line)
        signs.append((60, 90 + 24 * number), sign, font=letters, fontsize=12)
        signs.write_text(document[0])
        signs = pymupdf.TextWriter(document[0].rect)
        place = (60 + letters.text_length(sign, 12) + (not is_letter), 90 + 24 * number)
        document[0].insert_text(place, rest, fontsize=12, fontname="tibo")
    make_private(document)
    document.save(tmp_path / "a.pdf")
    (page,) = parser.parse(tmp_path / "a.pdf").pages
    if is_letter:
        assert page.blocks[0].content.startswith("The harbour"), "read: the layer has no T"
    else:
        assert {block.source for block in page.blocks} == {"text-layer"}
        assert page.text_layer and page.text_layer.refused == 0


LIGATURES = [
    "The first officers identified an inflexible defect in the final",
    "figure, and the staff of the waffle office filed its findings.",
]


@pytest.mark.parametrize("claimed", ["i", "\u00ad"])
def test_ligatures_that_the_file_has_lost_are_read(
    parser: Parser, tmp_path: Path, claimed: str
) -> None:
    document = page_of([])
    writer = pymupdf.TextWriter(document[0].rect)
    for number, line in enumerate(LIGATURES):
        shown = line.replace("fi", "\ufb01")
        writer.append((60, 90 + 20 * number), shown, font=pymupdf.Font("tiro"), fontsize=12)
    writer.write_text(document[0])
    say_ligature(document, claimed)
    document.save(tmp_path / "a.pdf")
    with pymupdf.open(tmp_path / "a.pdf") as saved:
        assert f"of{claimed}cers" in saved[0].get_text()
    read = parser.parse(tmp_path / "a.pdf")
    assert text_of(read) == " ".join(LIGATURES)
    assert {block.source for block in read.pages[0].blocks} == {"text-layer"}


def say_ligature(document: pymupdf.Document, claimed: str) -> None:
    """Embedded fonts say that their ``fi``, the first of a range, is another text."""
    for xref in range(1, document.xref_length()):
        if document.xref_get_key(xref, "ToUnicode")[0] == "xref":
            stream = int(document.xref_get_key(xref, "ToUnicode")[1].split()[0])
            mapping = document.xref_stream(stream).decode()
            made = re.sub(r"(<\w+>) <\w+> <fb01>", rf"\1 \1 <{ord(claimed):04x}>", mapping)
            document.update_stream(stream, made.encode())


def make_private(document: pymupdf.Document) -> None:
    """Embedded fonts of a document no longer say what their glyphs are."""
    for xref in range(1, document.xref_length()):
        if document.xref_get_key(xref, "ToUnicode")[0] == "xref":
            stream = int(document.xref_get_key(xref, "ToUnicode")[1].split()[0])
            document.update_stream(stream, _private(document.xref_stream(stream)))


def _private(mapping: bytes) -> bytes:
    """A map to Unicode that leads to its private area."""
    ranges = re.compile(r"^(<\w{4}> (?:<\w{4}> )?)<(\w{4})>$", re.MULTILINE)
    moved = ranges.sub(lambda m: f"{m[1]}<{0xE000 + int(m[2], 16) % 4096:04x}>", mapping.decode())
    return moved.replace("<e000> <", "<0000> <").encode()


def test_a_sound_layer_is_taken_as_it_is(parser: Parser, tmp_path: Path) -> None:
    document = parser.parse(scan(tmp_path / "a.pdf", LINES))
    assert text_of(document) == " ".join(LINES)
    (page,) = document.pages
    assert page.text_layer and page.text_layer.to_dict() == {
        "lines": len(LINES),
        "refused": 0,
        "used": True,
    }
    assert {block.to_dict()["source"] for block in page.blocks} == {"text-layer"}


def test_one_line_that_lies_in_a_sound_layer_is_read(parser: Parser, tmp_path: Path) -> None:
    claimed = [*LINES[:-1], "and whoever reads this has not looked at the page itself."]
    document = parser.parse(scan(tmp_path / "a.pdf", claimed))
    assert text_of(document) == " ".join(LINES)
    assert document.pages[0].text_layer and document.pages[0].text_layer.refused == 1
    assert {block.source for block in document.pages[0].blocks} == {"both"}


def test_small_capitals_are_as_the_file_has_them(parser: Parser, tmp_path: Path) -> None:
    document = page_of([LINES[0].upper(), *LINES[1:]])
    pixels = document[0].get_pixmap(dpi=200)
    document = page_of(LINES, mode=3)
    document[0].insert_image(document[0].rect, pixmap=pixels, overlay=False)
    document.save(tmp_path / "a.pdf")
    assert text_of(parser.parse(tmp_path / "a.pdf")) == " ".join(LINES)


def test_a_line_that_is_refused_is_encoded_once(
    parser: Parser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[bytes] = []
    encode_lines = parser.engine.encode_lines

    def counted(images):
        encoded.extend(image.pixels.tobytes() for image in images)
        return encode_lines(images)

    monkeypatch.setattr(parser.engine, "encode_lines", counted)
    parser.parse(scan(tmp_path / "a.pdf", [shifted(line) for line in LINES]))
    assert len(set(encoded)) == len(encoded) >= len(LINES)


def test_words_that_overlap_are_not_mixed(parser: Parser, tmp_path: Path) -> None:
    document = page_of(LINES)
    document[0].insert_text((60, 350), "Amount that is due:", fontsize=12, fontname="tiro")
    document[0].insert_text((157, 350), "29.99", fontsize=12, fontname="tiro")
    document.save(tmp_path / "a.pdf")
    assert text_of(parser.parse(tmp_path / "a.pdf", text_layer="trust")).endswith("due: 29.99")


def test_a_layer_can_be_trusted_or_ignored(parser: Parser, tmp_path: Path) -> None:
    path = scan(tmp_path / "a.pdf", [shifted(line) for line in LINES])
    assert text_of(parser.parse(path, text_layer="trust")).startswith("Uif ibscpvs")
    assert parser.parse(path, text_layer="ignore").pages[0].text_layer is None


def test_a_script_that_the_reader_does_not_know_is_taken(parser: Parser, tmp_path: Path) -> None:
    words = "Новый паромный терминал открылся во вторник после трёх лет работы"
    document = pymupdf.open()
    document.new_page().insert_htmlbox((60, 60, 500, 200), f"<p>{words}</p><p>{words}</p>")
    document.save(tmp_path / "a.pdf")
    assert text_of(parser.parse(tmp_path / "a.pdf")) == f"{words} {words}"


def test_an_unknown_script_is_refused_where_the_page_shows_a_known_one(
    parser: Parser, tmp_path: Path
) -> None:
    pixels = page_of(LINES)[0].get_pixmap(dpi=200)
    document = page_of([])
    page = document[0]
    cyrillic = str.maketrans("abcdefghijklmnopqrstuvwxyz", "абвгдежзийклмнопрстуфхцчшщ")
    for number, line in enumerate(LINES):
        box = (60, 78 + 20 * number, 500, 98 + 20 * number)
        page.insert_htmlbox(box, f'<p style="font-size:11px">{line.translate(cyrillic)}</p>')
    page.insert_image(page.rect, pixmap=pixels)
    document.save(tmp_path / "a.pdf")
    assert "harbour" in text_of(parser.parse(tmp_path / "a.pdf"))


def test_values_and_ticks_of_a_form(parser: Parser, tmp_path: Path) -> None:
    document = pymupdf.open()
    page = document.new_page()
    for number, (name, value) in enumerate([("Name", "Margaret Ellwood"), ("Length", "11.85")]):
        y = 100 + 40 * number
        page.insert_text((60, y), name, fontsize=12)
        field = pymupdf.Widget()
        field.field_name, field.field_type = name, pymupdf.PDF_WIDGET_TYPE_TEXT
        field.field_value, field.rect = value, pymupdf.Rect(200, y - 14, 420, y + 6)
        page.add_widget(field)
    for number, (name, is_ticked) in enumerate([("Insured", True), ("Owner of a dog", False)]):
        y = 240 + 30 * number
        page.insert_text((90, y), name, fontsize=12)
        field = pymupdf.Widget()
        field.field_name, field.field_type = name, pymupdf.PDF_WIDGET_TYPE_CHECKBOX
        field.field_value, field.rect = is_ticked, pymupdf.Rect(60, y - 12, 74, y + 2)
        field.border_width, field.border_color = 1, (0, 0, 0)
        page.add_widget(field)
    document.save(tmp_path / "a.pdf")
    written = parser.parse(tmp_path / "a.pdf").to_markdown()
    assert "Margaret Ellwood" in written and "11.85" in written
    assert "[x] Insured" in written and "[ ] Owner of a dog" in written


MARKED = (
    "<p>The harbour is <b>closed</b> on Mondays and <i>never</i> on Tuesdays, as "
    '<a href="https://www.example.org/tides">the tables</a> say of every week in the year. '
    "Its mass is 10<sup>30</sup> kg, and the tag &lt;bold&gt; means nothing here.</p>"
)


def marked_page(path: Path) -> Path:
    document = pymupdf.open()
    page = document.new_page()
    page.insert_htmlbox((60, 60, 500, 300), MARKED, css="p { font-size: 14px; }")
    document.save(path)
    return path


def test_emphasis_links_and_scripts(parser: Parser, tmp_path: Path) -> None:
    document = parser.parse(marked_page(tmp_path / "a.pdf"))
    markdown, page = document.to_markdown(), document.to_html()
    assert "is **closed** on Mondays and *never* on" in markdown
    assert "[the tables](https://www.example.org/tides)" in markdown
    assert "<b>closed</b>" in page and "<i>never</i>" in page and "10<sup>30</sup>" in page
    assert '<a href="https://www.example.org/tides">the tables</a>' in page
    assert r"\textbf{closed}" in document.to_latex() and r"\textit{never}" in document.to_latex()
    assert "is closed on" in document.to_text()
    (block,) = document.to_dict()["pages"][0]["blocks"]
    for span in ("<bold>closed</bold>", "<italic>never</italic>", "10<sup>30</sup>"):
        assert span in block["content"]
    assert '<ext-link href="https://www.example.org/tides">' in block["content"]


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_links_of_a_page_that_is_turned(parser: Parser, tmp_path: Path, rotation: int) -> None:
    with pymupdf.open(marked_page(tmp_path / "a.pdf")) as document:
        document[0].set_rotation(rotation)
        document.save(tmp_path / "b.pdf")
    upright, turned = (parser.parse(tmp_path / name).to_markdown() for name in ("a.pdf", "b.pdf"))
    assert turned == upright


TITLES = """<h1>The Harbour</h1>
<h2>masons</h2><p>The harbour opened in May, after three years of work on its piers.</p>
<h2><a href="https://www.example.org/pay">HOLIDAY PAY</a></h2><p>All who work here are paid for
them by the day, whoever they are.</p>
<h3>gypsy jobs</h3><p>There are none: whoever asks for one is sent on to the next harbour.</p>
<h2>−−posix</h2><p>Passengers now board from a bridge, and the old pier will be kept.</p>"""


def test_titles_of_one_size_in_the_file_have_one_level(parser: Parser, tmp_path: Path) -> None:
    with pymupdf.open() as document:
        sizes = {"h1": 18, "h2": 14, "h3": 13, "p": 10}
        css = " ".join(f"{name} {{ font-size: {size}px; }}" for name, size in sizes.items())
        document.new_page().insert_htmlbox((60, 60, 500, 500), TITLES, css=css)
        document.save(tmp_path / "a.pdf")
    made = parser.parse(tmp_path / "a.pdf", boxes="word")
    titles = [line for line in made.to_markdown().splitlines() if line.startswith("#")]
    assert titles == [
        "# The Harbour",
        "## masons",
        "## [HOLIDAY PAY](https://www.example.org/pay)",
        "### gypsy jobs",
        "## −−posix",
    ]
    headings = [chunk["headings"] for chunk in made.chunks(max_tokens=40)]
    assert ["The Harbour", "HOLIDAY PAY"] in headings
    assert "<" not in made.render("content-list")
    assert Document.from_dict(made.to_dict()).to_dict() == made.to_dict()


def test_tags_on_the_page_are_text(parser: Parser, tmp_path: Path) -> None:
    page = parser.parse(marked_page(tmp_path / "a.pdf")).to_html()
    assert "tag &lt;" in page and "bold&gt; means nothing here." in page


def test_without_emphasis(parser: Parser, tmp_path: Path) -> None:
    document = parser.parse(marked_page(tmp_path / "a.pdf"), emphasis=False)
    assert "is closed on Mondays and never on" in document.to_markdown()
    assert "10<sup>30</sup>" in document.to_markdown()


LISTING = [
    "> function xdot = f (x, t)",
    ">   r = 0.25;",
    ">   xdot(1) = r*x(1)*(1 - x(1)/k) + a*x(1)*x(2)/(1 + b*x(1));",
    ">   xdot(2) = c*a*x(1)*x(2)/(1 + b*x(1)) - d*x(2);",
    "> endfunction",
]


def test_what_is_typed_is_no_formula_no_title_and_no_prose(parser: Parser, tmp_path: Path) -> None:
    document = pymupdf.open()
    page = document.new_page()

    def write(top: int, lines: list[str], font: str, left: int = 60) -> None:
        for number, line in enumerate(lines):
            page.insert_text((left, top + 14 * number), line, fontsize=11, fontname=font)

    write(90, LINES[:4], "tiro")
    write(160, LISTING, "cour", 84)
    write(244, ["Given the initial condition"], "tiro")
    write(268, ["x0 = [1; 2]"], "cour", 84)
    write(292, LINES[4:], "tiro")
    document.save(tmp_path / "a.pdf")
    (made,) = parser.parse(tmp_path / "a.pdf").pages
    assert [block.content for block in made.blocks if block.type == "code"] == ["\n".join(LISTING)]
    assert not [block for block in made.blocks if block.type in ("equation", "title")]
    texts = [block.content for block in made.blocks if block.type == "text"]
    assert "Given the initial condition" in texts
    assert "<monospace>x0 = [1; 2]</monospace>" in texts


def test_leaders_are_left_out(parser: Parser, tmp_path: Path) -> None:
    entries = ["The harbour", "Before the terminal", "Old and new fishing boats"]
    lines = [f"{entry} {'.' * (90 - 2 * len(entry))} {n + 5}" for n, entry in enumerate(entries)]
    page_of(lines).save(tmp_path / "a.pdf")
    found = text_of(parser.parse(tmp_path / "a.pdf"))
    assert found == "The harbour 5 Before the terminal 6 Old and new fishing boats 7"


def test_a_page_number_behind_leaders_is_as_the_file_has_it(parser: Parser, tmp_path: Path) -> None:
    """Also where the number is a line of its own, whose picture has the leaders, not its draft."""
    document = page_of([])
    for number, entry in enumerate(["THE HARBOUR", "THE TERMINAL", "FISHING BOATS"]):
        for text, x in ((entry, 60), ("." * 66, 200), (f"{number + 14}", 460)):
            document[0].insert_text((x, 90 + 30 * number), text, fontsize=13, fontname="hebo")
    document.save(tmp_path / "a.pdf")
    read = parser.parse(tmp_path / "a.pdf")
    assert read.pages[0].text_layer and read.pages[0].text_layer.refused == 0
    assert re.sub(r"[.\s]+", " ", text_of(read)) == (
        "THE HARBOUR 14 THE TERMINAL 15 FISHING BOATS 16"
    )


def test_a_shown_layer_that_lies_bears_on_nothing(
    parser: Parser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not on the layout either, which takes words and rules from a sound layer."""
    path = tmp_path / "a.pdf"
    page_of([f"{n}  {line}" for n, line in enumerate(LINES)]).save(path)
    ignored = parser.parse(path, text_layer="ignore")

    def lying(page: pymupdf.Page) -> object:
        layer = read_text_layer(page)
        assert layer
        parts = list(layer.characters)
        random.Random(0).shuffle(parts)
        return replace(layer, characters=tuple(parts), boxes=layer.boxes + 0.01)

    monkeypatch.setattr(pdf, "read_text_layer", lying)
    read = parser.parse(path)
    assert read.pages[0].text_layer and not read.pages[0].text_layer.used
    assert [block.box for block in read.pages[0].blocks] == [
        block.box for block in ignored.pages[0].blocks
    ]
    assert text_of(read) == text_of(ignored)


def test_letters_of_a_ligature_keep_their_order(parser: Parser, tmp_path: Path) -> None:
    document = page_of([])
    writer = pymupdf.TextWriter(document[0].rect)
    for number, line in enumerate(LINES[2:4]):
        shown = line.replace("fi", "\ufb01")
        writer.append((60, 90 + 20 * number), shown, font=pymupdf.Font("tiro"), fontsize=12)
    writer.write_text(document[0])
    document.save(tmp_path / "a.pdf")
    assert text_of(parser.parse(tmp_path / "a.pdf")) == " ".join(LINES[2:4])
    layer = read_text_layer(document[0])
    assert layer
    place = "".join(layer.characters).index("fishing")
    edges = layer.boxes[place : place + 3, [0, 2]]
    assert (edges[:, 0] < edges[:, 1]).all() and (edges[1:, 0] >= edges[:-1, 1] - 1e-6).all()


def test_the_raised_letter_of_a_name_is_no_superscript(parser: Parser, tmp_path: Path) -> None:
    text = (
        '<p>A manual of the L<span style="font-size: 10px; vertical-align: 3px">A</span>TEX system '
        "for n<sup>K</sup>, written in the year of its tenth edition.</p>"
    )
    document = pymupdf.open()
    document.new_page().insert_htmlbox((60, 60, 500, 300), text, css="p { font-size: 14px; }")
    document.save(tmp_path / "a.pdf")
    written = parser.parse(tmp_path / "a.pdf").to_markdown()
    assert "the LATEX system for n<sup>K</sup>, written" in written
