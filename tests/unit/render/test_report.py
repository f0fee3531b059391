"""The report: what it holds, and, where there is a browser, what it does."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from browsers import chromium, requests
from documents import block, document, everything

from mdocr.document.corrections import read_corrections
from mdocr.document.model import Block, Box, Failure, Page, PageLine, PageWord, Source, Unread
from mdocr.document.words import Character
from mdocr.render import Document
from mdocr.render.placed import placed_lines
from mdocr.training.corrections.pictures import corrected_pictures

WORDS = [("first", 0.1, 0.2, 0.99), ("doubtfull", 0.3, 0.4, 0.55), ("unsure", 0.5, 0.6, 0.7)]


def small_document(path: Path) -> Document:
    """Two pages of three words, two of them doubtful, one place unread, and one failure."""
    with pymupdf.open() as pdf:
        for _ in range(2):
            page = pdf.new_page(width=400, height=300)
            page.insert_text((40, 60), "first  doubtfull  unsure", fontsize=12)
        pdf.save(path)
    words = tuple(PageWord(t, Box(x0, 0.15, x1, 0.21), sure) for t, x0, x1, sure in WORDS)
    line = PageLine("first doubtfull unsure", Box(0.1, 0.15, 0.6, 0.21), 0.7, words)
    own = Block("text", line.box, line.text, confidence=0.7, lines=(line,))
    unread = (Unread(Box(0.1, 0.8, 0.3, 0.9), "unsure", "?<b>"),)
    pages = tuple(Page(number, 400, 300, (own,), unread=unread) for number in (1, 2))
    return Document(Source(str(path), 3), "lite", pages, (Failure("it is torn", page=3),))


def test_every_word_has_its_place_and_confidence(tmp_path: Path) -> None:
    made = small_document(tmp_path / "a.pdf").render("report")
    assert '<span class="w d3 doubt" data-b="300 150 400 210" data-c="55">doubtfull</span>' in made
    assert '<span class="w" data-b="100 150 200 210" data-c="99">first</span>' in made
    assert "2 pages, 6 words, 4 doubtful" in made
    assert "Page 3: it is torn" in made and made.count('class="hole unsure"') == 2
    assert made.count("data:image/webp;base64,") == 2
    assert "unsure: ?&lt;b&gt;" in made


def test_words_in_cells_have_their_tint_and_place() -> None:
    cells = [("Tea", 0.99), ("2", 0.5), ("Tea", 0.7), ("10<sup>3</sup>", 0.4)]
    content = "<fcel>Tea<fcel>2<nl><fcel>Tea<fcel>10<sup>3</sup><nl>"
    lines = tuple(
        PageLine(text.replace("<sup>3</sup>", "3"), Box(0.1 * n, 0.2, 0.1 * n + 0.05, 0.3), sure)
        for n, (text, sure) in enumerate(cells)
    )
    table = block("table", 0.2, content, format="otsl", lines=lines)
    made = document((table,)).render("report")
    assert re.findall(r'class="w( d\d)?(?: doubt)?" data-b="([\d.]+)', made) == [
        ("", "0"),
        (" d3", "100"),
        (" d2", "200"),
        (" d3", "300"),
    ]
    assert "10<sup>3</sup></span>" in made and "4 words, 3 doubtful" in made


def test_a_block_is_placed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[Block] = []

    def placed(own: Block) -> tuple[PageLine, ...]:
        counted.append(own)
        return placed_lines(own)

    monkeypatch.setattr("mdocr.render.report_blocks.placed_lines", placed)
    made = everything().render("report")
    assert made.count('<div class="block ') == len(counted)


def test_nothing_is_asked_of_a_network() -> None:
    made = everything().render("report")
    assert not re.findall(r"(?:src|href)=\"(?!data:)", made)
    assert not re.findall(r"url\(|@import|fetch\(|XMLHttpRequest", made)
    assert "default-src 'none'" in made


def test_without_its_file_a_report_has_the_text(caplog: pytest.LogCaptureFixture) -> None:
    made = document((block("text", 0.1, "<script>alert(1)</script>"),)).render("report")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in made and "<img" not in made
    assert "no pictures" in caplog.text


@pytest.fixture
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.mark.slow
def test_page_and_text_light_each_other_in_a_browser(tmp_path: Path, browser: Any) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By

    path = tmp_path / "a.report.html"
    path.write_text(small_document(tmp_path / "a.pdf").render("report"), "utf-8")
    browser.get(path.as_uri())

    def lit() -> list[str]:
        return [item.text for item in browser.find_elements(By.CSS_SELECTOR, ".w.on")]

    def press(keys: str) -> None:
        browser.find_element(By.TAG_NAME, "body").send_keys(keys)

    def said() -> str:
        return str(browser.find_element(By.ID, "said").text)

    press("n")
    assert lit() == ["doubtfull"] and said() == "page 1: doubtfull, 55 % sure"
    press("n")
    press("n")
    assert lit() == ["doubtfull"] and said().startswith("page 2")
    press("p")
    assert lit() == ["unsure"] and said().startswith("page 1")
    press("\ue012")  # arrow to the left
    assert lit() == ["doubtfull"]

    sheet = browser.find_element(By.CSS_SELECTOR, ".sheet")
    x, y = (0.15 - 0.5) * sheet.size["width"], (0.18 - 0.5) * sheet.size["height"]
    ActionChains(browser).move_to_element_with_offset(sheet, round(x), round(y)).perform()
    assert lit() == ["first"]
    spot = browser.find_element(By.CSS_SELECTOR, "#page-1 .spot")
    assert spot.is_displayed() and spot.value_of_css_property("position") == "absolute"
    assert spot.location["x"] - sheet.location["x"] == pytest.approx(
        0.1 * sheet.size["width"], abs=2
    )

    browser.find_element(By.ID, "search").send_keys("first doubt")
    assert said() == "2 found"
    assert len(browser.find_elements(By.CSS_SELECTOR, ".mark")) == 4
    assert browser.get_log("browser") == [] and requests(browser) == []


@pytest.mark.slow
def test_a_line_is_corrected_and_saved_in_a_browser(tmp_path: Path, browser: Any) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.wait import WebDriverWait

    browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    path = tmp_path / "a.report.html"
    path.write_text(small_document(tmp_path / "a.pdf").render("report"), "utf-8")
    browser.get(path.as_uri())
    body = browser.find_element(By.TAG_NAME, "body")
    body.send_keys("n")
    body.send_keys("e")
    field = browser.find_element(By.CSS_SELECTOR, ".correction")
    assert field.get_attribute("value") == "first doubtfull unsure"
    field.clear()
    field.send_keys('first, "doubtful" unsure\n')
    body.send_keys("n")
    body.send_keys("n")  # corrected lines are not doubtful any more
    assert str(browser.find_element(By.ID, "said").text).startswith("page 2: unsure")
    browser.find_element(By.ID, "save").click()
    saved = tmp_path / "a.corrections.csv"
    WebDriverWait(browser, 10).until(lambda _: saved.exists())
    (row,) = read_corrections(saved)
    assert (row.correction, row.text) == ('first, "doubtful" unsure', "first doubtfull unsure")
    assert (row.source, row.page) == (str(tmp_path / "a.pdf"), 1)
    assert row.box == Box(0.1, 0.15, 0.6, 0.21)
    ((picture, _),) = corrected_pictures(saved)
    assert picture.width > 3 * picture.height
    assert browser.get_log("browser") == [] and requests(browser) == []


@pytest.mark.slow
def test_the_denoising_is_replayed_in_a_browser(tmp_path: Path, browser: Any) -> None:
    from selenium.webdriver.common.by import By

    tokens = (Character("c", 0.9, 1), Character("a", 0.9, 3, ("o", "e")), Character("t", 0.9, 2))
    tokens += (Character("s", 0.9, 5, ("z",)),)  # of the next block
    own = block("text", 0.1, "cats", tokens=tokens)
    path = tmp_path / "a.report.html"
    path.write_text(document((own,)).render("report"), "utf-8")
    browser.get(path.as_uri())

    def shown(step: int) -> str:
        browser.execute_script("show(arguments[0])", step)
        return str(browser.find_element(By.CSS_SELECTOR, ".block.text").text).split("\n")[-1]

    steps = ["░░░░", "co░░", "cet░", "cat░", "catz", "cats", "cats"]
    assert [shown(step) for step in range(7)] == steps
    assert browser.find_element(By.CSS_SELECTOR, ".replay").get_attribute("hidden")
    assert browser.find_element(By.ID, "replay").is_displayed()
    assert browser.get_log("browser") == []
