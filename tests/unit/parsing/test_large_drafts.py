"""Drafts and layouts for the large model: who is asked for what, over fakes."""

from dataclasses import replace

import pytest
from page_models import FakeParser, region, tiny_line_reader, write_pdf

from mdocr.decoding.requests import Request, TokenDraft
from mdocr.errors import UsageError
from mdocr.options import ParseOptions
from mdocr.parsing import parse

LAYOUT = region("text", (0, 0, 1000, 1000))


class LargeParser(FakeParser):
    """A large model that notes the drafts it is given."""

    def __init__(self, lite: FakeParser | None = None) -> None:
        super().__init__(lambda image, prompt: LAYOUT if prompt == "layout" else "words")
        self.verifies_drafts = True
        self.drafts: list[str | None] = []
        self.small = lite

    def lite(self) -> FakeParser:
        assert self.small is not None
        return self.small

    def request(self, image, prompt, options, *, draft=None) -> Request:
        self.drafts.append(draft)
        asked = super().request(image, prompt, options)
        return replace(asked, draft=TokenDraft((1,), (0.0,)) if draft else TokenDraft())


class LiteParser(FakeParser):
    """A lite model that reads every line alike."""

    def __init__(self) -> None:
        super().__init__(lambda image, prompt: "abc", tiny_line_reader(), confidence=0.95)


@pytest.fixture
def pdf(tmp_path):
    return write_pdf(tmp_path / "a.pdf", [["first line", "second line"]])


def asked(parser: LargeParser, path, **options) -> list[tuple[str, str | None]]:
    document = parse(parser, path, ParseOptions(dpi=100, **options))
    assert not document.failures
    prompts = [prompt for _, prompt, _ in parser.asked]
    return list(zip(prompts, parser.drafts, strict=True))


@pytest.mark.parametrize("draft", ["auto", "text-layer"])
def test_the_text_layer_is_a_draft(pdf, draft):
    found = asked(LargeParser(), pdf, draft=draft)
    assert found == [("layout", None), ("text", "first line second line")]


def test_without_drafts(pdf):
    plain = [("layout", None), ("text", None)]
    assert asked(LargeParser(), pdf, draft="none") == plain
    assert asked(LargeParser(), pdf, text_layer="ignore") == plain


def test_a_draft_that_is_ignored_is_refused(pdf):
    with pytest.raises(UsageError, match="--text-layer ignore leaves out"):
        asked(LargeParser(), pdf, draft="text-layer", text_layer="ignore")


def test_the_lite_model_reads_what_has_no_layer_where_the_large_one_is_slow(pdf):
    parser = LargeParser(LiteParser())
    parser.is_slow = True
    found = asked(parser, pdf, text_layer="ignore", acceptance=0.5)
    assert found == [("layout", None), ("text", "abc abc")]


def test_where_arithmetic_counts_nothing_is_verified_exactly_unless_asked_for(pdf):
    for draft, expected in (("auto", None), ("text-layer", "first line second line")):
        parser = LargeParser()
        parser.is_slow = True
        assert asked(parser, pdf, draft=draft) == [("layout", None), ("text", expected)]


def test_the_lite_model_is_asked_by_name(pdf):
    found = asked(LargeParser(LiteParser()), pdf, draft="lite", text_layer="ignore")
    assert found == [("layout", None), ("text", "abc abc")]


@pytest.mark.parametrize("draft", ["none", "lite"])
def test_the_lite_model_finds_the_regions(pdf, draft):
    parser = LargeParser(LiteParser())
    found = asked(parser, pdf, layout="lite", draft=draft, text_layer="ignore")
    assert {prompt for prompt, _ in found} == {"text"}
    assert {text for _, text in found} == ({None} if draft == "none" else {"abc"})
    document = parse(parser, pdf, ParseOptions(dpi=100, layout="lite", text_layer="ignore"))
    (page,) = document.pages
    assert [block.content for block in page.blocks] == ["words"] * len(page.blocks)
    assert [block.order for block in page.blocks] == list(range(1, len(page.blocks) + 1))


def test_how_drafts_are_accepted_goes_with_the_request(pdf):
    parser = LargeParser()
    asked(parser, pdf, acceptance=0.5)
    assert {options.acceptance for _, _, options in parser.asked} == {0.5}


def test_drafts_that_a_model_cannot_take_are_refused(pdf):
    plain = FakeParser(lambda image, prompt: LAYOUT)
    for draft in ("lite", "text-layer"):
        with pytest.raises(UsageError, match="verifies no drafts"):
            parse(plain, pdf, ParseOptions(draft=draft))
        with pytest.raises(UsageError, match="takes no draft"):
            parse(LiteParser(), pdf, ParseOptions(draft=draft))
    with pytest.raises(UsageError, match="CTC head"):
        parse(plain, pdf, ParseOptions(draft="ctc"))
    with pytest.raises(UsageError, match="acceptance"):
        ParseOptions(acceptance=2)
    with pytest.raises(UsageError, match="layout"):
        ParseOptions(layout="none")
