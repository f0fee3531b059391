"""Nothing is lost in silence: what is seen and not written has a record, a reason, and a line."""

import logging

import pytest
from page_models import FakeParser, region, tiny_line_reader, write_pdf

from mdocr.document.document import Document
from mdocr.layout import Layout, LayoutBox, Line, Region
from mdocr.options import ParseOptions
from mdocr.parsing import parse

LINES = ["The first line of the page, which is rather long", "1 short"]


def read(parser, path, **options) -> Document:
    return parse(parser, path, ParseOptions(**options))


def by_lines(text: str, confidence: float) -> FakeParser:
    return FakeParser(lambda image, prompt: text, tiny_line_reader(), confidence=confidence)


@pytest.mark.parametrize(
    ("text", "confidence", "reason"),
    [("some words", 0.3, "unsure"), ("'", 0.7, "noise"), ("", 0.9, "noise")],
)
def test_lines_that_are_not_written_have_a_record(tmp_path, caplog, text, confidence, reason):
    path = write_pdf(tmp_path / "a.pdf", [LINES])
    page = read(by_lines(text, confidence), path).pages[0]
    assert not page.blocks
    assert [(one.reason, one.text) for one in page.unread] == [(reason, text)] * 2
    first, second = (one.box for one in page.unread)
    assert 0 < first.x0 < first.x1 < 1 and first.y1 < second.y0
    assert page.unread[0].confidence == pytest.approx(confidence if text else 0)
    assert f"a.pdf, page 1: seen and not written: 2 {reason}" in caplog.text


def test_what_lies_under_a_picture_is_covered(tmp_path, monkeypatch):
    free, under, stamp = (LayoutBox(50, y, 400, y + 30) for y in (100, 200, 210))
    lines = (Line(free), Line(under))
    regions = (Region("text", LayoutBox(50, 100, 400, 230), lines), Region("image", stamp))
    layout = Layout(800, 1000, 0.0, regions)
    monkeypatch.setattr("mdocr.parsing.line_reader.views.analyse", lambda *_, **__: layout)
    path = write_pdf(tmp_path / "a.pdf", [LINES])
    page = read(by_lines("some words", 0.3), path).pages[0]
    assert [one.reason for one in page.unread] == ["unsure", "covered"]
    assert not read(by_lines("some words", 0.9), path).pages[0].unread


def test_what_is_unsure_is_written_if_asked_for(tmp_path, caplog):
    path = write_pdf(tmp_path / "a.pdf", [LINES])
    page = read(by_lines("some words", 0.3), path, keep_unsure=True).pages[0]
    assert [line for block in page.blocks for line in block.content.split("\n")] == [
        "some words",
        "some words",
    ]
    assert not page.unread and "seen and not written" not in caplog.text
    assert read(by_lines("'", 0.3), path, keep_unsure=True).pages[0].unread


def test_a_page_of_an_unknown_script_says_so(tmp_path, caplog):
    path = write_pdf(tmp_path / "a.pdf", [LINES])
    page = read(by_lines("lookalikes " * 9, 0.3), path).pages[0]
    assert {one.reason for one in page.unread} == {"script"}
    assert "its script may be none that this model knows" in caplog.text
    assert "its script may be none that this model knows" in page.to_dict()["notes"][0]


def test_a_page_on_which_nothing_was_found_is_reported(tmp_path, caplog):
    path = write_pdf(tmp_path / "a.pdf", [[], LINES])
    with caplog.at_level(logging.WARNING):
        document = read(by_lines("some words", 0.9), path)
    assert [page.notes for page in document.pages] == [("nothing was found on it",), ()]
    assert [message for message in caplog.messages if "nothing was found" in message] == [
        f"{path}, page 1: nothing was found on it"
    ]


def test_a_text_that_was_cut_has_a_record(tmp_path):
    layout = "\n".join(region("text", (100, y, 900, y + 100)) for y in (100, 300))
    texts = iter(["whole", "long " * 9])
    parser = FakeParser(lambda image, prompt: layout if prompt == "layout" else next(texts))
    page = read(parser, write_pdf(tmp_path / "a.pdf", [["x"]]), max_tokens={"text": 20}).pages[0]
    assert [(one.reason, one.text) for one in page.unread] == [("cut", ("long " * 9).strip())]
    assert page.unread[0].box in [block.box for block in page.blocks]


def test_regions_of_an_unknown_type_are_read_as_text(tmp_path, caplog):
    layout = "\n".join(
        [region("stamp", (100, 100, 900, 200)), region("text", (100, 300, 900, 400))]
    )
    parser = FakeParser(lambda image, prompt: layout if prompt == "layout" else "words")
    page = read(parser, write_pdf(tmp_path / "a.pdf", [["x"]])).pages[0]
    assert [(block.type, block.content) for block in page.blocks] == [("text", "words")] * 2
    assert "regions of unknown types are read as text: stamp" in caplog.text


def test_records_are_in_the_json_and_come_back(tmp_path):
    document = read(by_lines("some words", 0.3), write_pdf(tmp_path / "a.pdf", [LINES]))
    record = document.to_dict()
    assert record["pages"][0]["unread"][0]["reason"] == "unsure"
    assert Document.from_dict(record).pages[0].unread[0].text == "some words"
