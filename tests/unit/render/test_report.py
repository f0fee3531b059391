"""The report: what it holds, and, where there is a browser, what it does."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from documents import block, document, everything

from mdocr.document.model import Block, Box, Failure, Page, PageLine, PageWord, Source, Unread
from mdocr.render import Document

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
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("chromium and chromedriver are not installed")
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "window-size=1200,800"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    opened = webdriver.Chrome(options=options, service=Service(driver))
    yield opened
    opened.quit()


def requests(browser: Any) -> list[str]:
    """Addresses that were asked for, other than those of the file itself."""
    entries = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    sent = [e["params"] for e in entries if e["method"] == "Network.requestWillBeSent"]
    urls = [params["request"]["url"] for params in sent]
    return [url for url in urls if not url.startswith(("file:", "data:"))]


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
