"""What the file of a page knows besides letters, as Chromium shows it."""

from pathlib import Path
from typing import Any

import pytest
from browsers import chromium
from documents import block, document

from mdocr.render.html import render

pytestmark = pytest.mark.slow

TEXT = (
    "It is <bold>closed</bold>, <italic>never</italic> open, as "
    '<ext-link href="https://a.org/">the tables</ext-link> say of <monospace>x = 1</monospace>, '
    "10<sup>30</sup> and H<sub>2</sub>O; a <bold><italic>word</italic></bold> of both "
    "kinds, in a paragraph of several lines."
)
STYLE = """
const style = getComputedStyle([...document.querySelectorAll("p *")]
  .filter((one) => one.textContent === arguments[0]).pop());
return [+style.fontWeight, style.fontStyle, style.textDecorationLine, style.fontFamily];
"""


def test_emphasis_links_scripts_and_ticks_are_seen(tmp_path: Path) -> None:
    boxes = block("list_item", 0.3, "☑ Insured"), block("list_item", 0.4, "☐ Owner of a dog")
    path = tmp_path / "a.html"
    path.write_text(render(document((block("text", 0.1, TEXT), *boxes))), "utf-8")
    with chromium() as browser:
        browser.get(path.as_uri())

        def style(text: str) -> Any:
            return browser.execute_script(STYLE, text)

        assert style("closed")[:3] == [700, "normal", "none"]
        assert style("never")[:3] == [400, "italic", "none"]
        assert style("word")[:2] == [700, "italic"]
        assert style("the tables")[2] == "underline" and style("x = 1")[3] == "monospace"
        places = [browser.find_element("css selector", name).rect for name in ("p", "sup", "sub")]
        assert places[1]["y"] < places[2]["y"] and places[1]["height"] < places[0]["height"]
        ticks = browser.find_elements("css selector", "li input[type=checkbox]")
        assert [tick.is_selected() for tick in ticks] == [True, False]
        assert all(tick.is_displayed() for tick in ticks)
        assert places[0]["height"] % 24 == 0, "scripts part no lines"
