"""mdocr as the reader of OCRmyPDF: its words, their places, and a PDF that can be searched."""

import shutil
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from types import SimpleNamespace

import pymupdf
import pytest
from PIL import Image

pytest.importorskip("ocrmypdf", reason="ocrmypdf is not installed: pip install 'mdocr[ocrmypdf]'")

from mdocr import ocrmypdf_plugin as plugin

PAGE = Path(__file__).parents[2] / "docs/samples/page.png"
OPTIONS = SimpleNamespace(ocr_engine="auto")


def test_it_reads_when_it_is_asked_and_no_other_is_named() -> None:
    assert isinstance(plugin.get_ocr_engine(OPTIONS), plugin.MdocrEngine)
    assert plugin.get_ocr_engine(SimpleNamespace(ocr_engine="tesseract")) is None
    parser = ArgumentParser()
    plugin.installed.add_options(parser)
    assert plugin.installed.get_ocr_engine(parser.parse_args([])) is None
    assert plugin.installed.get_ocr_engine(parser.parse_args(["--mdocr"])) is not None


def test_words_have_their_places_in_pixels() -> None:
    engine = plugin.MdocrEngine()
    page, text = engine.generate_ocr(PAGE, OPTIONS, 4)
    with Image.open(PAGE) as picture:
        width, height = picture.size
        grey = picture.convert("L")
    assert "The Chemical History of a Candle" in text
    assert (page.bbox.right, page.bbox.bottom, page.page_number) == (width, height, 4)
    assert [word.text for word in page.words[:3]] == ["The", "Chemical", "History"]
    for word in page.words:
        box = word.bbox
        crop = grey.crop((int(box.left), int(box.top), int(box.right) + 1, int(box.bottom) + 1))
        assert 0 < box.right <= width and crop.getextrema()[0] < 128  # there is ink


def test_a_page_on_its_side_is_turned_back(tmp_path: Path) -> None:
    path = tmp_path / "turned.png"
    with Image.open(PAGE) as picture:
        picture.transpose(Image.Transpose.ROTATE_90).save(path)
    found = plugin.MdocrEngine().get_orientation(path, OPTIONS)
    assert found.angle == 90 and found.confidence > 10
    assert plugin.MdocrEngine().get_deskew(PAGE, OPTIONS) == pytest.approx(0, abs=0.3)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not shutil.which("gs"), reason="ghostscript is not installed")
def test_a_scan_becomes_a_pdf_that_can_be_searched(tmp_path: Path) -> None:
    scan, made = tmp_path / "scan.pdf", tmp_path / "out.pdf"
    with pymupdf.open() as pdf:
        page = pdf.new_page(width=420, height=595)
        page.insert_image(page.rect, filename=PAGE)
        pdf.save(scan)
    command = [sys.executable, "-m", "ocrmypdf", "--plugin", "mdocr.ocrmypdf_plugin"]
    subprocess.run([*command, "--jobs", "1", scan, made], check=True, capture_output=True)
    with pymupdf.open(made) as pdf:
        assert "so wonderful are the varieties of outlet" in pdf[0].get_text().replace("\n", " ")
        (place,) = pdf[0].search_for("Faraday")
    assert place.width < 80 and place.height < 20
