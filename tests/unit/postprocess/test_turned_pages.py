"""A page that lies on its side is finished as the same page upright."""

from dataclasses import replace

import pytest
from documents import block, document, everything

from mdocr import Document
from mdocr.document.model import Block, Box, Page
from mdocr.document.turns import turned
from mdocr.postprocess import finish

COLUMNS = (
    replace(block("title", 0.02, "Large"), box=Box(0.1, 0.02, 0.3, 0.08)),
    replace(block("title", 0.1, "Small one"), box=Box(0.1, 0.1, 0.3, 0.12)),
    replace(block("text", 0.2, "The left column ends with a"), box=Box(0.1, 0.5, 0.45, 0.9)),
    replace(block("text", 0.2, "word in the right one."), box=Box(0.55, 0.1, 0.9, 0.5)),
    replace(block("table", 0.2, "<fcel>a<nl>"), box=Box(0.1, 0.6, 0.3, 0.7), format="otsl"),
    replace(block("table_caption", 0.2, "Table 1: above"), box=Box(0.1, 0.55, 0.3, 0.58)),
    replace(block("table", 0.2, "<fcel>b<nl>"), box=Box(0.6, 0.6, 0.9, 0.7), format="otsl"),
    replace(block("table_caption", 0.2, "Table 2: below"), box=Box(0.6, 0.72, 0.9, 0.75)),
    replace(block("list", 0.8, "1. one\n2. two"), box=Box(0.1, 0.8, 0.9, 0.9)),
)


def laid(page: Page, angle: int) -> Page:
    """The page as it is given if it has to be turned by ``angle`` degrees to be upright."""
    blocks = tuple(
        replace(one, box=turned(one.box, -angle), angle=(one.angle + angle) % 360)
        for one in page.blocks
    )
    size = (page.width, page.height) if angle % 180 == 0 else (page.height, page.width)
    return replace(page, blocks=blocks, width=size[0], height=size[1])


def outlined(blocks: tuple[Block, ...], angle: int = 0) -> list[tuple]:
    return [(b.type, b.level, b.content, turned(b.box, angle).as_list()) for b in blocks]


@pytest.mark.parametrize("angle", [90, 180, 270])
@pytest.mark.parametrize("join", [False, True])
@pytest.mark.parametrize("given", [everything(), document(COLUMNS)])
def test_the_result_is_that_of_the_upright_page(given: Document, angle: int, join: bool) -> None:
    upright = finish(given, join=join)
    lying = finish(replace(given, pages=tuple(laid(p, angle) for p in given.pages)), join=join)
    for expected, page in zip(upright.pages, lying.pages, strict=True):
        assert outlined(page.blocks, angle) == outlined(expected.blocks)


def test_the_sample_would_tell() -> None:
    made = finish(document(COLUMNS), join=True).pages[0].blocks
    kinds = [(b.type, b.content) for b in made]
    assert [b.level for b in made if b.type == "title"] == [1, 2]
    assert ("text", "The left column ends with a word in the right one.") in kinds
    assert [kind for kind, _ in kinds if kind.startswith("table")] == [
        "table_caption", "table", "table", "table_caption"
    ]  # fmt: skip
    assert [content for kind, content in kinds if kind == "list_item"] == ["1. one", "2. two"]


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_captions_are_written_where_they_stand(angle: int) -> None:
    given = document(COLUMNS)
    lying = replace(given, pages=tuple(laid(page, angle) for page in given.pages))
    assert lying.to_markdown() == given.to_markdown()
