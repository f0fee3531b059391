"""Documents to pages through fakes: order, look-ahead, failures, memory, what is asked."""

from dataclasses import replace
from threading import Event

import numpy as np
import pytest
import torch
from page_models import FakeParser, region, tiny_line_reader, write_pdf
from PIL import Image

from mdocr.decoding.blocks import denoise
from mdocr.decoding.requests import Request
from mdocr.document.document import Document
from mdocr.document.model import Block
from mdocr.errors import DeviceError, InputError, OutOfMemoryError, UsageError
from mdocr.inputs.pages import open_pages
from mdocr.options import ParseOptions
from mdocr.parsing import DocumentTask, Ended, Opened, ReadPage, parse, read_documents
from mdocr.parsing.events import collect
from mdocr.parsing.pipeline import Sheet, read_sheets
from mdocr.parsing.queue import LOOK_AHEAD

LAYOUT = [
    region("header", (100, 10, 900, 40)),
    region("title", (100, 50, 900, 100)),
    region("text", (100, 150, 900, 300), "right"),
    region("table", (100, 300, 900, 500)),
    region("equation", (100, 500, 900, 600)),
    region("image", (100, 600, 500, 800)),
    region("chart", (500, 600, 900, 800)),
    region("list", (100, 800, 900, 900)),
    region("text", (100, 810, 900, 890)),
]


def answer(image: Image.Image, prompt: str) -> str:
    contents = {"table": "<fcel>a<fcel>b<nl>", "equation": "x^2", "text": "words"}
    return "\n".join(LAYOUT) if prompt == "layout" else contents[prompt]


def read(parser, path, **options):
    return parse(parser, path, ParseOptions(**options))


def test_released_path(tmp_path):
    parser = FakeParser(answer)
    path = write_pdf(tmp_path / "a.pdf", [["one"], ["two"], ["three"]])
    document = read(parser, path, dpi=72)
    assert [page.number for page in document.pages] == [1, 2, 3]
    assert not document.failures
    assert (document.model, document.source.page_count) == ("fake", 3)
    assert len(document.source.sha256) == 64
    for page in document.pages:
        assert (page.width, page.height) == (400, 400)
        assert page.seconds > 0
        found = [(b.type, b.content, b.format, b.angle, bool(b.image)) for b in page.blocks]
        assert found == [
            ("header", "words", "text", 0, False),
            ("title", "words", "text", 0, False),
            ("text", "words", "text", 90, False),
            ("table", "<fcel>a<fcel>b<nl>", "otsl", 0, False),
            ("equation", "x^2", "latex", 0, False),
            ("image", "", "text", 0, True),
            ("chart", "words", "text", 0, True),
            ("list", "", "text", 0, False),
            ("text", "words", "text", 0, False),
        ]
        assert page.blocks[0].confidence == pytest.approx(0.9)
        assert page.blocks[0].steps >= 1
        assert [block.order for block in page.blocks] == list(range(1, 10))
    assert Document.from_dict(document.to_dict()).model == "fake"


def test_what_the_model_is_asked(tmp_path):
    parser = FakeParser(answer)
    options = {"thresholds": {"table": 0.98, "layout": 0.5}, "max_tokens": {"text": 9}, "dpi": 72}
    read(parser, write_pdf(tmp_path / "a.pdf", [["one"]]), **options)
    assert [(size, prompt) for size, prompt, _ in parser.asked] == [
        ((1036, 1036), "layout"),
        ((747, 28), "text"),  # the header's 320 × 12 pixels, scaled
        ((448, 28), "text"),
        ((60, 320), "text"),
        ((320, 80), "table"),
        ((320, 40), "equation"),
        ((160, 80), "text"),
        ((320, 32), "text"),
    ]
    made = {prompt: chosen for _, prompt, chosen in parser.asked}
    assert (made["table"].threshold, made["layout"].threshold) == (0.98, 0.5)
    assert (made["table"].max_tokens, made["text"].max_tokens) == (2048, 9)
    assert (made["text"].block_length, made["text"].revise) == (32, False)


def test_regions_and_pages_travel_together(tmp_path):
    parser = FakeParser(answer)
    read(parser, write_pdf(tmp_path / "a.pdf", [["x"]] * 6), batch_size=8)
    assert parser.most_in_work == 8
    assert parser.batch_sizes == [8]
    before_crops = [prompt for _, prompt, _ in parser.asked].index("text")
    assert before_crops == LOOK_AHEAD


def test_documents_come_in_order_with_their_pages(tmp_path):
    paths = [write_pdf(tmp_path / f"{n}.pdf", [[str(n)]] * 2) for n in range(3)]
    tasks = [DocumentTask(str(path)) for path in paths]
    tasks.insert(1, DocumentTask(str(tmp_path / "missing.pdf")))
    told = []
    for event in read_documents(lambda: FakeParser(answer), tasks, ParseOptions(jobs=3)):
        if isinstance(event, Opened):
            told.append(("opened", event.number, event.pages))
        elif isinstance(event, ReadPage):
            told.append((*event.key, event.error is None))
        else:
            assert isinstance(event, Ended)
            told.append(("ended", event.number))
    assert told == [
        *[("opened", 0, 2), (0, 1, True), (0, 2, True), ("ended", 0)],
        *[(1, 0, False), ("ended", 1)],
        *[("opened", 2, 2), (2, 1, True), (2, 2, True), ("ended", 2)],
        *[("opened", 3, 2), (3, 1, True), (3, 2, True), ("ended", 3)],
    ]


def test_the_decoder_begins_again_after_documents_that_need_no_model(tmp_path):
    first, last = (write_pdf(tmp_path / f"{n}.pdf", [[n]]) for n in ("first", "last"))
    between = [DocumentTask(str(tmp_path / f"missing{n}.pdf")) for n in range(4 * LOOK_AHEAD)]
    tasks = [DocumentTask(str(first)), *between, DocumentTask(str(last))]
    parser = FakeParser(answer)
    events = list(read_documents(lambda: parser, tasks, ParseOptions()))
    read = [event.key for event in events if isinstance(event, ReadPage) and event.error is None]
    assert read == [(0, 1), (len(tasks) - 1, 1)]
    assert len(parser.batch_sizes) > 1
    assert [event.number for event in events if isinstance(event, Ended)] == list(range(len(tasks)))


def test_blank_pages_between_others(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", [["abc"], *[[]] * 3 * LOOK_AHEAD, ["bca"]])
    document = read(lite_parser(lambda image, prompt: "words"), path, dpi=72)
    found = {page.number: [block.content for block in page.blocks] for page in document.pages}
    assert len(found) == 2 + 3 * LOOK_AHEAD and not document.failures
    assert {number for number, texts in found.items() if texts} == {1, len(found)}


def test_known_pages_are_not_read(tmp_path):
    path = str(write_pdf(tmp_path / "a.pdf", [["x"]] * 2))
    first = {page.number: page for page in read(FakeParser(answer), path).pages}

    def load():
        raise AssertionError("no model is needed")

    task = DocumentTask(path, lambda source: first)
    opened, _ = read_documents(load, [task], ParseOptions())
    assert [page.number for page in opened.kept] == [1, 2]


def test_a_page_without_layout_fails_and_others_are_read(tmp_path):
    parser = FakeParser(answer)
    request, asked = parser.request, []

    def picky(image, prompt, options):
        asked.append(prompt)
        if len(asked) == 2:
            raise InputError("a bad picture", "Paint it.")
        return request(image, prompt, options)

    parser.request = picky
    document = read(parser, write_pdf(tmp_path / "a.pdf", [["x"]] * 3))
    assert [page.number for page in document.pages] == [1, 3]
    (failure,) = document.failures
    assert (failure.page, failure.order, failure.error) == (2, 0, "InputError")
    assert (failure.message, failure.hint) == ("a bad picture", "Paint it.")


def test_a_region_that_fails_is_named_and_left_empty(tmp_path):
    parser = FakeParser(answer)
    request = parser.request

    def picky(image, prompt, options):
        if prompt == "table":
            raise ValueError("odd")
        return request(image, prompt, options)

    parser.request = picky
    document = read(parser, write_pdf(tmp_path / "a.pdf", [["x"]]))
    assert [(f.page, f.order, f.error) for f in document.failures] == [(1, 4, "MdocrError")]
    assert "ValueError: odd" in document.failures[0].message
    assert [b.content for b in document.pages[0].blocks if b.type == "table"] == [""]


class BlockParser(FakeParser):
    """The same answers by way of block diffusion: ``predict`` spells them, token by token."""

    def request(self, image, prompt, options):
        self.asked.append((image.size, prompt, options))
        return Request((2, 2, 2), options, frozenset({1}), (image, prompt))

    def denoise(self, requests, batch_size):
        texts: dict[int, list[int]] = {}

        def predict(feeds):
            rows = []
            for feed in feeds:
                if feed.picture is not None:
                    texts[feed.sequence] = [*map(ord, self.answer(*feed.picture)), 1]
                spelled = texts[feed.sequence]
                self.most_in_work = max(self.most_in_work, len(feeds))
                for index in feed.queries:
                    place = feed.start + index - feed.prompt_length
                    rows.append(torch.zeros(128))
                    rows[-1][spelled[min(place, len(spelled) - 1)]] = 20
            return torch.stack(rows)

        for number, made in denoise(predict, requests, 0, batch_size):
            yield number, replace(made, text=self.tokenizer.decode(made.tokens))


def test_the_decoder_draws_regions_when_their_layout_is_there(tmp_path):
    parser = BlockParser(answer)
    path = write_pdf(tmp_path / "a.pdf", [["x"]] * 6)
    document = read(parser, path, batch_size=5)
    expected = read(FakeParser(answer), path)
    for page, other in zip(document.pages, expected.pages, strict=True):
        assert [b.content for b in page.blocks] == [b.content for b in other.blocks]
    assert parser.most_in_work == 5
    assert document.pages[0].blocks[0].confidence > 0.99
    assert document.pages[0].blocks[0].steps == 1


def test_the_next_page_is_rendered_while_one_is_read(tmp_path):
    pages = [*open_pages(write_pdf(tmp_path / "a.pdf", [["x"]] * (LOOK_AHEAD + 1)))]
    next_one, seen = Event(), []

    def rendered():
        for page in pages:
            if page.number > LOOK_AHEAD:
                next_one.set()
            yield Sheet((0, page.number), page)

    def waiting(image, prompt):
        seen.append(next_one.wait(20))
        return answer(image, prompt)

    events = [*read_sheets(lambda: FakeParser(waiting), rendered(), ParseOptions())]
    assert len(events) == len(pages)
    assert all(seen)


def test_threads_change_nothing(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", [["x"]] * 7)
    for make in (lambda: FakeParser(answer), lambda: lite_parser(lambda i, p: str(i.width))):
        plain, threaded = (read(make(), path, jobs=jobs).pages for jobs in (1, 3))
        assert [p.blocks for p in plain] == [p.blocks for p in threaded]
        assert len(plain) == 7


class ForgetfulParser(FakeParser):
    """Runs out of memory with more than ``room`` texts, or with a text of ``too_much``."""

    room = 2
    too_much = ""

    def denoise(self, requests, batch_size):
        for number, made in super().denoise(requests, batch_size):
            if batch_size > self.room or (self.too_much and made.text == self.too_much):
                raise OutOfMemoryError("out of memory")
            yield number, made


def test_short_memory_means_fewer_texts_at_once(tmp_path):
    parser = ForgetfulParser(answer)
    document = read(parser, write_pdf(tmp_path / "a.pdf", [["x"]] * 3), batch_size=8)
    assert parser.batch_sizes == [8, 4, 2]
    assert [len(page.blocks) for page in document.pages] == [9, 9, 9]
    assert all(b.content for p in document.pages for b in p.blocks if b.type in ("text", "table"))
    assert not document.failures


def test_a_text_that_is_too_much_alone_is_given_up(tmp_path):
    parser = ForgetfulParser(answer)
    parser.too_much = "x^2"
    document = read(parser, write_pdf(tmp_path / "a.pdf", [["x"]] * 2), batch_size=2)
    assert [(f.page, f.order, f.error) for f in document.failures] == [
        (1, 5, "OutOfMemoryError"),
        (2, 5, "OutOfMemoryError"),
    ]
    contents = [b.content for page in document.pages for b in page.blocks if b.type == "table"]
    assert contents == ["<fcel>a<fcel>b<nl>"] * 2


@pytest.mark.parametrize(("error", "attempts"), [(OutOfMemoryError, 3), (DeviceError, 1)])
def test_no_room_for_the_model_at_all(tmp_path, error, attempts):
    parser = FakeParser(answer)
    tried = []

    def denoise(requests, batch_size):
        tried.append(batch_size)
        raise error("it is full")
        yield

    parser.denoise = denoise
    with pytest.raises(error):
        read(parser, write_pdf(tmp_path / "a.pdf", [["x"]]), batch_size=4)
    assert tried == [4, 2, 1][:attempts]


def test_a_text_that_is_not_there_is_a_failure_of_its_region(tmp_path):
    parser = FakeParser(answer)
    denoise = parser.denoise

    def without_tables(requests, batch_size):
        for number, made in denoise(requests, batch_size):
            yield number, InputError("no table") if made.text.startswith("<fcel>") else made

    parser.denoise = without_tables
    document = read(parser, write_pdf(tmp_path / "a.pdf", [["x"]] * 2))
    assert [(f.page, f.order, f.message) for f in document.failures] == [
        (1, 4, "no table"),
        (2, 4, "no table"),
    ]
    assert [len(page.blocks) for page in document.pages] == [9, 9]


def test_runaways_and_nonsense_are_noted(tmp_path, caplog):
    def runs_away(image, prompt):
        return "\n".join([*LAYOUT, "nonsense"]) if prompt == "layout" else "start" + "ab" * 200

    task = DocumentTask(str(write_pdf(tmp_path / "a.pdf", [["x"]])))
    events = list(read_documents(lambda: FakeParser(runs_away), [task], ParseOptions()))
    (page,) = [event for event in events if isinstance(event, ReadPage)]
    assert page.page.blocks[0].content == "startab"
    assert page.notes[0] == "1 malformed lines of the layout were skipped"
    assert "title: a repetition at the end of a text was cut off" in page.notes
    assert "a.pdf, page 1: 1 malformed lines" in caplog.text


def test_trace_keeps_every_token(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", [["x"]])
    block = read(FakeParser(answer), path, trace=True).pages[0].blocks[0]
    record = block.to_dict()
    assert "".join(token["text"] for token in record["tokens"]) == "words"
    assert record["tokens"][1] == {"text": "o", "confidence": 0.9, "step": 2}
    assert Block.from_dict(record).to_dict() == record


def test_wrong_options_end_the_whole(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", [["x"]])
    with pytest.raises(UsageError, match="steps must be between 1 and the block length 32"):
        read(FakeParser(answer), path, steps=64)
    with pytest.raises(UsageError, match="beyond the end"):
        read(FakeParser(answer), path, pages="2")
    with pytest.raises(InputError, match="does not exist"):
        read(FakeParser(answer), tmp_path / "none.pdf")


def test_pictures_are_cut_from_the_page(tmp_path):
    page = np.full((100, 100, 3), 255, np.uint8)
    page[60:80, 10:50] = (0, 0, 250)
    Image.fromarray(page).save(tmp_path / "a.png")
    task = DocumentTask(str(tmp_path / "a.png"))
    events = read_documents(lambda: FakeParser(answer), [task], ParseOptions(draw_layout=True))
    (read_page,) = [event for event in events if isinstance(event, ReadPage)]
    assert len(read_page.pictures) == 2
    assert read_page.drawing.startswith(b"\x89PNG")
    linked = [block.image for block in read_page.page.blocks if block.image]
    assert linked == list(read_page.pictures)
    (tmp_path / "cut.jpg").write_bytes(read_page.pictures[linked[0]])
    with Image.open(tmp_path / "cut.jpg") as picture:
        assert picture.size == (40, 20)
        assert np.asarray(picture).mean(axis=(0, 1))[2] > 230


def lite_parser(answer, **keywords) -> FakeParser:
    return FakeParser(answer, tiny_line_reader(), **keywords)


PAGE = [
    "The first line of the page, which is rather long",
    "and the second line that is as long as the first",
    "1 short",
]


def test_lite_path_reads_lines_in_order(tmp_path):
    parser = lite_parser(lambda image, prompt: f"{image.width} {prompt}", confidence=0.96)
    path = write_pdf(tmp_path / "a.pdf", [PAGE, PAGE[:1], []])
    document = read(parser, path)
    assert [len(page.blocks) > 0 for page in document.pages] == [True, True, False]
    assert {prompt for _, prompt, _ in parser.asked} == {"text"}
    widths = [size[0] / size[1] for size, _, _ in parser.asked]
    assert widths == sorted(widths, reverse=True)  # of one length, whatever their page
    lines = [line for block in document.pages[0].blocks for line in block.content.split("\n")]
    assert [line.split()[1] for line in lines] == ["text"] * 3
    assert int(lines[2].split()[0]) < int(lines[0].split()[0])
    for block in document.pages[0].blocks:
        assert block.confidence == pytest.approx(0.96)
        assert 0 <= block.box.x0 < block.box.x1 <= 1


def test_lite_path_leaves_out_what_it_is_not_sure_of(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", [PAGE])
    assert not read(lite_parser(lambda i, p: "noise", confidence=0.3), path).pages[0].blocks
    assert not read(lite_parser(lambda i, p: "'", confidence=0.7), path).pages[0].blocks


def test_long_lines_are_joined_again(tmp_path):
    parser = lite_parser(lambda image, prompt: "part", confidence=0.96)
    path = write_pdf(tmp_path / "a.pdf", [["i am a line of many small words " * 2]])
    document = read(parser, path)
    pieces = len(parser.asked)
    assert pieces > 1
    assert document.pages[0].blocks[0].content == " ".join(["part"] * pieces)
    assert all(size[0] * 32 / size[1] <= 641 for size, _, _ in parser.asked)
    assert all(chosen.block_length == 16 for _, _, chosen in parser.asked)


def test_lite_path_without_a_fake(tmp_path):
    """The tiny reader spells nonsense, but the whole way is walked."""
    from page_models import save_tiny_line_reader

    from mdocr.parsing.loading import load_parser

    parser = load_parser(save_tiny_line_reader(tmp_path / "model"), device="cpu")
    path = write_pdf(tmp_path / "a.pdf", [PAGE])
    document = parser.parse(path, threshold=0.0)
    assert document.model == "model"
    assert len(document.pages) == 1
    assert not document.failures
    with pytest.raises(UsageError, match="threshold"):
        parser.parse(path, ParseOptions(), threshold=2)


def test_released_path_without_a_fake(golden, tmp_path):
    from mdocr.parsing.loading import load_parser

    parser = load_parser(golden / "mineru_diffusion", device="cpu")
    options = ParseOptions(block_length=8, threshold=0, max_tokens={"layout": 16})
    document = parser.parse(write_pdf(tmp_path / "a.pdf", [PAGE]), options)
    assert len(document.pages) == 1
    assert {one.error for one in document.failures} == {"PartialFailureError"}


def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", [["one"]])

    def change(source):
        with path.open("ab") as file:
            file.write(b"%")
        return {}

    tasks = [DocumentTask(str(path), change), DocumentTask(str(path))]
    first, second = collect(read_documents(lambda: FakeParser(answer), tasks, ParseOptions()))
    assert isinstance(first.error, InputError) and "was changed" in str(first.error)
    assert len(first.pages) == 1 and [failure.page for failure in first.failures] == [0]
    assert second.error is None and len(second.pages) == 1
