"""Pages and their ground truth: parts, layouts of folders, scores."""

import json

import pytest
from page_models import FakeParser, region, write_pdf
from PIL import Image

from mdocr.errors import InputError
from mdocr.evaluation.page_parts import PagePart, from_markdown
from mdocr.evaluation.page_sets import TruePage, load_pages
from mdocr.evaluation.pages import matched, read_pages, save, saved, score_page, summary
from mdocr.options import ParseOptions

LAYOUT = region("text", (100, 150, 900, 300))

MARKDOWN = """# A *title*

Some text with `code`
on two lines.

<table><tr><td>a</td><td>b</td></tr></table>

$$
x^2
$$

| c | d |
| --- | --- |
| 1 | |

- an item
"""


def test_markdown_falls_into_parts():
    parts = from_markdown(MARKDOWN)
    assert [part.kind for part in parts] == ["text", "text", "table", "formula", "table", "text"]
    assert parts[0].content == "A title"
    assert parts[1].content == "Some text with code on two lines."
    assert parts[3].content == "x^2"
    assert parts[4].text.split() == ["c", "d", "1"]
    assert parts[4].content.count("<td>") == 4


def test_the_same_page_scores_full_marks(tmp_path):
    page = TruePage("a", tmp_path / "a.png", tuple(from_markdown(MARKDOWN)))
    scores = score_page(MARKDOWN, page)
    assert (scores.text, scores.order, scores.teds, scores.formulas) == (1, 0, (1, 1), (1,))
    assert summary([scores])["overall"] == 100
    nothing = summary([score_page("", page)])
    assert (nothing["text"], nothing["teds"], nothing["formula"]) == (0, 0, 0)
    assert nothing["order_distance"] == 1


def test_plain_truth_counts_tables_as_text(tmp_path):
    page = TruePage("a", tmp_path / "a.png", (PagePart("text", "a b\nc d"),), is_plain=True)
    table = "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>"
    scores = score_page(table, page)
    assert scores.text == 1
    assert summary([scores])["teds"] is None
    assert summary([scores])["overall"] is None


def test_each_part_is_matched_once():
    read = [PagePart("formula", "yy"), PagePart("formula", "x")]
    true = [PagePart("formula", text) for text in ("x", "yyy", "z")]

    def alike(a, b):
        return len(set(a.content) & set(b.content))

    assert matched(read, true, alike) == [("x", "x"), ("yy", "yyy"), ("", "z")]


def test_ground_truth_lies_beside_pictures(tmp_path):
    for name in ("p10", "p2", "lonely"):
        Image.new("RGB", (8, 8)).save(tmp_path / f"{name}.png")
    (tmp_path / "p2.gt.txt").write_text("one\ntwo\n\nthree\n", encoding="utf-8")
    (tmp_path / "p10.md").write_text("# four\n", encoding="utf-8")
    (tmp_path / "manifest.tsv").write_text("name\tkind\np2\tletter\n", encoding="utf-8")
    first, second = load_pages(tmp_path)
    assert (first.name, first.kind, first.is_plain) == ("p2", "letter", True)
    assert [part.content for part in first.parts] == ["one\ntwo", "three"]
    assert (second.name, second.is_plain, second.parts[0].content) == ("p10", False, "four")


def test_omnidocbench_is_read(tmp_path):
    (tmp_path / "images").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "images" / "a.jpg")
    regions = [
        {"category_type": "table", "html": "<table></table>", "order": 3, "ignore": False},
        {"category_type": "text_block", "text": "hello", "order": 2, "ignore": False},
        {"category_type": "equation_isolated", "latex": "$$x$$", "order": 4, "ignore": False},
        {"category_type": "text_block", "text": "hidden", "order": 5, "ignore": True},
        {"category_type": "header", "text": "top", "order": 1, "ignore": False},
    ]
    info = {"image_path": "a.jpg", "page_attribute": {"data_source": "book"}}
    listing = [{"layout_dets": regions, "page_info": info}]
    (tmp_path / "OmniDocBench.json").write_text(json.dumps(listing), encoding="utf-8")
    (page,) = load_pages(tmp_path)
    assert [part.kind for part in page.parts] == ["text", "table", "formula"]
    assert (page.name, page.kind, page.path.name) == ("a", "book", "a.jpg")


def test_folders_without_ground_truth_are_named(tmp_path):
    with pytest.raises(InputError, match="no pages with ground truth"):
        load_pages(tmp_path)
    (tmp_path / "x.json").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"x\.json"):
        load_pages(tmp_path)


def test_predictions_are_written_and_found_again(tmp_path):
    page = TruePage("a.b", tmp_path / "a.b.png", ())
    assert save("text", page, tmp_path / "out").name == "a.b.md"
    other = TruePage("missing", tmp_path / "missing.png", ())
    assert [text for _, text in saved([page, other], tmp_path / "out")] == ["text", ""]


def test_a_page_that_cannot_be_opened_gives_no_text(tmp_path):
    Image.new("RGB", (200, 100), "white").save(tmp_path / "1.png")
    (tmp_path / "2.png").write_bytes(b"no picture")
    write_pdf(tmp_path / "3.pdf", [["x"]] * 3)
    pages = [TruePage(path.stem, path, ()) for path in sorted(tmp_path.iterdir())]
    parser = FakeParser(lambda image, prompt: LAYOUT if prompt == "layout" else "words")
    read = list(read_pages(parser, pages, ParseOptions()))
    assert [(one.page.name, one.text.split(), one.pages) for one in read] == [
        ("1", ["words"], 1),
        ("2", [], 0),
        ("3", ["words"] * 3, 3),
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("manifest.tsv", b"\xff"),
        ("list.json", b'[{"layout_dets": []}]'),
        ("list.json", b'[{"layout_dets": [{"order": 1}], "page_info": {"image_path": "a.png"}}]'),
        ("list.json", b'[3, {"layout_dets": []}]'),
    ],
)
def test_damaged_listings_are_named(tmp_path, name, content):
    Image.new("RGB", (20, 10)).save(tmp_path / "a.png")
    (tmp_path / "a.gt.txt").write_text("text")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=r"manifest\.tsv|record \d"):
        load_pages(tmp_path)


def test_other_json_and_an_empty_manifest_do_not_matter(tmp_path):
    Image.new("RGB", (20, 10)).save(tmp_path / "a.png")
    (tmp_path / "a.gt.txt").write_text("text")
    (tmp_path / "manifest.tsv").write_text("")
    (tmp_path / "numbers.json").write_text("[1, 2]")
    assert [page.name for page in load_pages(tmp_path)] == ["a"]
