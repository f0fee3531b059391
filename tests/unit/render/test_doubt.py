"""Words that were read with doubt are marked, wherever joining has moved them."""

import pytest
from documents import block, document

from mdocr.document.model import Block, Box, PageLine, PageWord
from mdocr.errors import UsageError
from mdocr.options import RenderOptions
from mdocr.render import Document

BOX = Box(0.1, 0.1, 0.9, 0.2)


def read(text: str, *doubtful: str, **values: object) -> Block:
    """A block of lines in which some words are doubtful."""
    lines = tuple(
        PageLine(
            line,
            BOX,
            0.9,
            tuple(PageWord(word, BOX, 0.3 if word in doubtful else 0.99) for word in line.split()),
        )
        for line in text.split("\n")
    )
    content = str(values.pop("content", text))
    place = values.pop("box", BOX)
    kind = str(values.pop("type", "text"))
    return Block(kind, place, content, lines=lines, **values)  # type: ignore[arg-type]


def markdown(*blocks: Block, bar: float = 0.6) -> str:
    made: Document = document(blocks)
    return made.to_markdown(mark_doubt=bar)


def test_a_doubtful_word_is_marked_in_markdown_and_html_only() -> None:
    made = document((read("it is d*ubtful, is it", "d*ubtful,"),))
    assert made.to_markdown(mark_doubt=0.6) == "it is <mark>d\\*ubtful,</mark> is it\n"
    assert "it is <mark>d*ubtful,</mark> is it" in made.to_html(mark_doubt=0.6)
    assert made.to_text(mark_doubt=0.6) == "it is d*ubtful, is it\n"
    assert "mark" not in made.to_latex(mark_doubt=0.6).split("begin{document}")[1]
    assert made.to_markdown() == "it is d\\*ubtful, is it\n"


def test_of_equal_words_the_doubtful_one_is_marked() -> None:
    words = (PageWord("is", BOX, 0.9), PageWord("is", BOX, 0.3), PageWord("is", BOX, 0.9))
    own = Block("text", BOX, "is is is", lines=(PageLine("is is is", BOX, 0.7, words),))
    assert markdown(own) == "is <mark>is</mark> is\n"


def test_a_word_that_was_healed_is_marked_to_its_hyphen() -> None:
    assert markdown(read("so it be-\ngan again", "be-")) == "so it <mark>be</mark>gan again\n"


def test_words_of_the_next_page_are_marked() -> None:
    made = document((read("it goes on and", "on"),), (read("ends here.", "here."),))
    expected = "it goes <mark>on</mark> and ends <mark>here.</mark>\n"
    assert made.to_markdown(mark_doubt=0.6) == expected


def test_cells_are_marked_and_markers_of_items_are_not() -> None:
    table = read("Name 12", "12", type="table", content="<fcel>Name<fcel>12<nl>", format="otsl")
    assert "<mark>12</mark>" in markdown(table)
    assert markdown(read("1. item", "1.", "item", type="list_item")) == "1. <mark>item</mark>\n"


def test_code_and_text_without_places_stay() -> None:
    assert "<mark>" not in markdown(read("a = b", "b", type="code"))
    assert markdown(block("text", 0.1, "no places")) == "no places\n"


def test_a_word_that_is_not_there_does_not_move_the_others() -> None:
    own = read("E=mc2 then last", "E=mc2", "last", content="\\(E=mc^2\\) then last")
    assert markdown(own) == "$E=mc^2$ then <mark>last</mark>\n"


def test_the_bar_is_checked() -> None:
    with pytest.raises(UsageError, match="mark doubt"):
        RenderOptions(mark_doubt=1.5)
