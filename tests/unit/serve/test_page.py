"""The page at ``/``: what it holds, and what it does in a browser."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from browsers import accessible, chromium, focused, requests
from PIL import Image
from serving import served, until

from mdocr.document.model import Block, Box, Failure, Page
from mdocr.parsing.page_work import ReadPage
from mdocr.render.report_pictures import picture_name
from mdocr.serve.page import section_of


def test_the_page_needs_no_token_and_nothing_from_elsewhere() -> None:
    with served(token="secret") as client:
        page = client.get("/")
        assert page.status_code == 200 and 'id="drop"' in page.text
        assert client.get("/v1/jobs/none/pages").status_code == 401
    assert "connect-src 'self'" in page.text and "default-src 'none'" in page.text
    assert not [part for part in ("http://", "https://", "@import") if part in page.text]


def test_pages_of_a_report_are_told_as_they_come() -> None:
    with served(seconds=0.2) as client:
        files = {"file": ("a.pdf", "one\nrefuse\n<b>three</b>")}
        job = client.post("/v1/jobs", files=files, data={"format": "report"}).headers["location"]
        until(lambda: client.get(f"{job}/pages").json()["arrived"] >= 1)
        until(lambda: client.get(job).json()["state"] == "done")
        told = client.get(f"{job}/pages", params={"after": 1}).json()
        assert told["arrived"] == 3 and [one["number"] for one in told["pages"]] == [2, 3]
        assert "Page 2: refused" in told["pages"][0]["html"]
        assert "&lt;b&gt;three&lt;/b&gt;" in told["pages"][1]["html"]
        assert client.get(f"{job}/pages", params={"after": -1}).status_code == 400


def test_a_section_shows_the_picture_that_the_worker_made() -> None:
    page = Page(7, 100, 100, (Block("text", Box(0, 0, 1, 1), "seven"),))
    made = section_of(ReadPage((0, 7), page, pictures={picture_name(7): b"RIFF"}))
    assert 'id="page-7"' in made["html"] and "data:image/webp;base64,UklGRg==" in made["html"]
    failed = section_of(ReadPage((0, 8), failures=(Failure("it is <torn>", 8),)))
    assert "Page 8: it is &lt;torn&gt;" in failed["html"]


def test_the_name_that_a_client_gives_is_not_opened(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    with Image.open(Path(__file__).parents[2] / "golden/mineru_diffusion/page.png") as picture:
        picture.save("private.png")
    with served() as client:
        files = {"file": ("private.png", "one")}
        answer = client.post("/v1/parse", files=files, data={"format": "report"})
    assert answer.status_code == 200 and "one" in answer.text and "<img" not in answer.text


def wait(condition: Any) -> None:
    until(condition, 20)


@pytest.mark.slow
def test_a_file_is_read_on_the_page(tmp_path: Path) -> None:
    from selenium.webdriver.common.by import By

    path = tmp_path / "letter.pdf"
    path.write_text("one\ntwo\nrefuse\nfour")
    with served(seconds=0.2) as client, chromium() as browser:
        browser.execute_cdp_cmd(
            "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
        )
        address = str(client.base_url)
        browser.get(address)

        def said(name: str) -> str:
            return str(browser.find_element(By.ID, name).text)

        browser.find_element(By.ID, "file").send_keys(str(path))
        wait(lambda: "of 4 pages" in said("summary"))
        wait(lambda: said("summary") == "4 pages, 3 words, 3 doubtful")
        assert said("said") == "all is read"
        told = accessible(browser)
        assert told["region"] == ["Page 1", "Page 2", "Page 4"] and len(told["main"]) == 1
        assert {"Next doubtful word", "Save report"} <= set(told["button"])
        places = browser.find_elements(By.CSS_SELECTOR, "main > [data-n]")
        assert [place.get_attribute("data-n") for place in places] == ["1", "2", "3", "4"]
        assert "refused" in places[2].text and "four" in places[3].text
        browser.find_element(By.TAG_NAME, "body").send_keys("j")
        browser.find_element(By.ID, "whole").click()
        wait((tmp_path / "letter.report.html").exists)
        logged = [entry for entry in browser.get_log("browser") if entry["level"] != "DEBUG"]
        assert logged == [] and requests(browser, address) == []


DROP = """
const files = new DataTransfer();
files.items.add(new File(["one"], "letter.pdf", { type: "application/pdf" }));
const place = document.getElementById("drop");
for (const name of ["dragover", "drop"]) {
  const about = { dataTransfer: files, bubbles: true, cancelable: true };
  place.dispatchEvent(new DragEvent(name, about));
}
"""


@pytest.mark.slow
def test_a_file_is_dropped_on_the_page() -> None:
    with served(seconds=0.2) as client, chromium() as browser:
        browser.get(str(client.base_url))
        browser.execute_script(DROP)
        wait(lambda: browser.find_element("id", "said").text == "reading")
        wait(lambda: browser.find_element("id", "summary").text.startswith("1 page, 1 word,"))
        assert "one" in browser.find_element("id", "page-1").text
        assert browser.title == "letter.pdf"


@pytest.mark.slow
def test_the_page_asks_for_a_token_once(tmp_path: Path) -> None:
    from selenium.webdriver.common.by import By

    path = tmp_path / "a.pdf"
    path.write_text("one")
    with served(token="secret") as client, chromium() as browser:
        browser.get(str(client.base_url))
        field = browser.find_element(By.ID, "token")
        assert not field.is_displayed()
        browser.find_element(By.ID, "file").send_keys(str(path))
        wait(field.is_displayed)
        note = browser.find_element(By.CSS_SELECTOR, ".note")
        assert "the token is missing or wrong" in note.text
        field.click()
        assert focused(browser) == ("textbox", "Token")
        field.send_keys("secret\n")
        wait(lambda: browser.find_elements(By.ID, "page-1"))
        assert not field.is_displayed() and not browser.find_elements(By.CSS_SELECTOR, ".note")


@pytest.mark.slow
def test_what_cannot_be_read_is_told_and_nothing_else(tmp_path: Path) -> None:
    from selenium.webdriver.common.by import By

    path = tmp_path / "a.pdf"
    path.write_text("crash")
    with served() as client, chromium() as browser:
        browser.get(str(client.base_url))
        browser.find_element(By.ID, "file").send_keys(str(path))
        wait(lambda: browser.find_elements(By.CSS_SELECTOR, "#drop + .note"))
        message, hint = browser.find_elements(By.CSS_SELECTOR, "#drop + .note p")
        (page,) = browser.find_elements(By.CSS_SELECTOR, ".note[data-n]")
        assert page.text == f"Page 1: {message.text}\n{hint.text}"
        assert browser.find_element(By.ID, "said").text == ""
        assert not browser.find_element(By.ID, "stop").is_displayed()


def test_only_reports_keep_pages() -> None:
    with served() as client:
        job = client.post("/v1/jobs", files={"file": ("a.pdf", "one")}).headers["location"]
        until(lambda: client.get(job).json()["state"] == "done")
        answer: httpx.Response = client.get(f"{job}/pages")
    assert answer.json() == {"arrived": 0, "pages": []}
