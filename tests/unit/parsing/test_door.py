"""The door for programs: what a parser takes, what it gives, and what it says of the rest."""

from functools import partial
from io import BytesIO

import numpy as np
import pytest
from page_models import (
    FakeParser,
    drawn,
    region,
    save_tiny_line_reader,
    tiny_line_reader,
    write_pdf,
)
from PIL import Image

import mdocr
from mdocr.document.model import Block
from mdocr.errors import InputError, UsageError
from mdocr.layout import analyse
from mdocr.options import ParseOptions
from mdocr.parsing import loading, parse
from mdocr.parsing.parser import Parser
from mdocr.parsing.regions import read_layout, read_region

LINES = ["The first line of the page, which is rather long", "1 short"]
LAYOUT = "\n".join([region("text", (100, 100, 900, 200)), region("image", (100, 300, 900, 600))])


def answer(image: Image.Image, prompt: str) -> str:
    contents = {"layout": LAYOUT, "table": "<fcel>a<fcel>b<nl><fcel>c<fcel>1<nl>", "formula": "x^2"}
    return contents.get(prompt, "words")


def png() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (200, 200), "white").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "source",
    [
        png(),
        BytesIO(png()),
        Image.new("RGB", (200, 200)),
        np.zeros((200, 200, 3), np.uint8),
        np.zeros((200, 200), np.uint8),
    ],
    ids=["bytes", "stream", "picture", "colour array", "grey array"],
)
def test_a_document_may_be_held_in_memory(source):
    document = parse(FakeParser(answer), source, ParseOptions())
    assert [block.content for block in document.pages[0].blocks] == ["words", ""]
    assert (document.source.path, document.name) == ("", "document")
    assert len(document.source.sha256) in (0, 64)
    assert list(document.pictures) == [document.pages[0].blocks[1].image]


def test_a_list_of_page_pictures_is_one_document(tmp_path):
    pictures = [Image.new("RGB", (200, 200)), png(), np.zeros((100, 100), np.uint8)]
    document = parse(FakeParser(answer), pictures, ParseOptions(pages=[1, 3]))
    assert [page.number for page in document.pages] == [1, 3]
    assert document.source.page_count == 3


def test_what_is_no_document_is_named_by_its_type():
    with pytest.raises(InputError, match="a dict is no document"):
        parse(FakeParser(answer), {"a": 1}, ParseOptions())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_tiny_line_reader(tmp_path_factory.mktemp("model"))


def test_the_model_of_the_last_call_is_kept(folder, tmp_path, monkeypatch):
    loaded = []

    def load(*arguments):
        loaded.append(arguments)
        return load_parser(*arguments)

    load_parser = loading.load_parser
    monkeypatch.setattr(loading, "load_parser", load)
    loading._kept.cache_clear()
    path = write_pdf(tmp_path / "a.pdf", [LINES])
    first, second = (mdocr.parse(path, model=folder, device="cpu", dpi=72) for _ in range(2))
    assert first.pages[0].blocks == second.pages[0].blocks
    assert len(loaded) == 1
    mdocr.parse(path, model=folder, device="cpu", dtype="float32", dpi=72)
    assert len(loaded) == 2
    (folder / "model.safetensors").touch()  # weights that have changed are read anew
    mdocr.parse(path, model=folder, device="cpu", dtype="float32", dpi=72)
    assert len(loaded) == 3


def test_a_wrong_keyword_is_named_before_a_page_is_read(folder, tmp_path):
    parser = mdocr.load_parser(folder, device="cpu")
    assert isinstance(parser, Parser) and repr(parser).startswith("<Parser ")
    with pytest.raises(UsageError, match="unknown option 'page'") as error:
        parser.parse(tmp_path / "none.pdf", page=3)
    assert "pages" in error.value.hint
    with pytest.raises(UsageError, match="unknown option 'treshold'"):
        parser.read(drawn("a", (60, 40)), treshold=1)


@pytest.mark.parametrize(
    ("task", "kind", "content", "form"),
    [
        ("text", "text", "words", "text"),
        (
            "table",
            "table",
            "<table><thead><tr><th>a</th><th>b</th></tr></thead>"
            "<tbody><tr><td>c</td><td>1</td></tr></tbody></table>",
            "html",
        ),
        ("formula", "equation", "x^2", "latex"),
    ],
)
def test_single_regions_are_read_by_a_prompt(task, kind, content, form):
    reading = read_region(FakeParser(answer), Image.new("RGB", (90, 40)), task, ParseOptions())
    (found,) = reading.blocks
    assert not reading.failures
    assert (found.type, found.content, found.format) == (kind, content, form)
    assert found.confidence == pytest.approx(0.9) and found.steps > 0


def test_single_regions_are_read_by_their_lines():
    model = FakeParser(lambda image, prompt: f"{prompt} {image.width}", tiny_line_reader())
    picture = drawn("some lines of text\nand one more of them", (400, 90))
    (text,) = read_region(model, picture, "text", ParseOptions()).blocks
    assert text.type == "text" and len(text.content.split("\n")) == 2
    assert 0.85 < text.confidence < 0.95
    (without_table,) = read_region(model, picture, "table", ParseOptions()).blocks
    assert (without_table.type, without_table.content) == ("text", text.content)
    (formula,) = read_region(model, picture.crop((0, 0, 200, 45)), "formula", ParseOptions()).blocks
    assert formula.type == "equation" and formula.content


@pytest.mark.parametrize("model", [None, tiny_line_reader()], ids=["prompt", "lines"])
def test_the_layout_alone(model):
    picture = drawn("some lines of text\nand one more of them", (400, 400))
    regions = read_layout(FakeParser(answer, model), picture, ParseOptions()).blocks
    assert all(isinstance(one, Block) and not one.content for one in regions)
    assert [one.order for one in regions] == list(range(1, len(regions) + 1))
    assert regions[0].type in ("text", "title")


@pytest.mark.parametrize("task", ["text", "table", "formula"])
def test_a_region_that_is_cut_at_its_limit_is_a_failure_and_keeps_what_was_read(task):
    limits = {"text": 20, "table": 20, "equation": 20}
    options = ParseOptions(max_tokens=limits)
    parser = FakeParser(lambda image, prompt: "abcdefghij" * 2)
    reading = read_region(parser, Image.new("RGB", (90, 40)), task, options)
    assert reading.content
    (failure,) = reading.failures
    assert failure.exit_code == 7 and "--max-tokens" in failure.hint and "=40" in failure.hint


def test_a_page_whose_layout_takes_too_long_fails_by_name_and_is_no_empty_text(monkeypatch):
    hasty = partial(analyse, seconds=0)
    monkeypatch.setattr("mdocr.parsing.line_reader.views.analyse", hasty)
    model, picture = FakeParser(answer, tiny_line_reader()), drawn("a line", (400, 60))
    (failure,) = parse(model, picture, ParseOptions()).failures
    assert (failure.page, failure.error) == (1, "TimeLimitError")
    with pytest.raises(InputError, match="takes more than 0 s"):
        read_region(model, picture, "text", ParseOptions())


def test_an_unknown_task_is_named():
    with pytest.raises(UsageError, match="unknown task 'chart'"):
        read_region(FakeParser(answer), Image.new("RGB", (90, 40)), "chart", ParseOptions())
