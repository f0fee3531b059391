"""The report in a browser: pointer, keys, search, corrections, replay, print."""

import re
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from browsers import chromium, requests
from documents import block, document, small_document
from page_models import drawn, save_tiny_line_reader, write_pdf
from training_runs import losses_of_training

from mdocr.document.corrections import read_corrections
from mdocr.document.model import Block, Box, Page, PageLine, PageWord, Source
from mdocr.document.words import Character
from mdocr.inputs.page_picture import PagePicture
from mdocr.parsing.loading import load_parser
from mdocr.render import Document
from mdocr.render.report_pictures import encoded_page, picture_name
from mdocr.training.corrections.pictures import corrected_pictures

pytestmark = pytest.mark.slow


@pytest.fixture
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


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
    marked = ".mark:not([hidden])"
    assert len(browser.find_elements(By.CSS_SELECTOR, marked)) == 2  # those of the second page
    assert browser.find_element(By.ID, "summary").text == "2 pages, 6 words, 2 doubtful"
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


def test_a_correction_typed_in_a_browser_is_trained_on(tmp_path: Path, browser: Any) -> None:
    """The whole loop, on a tiny model: parse, report, correct, train parser."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.wait import WebDriverWait

    browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    pdf = write_pdf(tmp_path / "a.pdf", [["jibe cage"]])
    model = save_tiny_line_reader(tmp_path / "model")
    parser = load_parser(model)
    read = parser.parse(pdf, boxes="word", text_layer="ignore", keep_unsure=True, draft="none")
    open_report(browser, read, tmp_path)
    body = browser.find_element(By.TAG_NAME, "body")
    body.send_keys("\ue014e")  # arrow to the right: the first word
    field = browser.find_element(By.CSS_SELECTOR, ".correction")
    field.clear()
    field.send_keys("jibe cage\n")
    browser.find_element(By.ID, "save").click()
    saved = tmp_path / "a.corrections.csv"
    WebDriverWait(browser, 10).until(lambda _: saved.exists())
    before, after = losses_of_training(saved, model, tmp_path / "out")
    assert after < 0.7 * before


def test_a_report_is_printed_without_its_tools(tmp_path: Path, browser: Any) -> None:
    with printed(browser, small_document(tmp_path / "a.pdf"), tmp_path) as pdf:
        text = "".join(page.get_text() for page in pdf)
        assert text.count("doubtfull") == 2 and "it is torn" in text
        assert not re.search("correct|search|▶", text)


def test_every_page_is_printed_beside_its_text(tmp_path: Path, browser: Any) -> None:
    dark = {"name": "prefers-color-scheme", "value": "dark"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [dark]})
    with printed(browser, long_document(12), tmp_path) as pdf:
        for number, page in enumerate(pdf, start=1):
            (picture,) = page.get_images()  # also of pages that have not been in sight
            assert page.get_image_rects(picture[0])[0].x1 < page.search_for("w15")[0].x0
            assert page.get_text().split()[:2] == ["page", str(number)]
            assert page.get_pixmap().pixel(2, 2) == (255, 255, 255)
        assert len(pdf) == 12


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_both_schemes(tmp_path: Path, browser: Any, scheme: str) -> None:
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    open_report(browser, small_document(tmp_path / "a.pdf"), tmp_path)
    for place in ("header h1", "#summary", "kbd", ".note p", ".kind", ".w", ".w.d2", ".w.d3", "li"):
        ink, ground = (luminance(color) for color in browser.execute_script(COLOURS, place))
        brighter, darker = max(ink, ground), min(ink, ground)
        assert (brighter + 0.05) / (darker + 0.05) >= 4.5, place  # WCAG 2.2, AA
        assert (ground > ink) == (scheme == "light")


def test_200_pages_stay_quick(tmp_path: Path, browser: Any) -> None:
    """Seconds are printed (``pytest -s``); the bounds are for a machine that is busy."""
    path = open_report(browser, long_document(200), tmp_path)
    loaded = browser.execute_script("return performance.now() / 1000")
    found = {act: browser.execute_script(TIMED, act) / 1000 for act in ACTS}
    shown = ", ".join(f"{act} {seconds:.3f}" for act, seconds in found.items())
    print(f"{path.stat().st_size / 1e6:.0f} MB, loaded after {loaded:.1f} s; {shown}")
    assert loaded < 30 and max(found.values()) < 1
    assert browser.execute_script("return [words.length, doubts.length]") == [80000, 1600]
    assert browser.get_log("browser") == []


ACTS = ("KEYS.n()", "KEYS.ArrowDown()", "KEYS.j()", "light(words[70000])", "search('w399 w0')")
TIMED = """
const began = performance.now();
eval(arguments[0]);
document.body.getBoundingClientRect();
return performance.now() - began;
"""
COLOURS = """
const item = document.querySelector(arguments[0]);
let ground = item;
const clear = (one) => getComputedStyle(one).backgroundColor.endsWith(", 0)");
while (clear(ground)) ground = ground.parentElement;
return [getComputedStyle(item).color, getComputedStyle(ground).backgroundColor];
"""
"""The colours of an item's text, and of what it stands on."""


def printed(browser: Any, read: Document, folder: Path) -> pymupdf.Document:
    open_report(browser, read, folder)
    made = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    return pymupdf.open("pdf", b64decode(made["data"]))


def open_report(browser: Any, read: Document, folder: Path) -> Path:
    path = folder / "a.report.html"
    path.write_text(read.render("report"), "utf-8")
    browser.get(path.as_uri())
    return path


def traced(tokens: tuple[Character, ...]) -> Block:
    return block("text", 0.1, "".join(token.text for token in tokens), tokens=tokens)


def long_document(pages: int) -> Document:
    """Pages of 40 lines of 10 words, of which every fiftieth is doubtful, with pictures."""
    text = "\n".join(_line(row).text for row in range(40))
    picture = drawn(text, (910, 1287), 15)
    data = encoded_page(PagePicture(1, 595, 842, picture, 110))
    rows = [tuple(map(_line, range(first, first + 10))) for first in range(0, 40, 10)]
    blocks = tuple(block("text", 0.2 * n, lines=lines) for n, lines in enumerate(rows))
    read = tuple(Page(number + 1, 595, 842, blocks) for number in range(pages))
    pictures = {picture_name(page.number): data for page in read}
    return Document(Source("a.pdf", pages), "lite", read, (), pictures)


def _line(row: int) -> PageLine:
    boxes = [Box(0.08 * (n + 1), 0.02 * (row + 1), 0.08 * (n + 2) - 0.01, 0.02 * row + 0.035)
             for n in range(10)]  # fmt: skip
    words = tuple(
        PageWord(f"w{10 * row + n}", box, 0.5 if (10 * row + n) % 50 == 0 else 0.99)
        for n, box in enumerate(boxes)
    )
    text = " ".join(word.text for word in words)
    return PageLine(text, boxes[0].union(boxes[-1]), 0.9, words)


def luminance(colour: str) -> float:
    """Of ``rgb(r, g, b)``, as WCAG has it."""
    parts = [float(part) / 255 for part in re.findall(r"[\d.]+", colour)[:3]]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
