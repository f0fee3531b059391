from types import SimpleNamespace

import pytest

from mdocr.layout import LayoutBox
from mdocr.parsing.line_reader.programs import _Page

LISTING = LayoutBox(300, 100, 500, 200)


@pytest.mark.parametrize(
    ("box", "text", "belongs"),
    [
        (LayoutBox(50, 120, 290, 180), "prose of the column beside it", False),
        (LayoutBox(310, 150, 480, 165), "a line amid it", True),
        (LayoutBox(280, 120, 290, 180), "1 2 3", True),
        (LayoutBox(310, 205, 320, 220), "}", True),
        (LayoutBox(310, 205, 480, 220), "prose below it", False),
    ],
)
def test_what_belongs_to_a_listing_whatever_its_letters(monkeypatch, box, text, belongs):
    regions = [SimpleNamespace(box=LISTING), SimpleNamespace(box=box)]
    page = _Page(SimpleNamespace(regions=regions))
    monkeypatch.setattr(page, "texts", lambda number: [text])
    assert page.belongs([0], 1) == belongs
