"""Properties that hold for any text: parsers refuse or read, and what they read can be written."""

import re
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from mdocr.document.document import Document
from mdocr.document.inline import literal, plain, split_spans
from mdocr.document.latex.repair import repair
from mdocr.document.latex.sanitize import sanitize
from mdocr.document.latex.token_reader import RefusedFormula
from mdocr.document.layout_text import format_layout, parse_layout
from mdocr.document.model import Block, Box, Page, Source
from mdocr.document.tables import from_otsl, to_otsl
from mdocr.errors import UsageError
from mdocr.inputs.ranges import parse_ranges
from mdocr.render import FORMATS

QUICK = settings(max_examples=100, deadline=None, derandomize=True)
MARKS = [
    "<fcel>", "<ecel>", "<lcel>", "<ucel>", "<xcel>", "<nl>", "<b>", "</b>", "<sup>", "</sup>",
    '<a href="https://a.b/">', "</a>", "\\(", "\\)", "\\[", "\\frac{", "}", "{", "&", "\\\\", "$",
    "\\begin{array}{c}", "\\end{array}", "\\left(", "\\right.", "a", " ", "\n", "|", "*", "x_1",
    "<script>", "](javascript:alert(1))", "=1+1", "\u202e", "é",
]  # fmt: skip
texts = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(MARKS), max_size=25).map("".join))
numbers = st.integers(0, 1000)


class Tags(HTMLParser):
    """Names of the tags of a page, and values of their attributes, as a browser sees them."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.values: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.values += [value or "" for _, value in attrs]


def box(x0: int, x1: int, y0: int, y1: int) -> Box:
    """A box from thousandths, its corners in order."""
    values = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    return Box(*(value / 1000 for value in values))


blocks = st.builds(
    lambda kind, form, content: Block(kind, Box(0.1, 0.1, 0.9, 0.2), content, form, order=1),
    st.sampled_from(["text", "title", "table", "equation", "code", "list", "ref_text"]),
    st.sampled_from(["text", "latex", "html", "otsl"]),
    texts,
)


@QUICK
@given(st.text("0123456789-,end ", max_size=12), st.integers(1, 40))
def test_pages_are_ascending_and_there_or_refused(text, count):
    try:
        pages = parse_ranges(text, count)
    except UsageError:
        return
    assert pages == sorted(set(pages)) and all(1 <= page <= count for page in pages)


@QUICK
@given(st.lists(st.tuples(numbers, numbers, numbers, numbers), max_size=5), texts)
def test_layouts_are_read_as_they_are_written(boxes, noise):
    made = [Block("text", box(*corners)) for corners in boxes]
    first = parse_layout(format_layout(made))
    again = parse_layout(format_layout(first.regions))
    assert again.regions == first.regions
    assert len(first.malformed) == sum(block.box.area == 0 for block in made)
    parse_layout(noise)


@QUICK
@given(texts)
def test_tables_that_were_read_are_read_again_alike(text):
    once = from_otsl(to_otsl(from_otsl(text)))
    assert from_otsl(to_otsl(once)) == once


@QUICK
@given(texts)
def test_spans_are_not_empty_and_literal_text_has_no_marks(text):
    assert all(span.content for span in split_spans(text))
    plain(text)
    assert not any(span.marks or span.link for span in split_spans(literal(text)))


@QUICK
@given(texts)
def test_formulas_are_harmless_or_refused(text):
    try:
        clean = sanitize(repair(text))
    except RefusedFormula:
        return
    assert not re.search(r"\\(input|include|write|openout|read|csname|catcode)(?![a-zA-Z])", clean)


@QUICK
@given(st.lists(blocks, max_size=4), st.sampled_from(["md", "txt", "html", "latex", "json"]))
def test_anything_that_was_read_can_be_written(content, form):
    assert form in FORMATS
    document = Document(Source("a.pdf"), "m", (Page(1, 100, 100, tuple(content)),))
    text = document.render(form)
    if form == "html":
        seen = Tags()
        seen.feed(text)
        assert "script" not in seen.names
        assert not [
            value for value in seen.values if value.strip().lower().startswith("javascript:")
        ]
    if form == "json":
        assert len(Document.from_dict(document.to_dict()).pages[0].blocks) == len(content)
