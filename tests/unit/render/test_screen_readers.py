"""What a screen reader is told of our pages: Chromium's accessibility tree."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsers import accessible, chromium, focused
from documents import block, everything, small_document

from mdocr.document.corrections import Correction
from mdocr.document.document import Document
from mdocr.document.model import Box, Page, Source, Unread
from mdocr.document.words import Character
from mdocr.render.review_sheet import render_sheet

pytestmark = pytest.mark.slow

TAB, DOWN, ESCAPE = "\ue004", "\ue015", "\ue00c"


@pytest.fixture
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


def test_the_parts_of_a_report_have_roles_and_names(tmp_path: Path, browser: Any) -> None:
    traced = block("text", 0.1, "c", tokens=(Character("c", 0.9, 1),))
    read = everything()
    read = Document(Source("a.pdf"), "lite", (*read.pages, Page(3, 1, 1, (traced,))))
    open_html(browser, tmp_path, read.render("report"))
    found = accessible(browser)
    for landmark in ("banner", "main", "contentinfo", "search"):
        assert len(found[landmark]) == 1, landmark
    assert found["region"] == ["Page 1", "Page 2", "Page 3"]
    assert found["heading"] == ["a", "A *Study* of x_1", "1 Introduction"]
    assert found["searchbox"] == ["Search in the text"]
    assert found["slider"] == ["Step of the denoising"]
    assert {"Next doubtful word", "Previous doubtful word"} <= set(found["button"])
    assert all(found["button"]) and all(found["columnheader"]) and found["table"]
    assert any(role.startswith("MathML") for role in found)


def test_doubtful_words_and_pictures_are_told(tmp_path: Path, browser: Any) -> None:
    open_html(browser, tmp_path, small_document(tmp_path / "a.pdf").render("report"))
    found = accessible(browser)
    assert len(found["mark"]) == 4 and found["image"] == ["Page 1", "Page 2"]
    assert len(found["alert"]) == 1  # what failed
    browser.execute_script("document.querySelector('[role=mark]').scrollIntoView()")
    assert "doubtfull" in found["StaticText"]


def test_what_is_told_by_a_role_or_is_for_eyes_is_not_told_again(
    tmp_path: Path, browser: Any
) -> None:
    noise = tuple(Unread(Box(0.1 * n, 0.9, 0.1 * n + 0.05, 0.95), "noise") for n in (1, 2, 3))
    blocks = (block("title", 0.1, "a"), block("text", 0.2, "b"), block("image_caption", 0.3, "c"))
    page = Page(1, 400, 300, blocks, unread=(*noise, Unread(noise[0].box, "unsure", "d")))
    open_html(browser, tmp_path, Document(Source("a.pdf"), "lite", (page,)).render("report"))
    told = accessible(browser)["StaticText"]
    assert {"3 image caption", "unsure: d", "noise: nothing read in 3 places "} <= set(told)
    assert not {"1 title", "2 text", "page 1", " search"} & set(told)  # nor what the keys do
    body = browser.find_element("tag name", "body")
    body.send_keys(DOWN)
    (status,) = browser.find_elements("css selector", "[role=status]")
    assert status.text == "page 1: a"
    body.send_keys(DOWN * 5)
    assert status.text == "page 1: noise"
    assert browser.execute_script("return chosen.textContent") == "2"


def test_what_keys_do_is_said(tmp_path: Path, browser: Any) -> None:
    from selenium.webdriver.common.by import By

    open_html(browser, tmp_path, small_document(tmp_path / "a.pdf").render("report"))
    (status,) = browser.find_elements(By.CSS_SELECTOR, "[role=status][aria-live=polite]")
    body = browser.find_element(By.TAG_NAME, "body")
    body.send_keys("n")
    assert status.text == "page 1: doubtfull, 55 % sure"
    body.send_keys("e")
    assert focused(browser) == ("textbox", "What stands there")
    browser.switch_to.active_element.send_keys(" now\n")
    assert status.text == "corrected: first doubtfull unsure now"
    body.send_keys("/")
    browser.switch_to.active_element.send_keys("first")
    assert status.text == "1 found"  # a corrected line is not searched
    browser.switch_to.active_element.send_keys(ESCAPE)
    body.send_keys(ESCAPE)
    assert status.text == ""


def test_a_line_is_corrected_without_single_keys(tmp_path: Path, browser: Any) -> None:
    """Screen readers keep letters for themselves, and phones have none."""
    open_html(browser, tmp_path, small_document(tmp_path / "a.pdf").render("report"))
    assert tab_stops(browser) == [
        ("button", "Previous doubtful word"),
        ("button", "Next doubtful word"),
        ("searchbox", "Search in the text"),
    ]
    press(browser, "next")
    assert ("button", "Correct line") in tab_stops(browser)
    press(browser, "correct")
    assert focused(browser) == ("textbox", "What stands there")
    browser.switch_to.active_element.send_keys(" now\n")
    assert focused(browser) == ("button", "Correct line")
    assert ("button", "Save 1 correction") in tab_stops(browser)


def test_every_field_of_a_review_has_its_place_as_name(tmp_path: Path, browser: Any) -> None:
    rows = [Correction("a.pdf", f"line {n}", "", 0.5, f"{n}.png", n) for n in (1, 2)]
    open_html(browser, tmp_path, render_sheet(rows, "review.csv", 0.8))
    names = [f"What stands there, a.pdf, page {n}, 50 % sure" for n in (1, 2)]
    assert accessible(browser)["textbox"] == names
    assert focused(browser) == ("textbox", names[0])
    assert tab_stops(browser, 1) == [("textbox", names[1])]


def open_html(browser: Any, folder: Path, html: str) -> None:
    path = folder / "a.html"
    path.write_text(html, "utf-8")
    browser.get(path.as_uri())


def press(browser: Any, name: str) -> None:
    """Moves to a button by the Tab key, and presses it by the space bar."""
    browser.execute_script("document.activeElement.blur(); document.querySelector('h1').focus()")
    for _ in range(10):
        browser.switch_to.active_element.send_keys(TAB)
        if browser.switch_to.active_element.get_attribute("id") == name:
            return browser.switch_to.active_element.send_keys(" ")
    raise AssertionError(f"the Tab key does not reach {name}")


def tab_stops(browser: Any, most: int = 10) -> list[tuple[str, str]]:
    """Role and name of what the Tab key goes to; each has an outline that is seen."""
    found: list[tuple[str, str]] = []
    for _ in range(most):
        browser.switch_to.active_element.send_keys(TAB)
        item = browser.switch_to.active_element
        if item.tag_name == "body":
            break
        assert item.value_of_css_property("outline-style") != "none"
        found.append(focused(browser))
    return found
