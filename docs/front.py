"""Makes what the README shows of the models in the package, anew.

    python docs/front.py

Reads the samples (``docs/samples``), and writes ``docs/pictures/words.png`` (words and what is read
in them), ``speed.svg`` (misread characters over tokens a pass), ``denoising.svg`` (the denoising of
the page), ``report.png`` (a report in a browser), and the page's Markdown into the README. Needs
chromium and chromedriver, and the extra ``dev``.
"""

import re
import runpy
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pymupdf
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

import mdocr
from mdocr.render.denoising import Denoised
from mdocr.render.denoising_svg import render_svg

ROOT = Path(__file__).parents[1]
PICTURES, SAMPLES = ROOT / "docs/pictures", ROOT / "docs/samples"
PAGE, NOTE = SAMPLES / "page.png", SAMPLES / "note.png"

BEGIN, END = "<!-- Made by: python docs/front.py -->", "<!-- End -->"
"""Around what is written into the README."""

SIZE = (1280, 860)
"""Of the browser's window."""

LEAST_SURE = """
const last = words.filter((word) => pageOf(word) === pageOf(words[words.length - 1]));
choose(last.reduce((a, b) => (+b.dataset.c < +a.dataset.c ? b : a)));
"""
"""Goes to the word of the last page of which the report is least sure."""


def main() -> int:
    """Writes all of it."""
    for script in ("words.py", "speed.py"):
        runpy.run_path(str(PICTURES / script), run_name="__main__")
    parser = mdocr.load_parser("lite")
    traced = parser.parse(PAGE, trace=True, draft="none")
    (PICTURES / "denoising.svg").write_text(denoising(traced), "utf-8")
    readme = ROOT / "README.md"
    readme.write_text(with_markdown(readme.read_text("utf-8"), traced.to_markdown()), "utf-8")
    with tempfile.TemporaryDirectory() as folder:
        samples, report = Path(folder, "samples.pdf"), Path(folder, "samples.report.html")
        bind([PAGE, NOTE], samples)
        report.write_text(parser.parse(samples, boxes="word").render("report"), "utf-8")
        photograph(report, PICTURES / "report.png")
    return 0


def denoising(document: mdocr.Document) -> str:
    """The denoising of a document's first page as an SVG."""
    (page,) = document.pages
    texts = [
        Denoised(block.type, block.tokens)
        for block in page.blocks
        if block.tokens and block.type != "table"
    ]
    count = sum(len(text.tokens) for text in texts)
    return render_svg(texts, f"{document.model} · {count} tokens")


def with_markdown(readme: str, markdown: str) -> str:
    """The README with the Markdown of the page in its place."""
    made = f"{BEGIN}\n\n```markdown\n{markdown.strip()}\n```\n\n{END}"
    return re.sub(
        f"{re.escape(BEGIN)}.*?{re.escape(END)}", made.replace("\\", r"\\"), readme, flags=re.S
    )


def bind(pictures: list[Path], book: Path) -> None:
    """Pictures as the pages of a PDF."""
    with pymupdf.open() as pages:
        for path in pictures:
            with pymupdf.open(path) as picture:
                pages.insert_pdf(pymupdf.open("pdf", picture.convert_to_pdf()))
        pages.save(book)


def photograph(page: Path, picture: Path) -> None:
    """A report in a browser, at the word of which it is least sure."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (
        "headless=new",
        "no-sandbox",
        "hide-scrollbars",
        "window-size={},{}".format(*SIZE),
    ):
        options.add_argument(f"--{flag}")
    browser = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        browser.get(page.as_uri())
        browser.execute_script(LEAST_SURE)
        time.sleep(1)  # it scrolls there
        browser.save_screenshot(str(picture))
    finally:
        browser.quit()


if __name__ == "__main__":
    sys.exit(main())
