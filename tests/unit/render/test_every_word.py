"""No format loses a word of any block, whatever its type, its place and what stands beside it."""

import html
import re

import pytest
from documents import block, document

from mdocr.document.block_types import BLOCK_TYPES, PARATEXT_TYPES
from mdocr.document.document import Document
from mdocr.document.model import Block
from mdocr.options import RenderOptions
from mdocr.render import FORMATS

TEXTS = [name for name, one in FORMATS.items() if not one.is_binary and one.file != "needed"]


def named(kind: str, y: float) -> Block:
    """A block whose words are its own."""
    bare = re.sub(r"\W|_", "", kind)
    words = f"{bare}one {bare}two\n{bare}three"
    if kind == "table":
        return block(kind, y, f"<fcel>{bare}one<lcel><nl><fcel>{bare}two<ecel><nl>", format="otsl")
    return block(kind, y, words)


def lost(made: Document, written: str) -> list[str]:
    plain = html.unescape(written).replace("\\n", " ")
    words = set(re.findall(r"[a-z]+", plain))
    bare = re.sub(r"\s", "", plain)  # formulas in LaTeX have a blank between two letters
    return [word for word in sorted(expected(made)) if word not in words and word not in bare]


def expected(made: Document) -> set[str]:
    contents = [one.content for page in made.pages for one in page.blocks]
    return {word for text in contents for word in re.findall(r"[a-z]{6,}", text)}


def one_of_each() -> Document:
    kinds = [kind for kind in BLOCK_TYPES if kind not in PARATEXT_TYPES]
    upper = tuple(named(kind, 0.02 * number) for number, kind in enumerate(kinds))
    lower = tuple(named(kind, 0.02 * number) for number, kind in enumerate(PARATEXT_TYPES))
    return document(upper, lower)


@pytest.mark.parametrize("form", TEXTS)
def test_a_page_with_a_block_of_each_type(form: str) -> None:
    made = one_of_each()
    written = made.render(form, RenderOptions(keep_paratext=True))
    assert lost(made, written) == []


@pytest.mark.parametrize("form", TEXTS)
@pytest.mark.parametrize("kind", BLOCK_TYPES)
def test_a_block_alone_on_its_page(form: str, kind: str) -> None:
    made = document((named(kind, 0.5),))
    written = made.render(form, RenderOptions(keep_paratext=True))
    assert lost(made, written) == []
