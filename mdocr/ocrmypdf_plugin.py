"""mdocr as the reader of OCRmyPDF (17 or newer), which brings PDF/A, deskewing and optimisation.

    ocrmypdf --plugin mdocr.ocrmypdf_plugin in.pdf out.pdf

Where mdocr is installed, ``ocrmypdf --mdocr`` does the same, and ``--mdocr-model`` names the model.
Without either, OCRmyPDF reads with Tesseract as before.

https://ocrmypdf.readthedocs.io/en/latest/plugins.html
"""

import threading
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from ocrmypdf import hookimpl
from ocrmypdf.hocrtransform import BoundingBox, OcrClass, OcrElement
from ocrmypdf.pluginspec import OcrEngine, OrientationConfidence

import mdocr
from mdocr.document.document import Document
from mdocr.document.model import Block, Box, PageLine
from mdocr.inputs.formats import open_image
from mdocr.inputs.pictures import open_picture
from mdocr.layout import analyse
from mdocr.parsing.loading import load_parser
from mdocr.parsing.parser import Parser
from mdocr.postprocess import finish
from mdocr.render.placed import placed_lines

CODES = "eng deu fra spa ita por nld pol ces dan swe hun chi_sim chi_tra"
"""Of both page models; the text of a page tells which of them it is in."""

SURE = 15.0
"""What OCRmyPDF calls very confident of a direction."""

DPI = 72.0
"""Of a picture that states none; OCRmyPDF takes it for that too."""

_reading = threading.Lock()


class MdocrEngine(OcrEngine):
    """Reads the pictures of pages that OCRmyPDF makes."""

    @staticmethod
    def version() -> str:
        """That of mdocr."""
        return mdocr.__version__

    @staticmethod
    def creator_tag(options: Any) -> str:
        """For the metadata of the PDF."""
        return f"mdocr {mdocr.__version__}"

    def __str__(self) -> str:
        return f"mdocr {mdocr.__version__}"

    @staticmethod
    def languages(options: Any) -> set[str]:
        """Codes that ``--language`` takes; it makes no difference which of them is given."""
        return set(CODES.split())

    @staticmethod
    def get_orientation(input_file: Path, options: Any) -> OrientationConfidence:
        """By how much the page is to be turned clockwise, by the direction of most characters."""
        counts: Counter[int] = Counter()
        for line in _lines(_read(input_file, options)):
            counts[line.angle] += len(line.text)
        if not counts:
            return OrientationConfidence(0, 0.0)
        angle, count = counts.most_common(1)[0]
        return OrientationConfidence(-angle % 360, SURE * count / counts.total())

    @staticmethod
    def get_deskew(input_file: Path, options: Any) -> float:
        """Degrees counter-clockwise by which the page is to be turned to be level."""
        return analyse(np.asarray(open_picture(input_file))).angle

    @staticmethod
    def supports_generate_ocr() -> bool:
        """Words and their places are given as they are, without a file between."""
        return True

    @staticmethod
    def generate_ocr(
        input_file: Path, options: Any, page_number: int = 0
    ) -> tuple[OcrElement, str]:
        """Reads a page: its words with their places in pixels, and its text."""
        document = _read(input_file, options)
        with open_image(input_file) as picture:
            size, dpi = picture.size, picture.info.get("dpi", (DPI, DPI))
        blocks = finish(document, keep_paratext=True).pages[0].blocks
        page = OcrElement(
            OcrClass.PAGE,
            _place(Box(0, 0, 1, 1), size),
            dpi=float(dpi[0]),
            page_number=page_number,
            children=[_paragraph(block, size) for block in blocks if _has_text(block)],
        )
        return page, document.to_text(keep_paratext=True)

    @staticmethod
    def generate_hocr(input_file: Path, output_hocr: Path, output_text: Path, options: Any) -> None:
        """Not called: see ``supports_generate_ocr``."""
        raise NotImplementedError("mdocr gives words to OCRmyPDF as they are, and no hOCR")

    @staticmethod
    def generate_pdf(input_file: Path, output_pdf: Path, output_text: Path, options: Any) -> None:
        """Not called: OCRmyPDF writes the text itself."""
        raise NotImplementedError(
            "mdocr leaves writing to OCRmyPDF: leave out --pdf-renderer sandwich"
        )


class Installed:
    """What OCRmyPDF finds where mdocr is installed: two options, and nothing without them."""

    @hookimpl
    def add_options(self, parser: ArgumentParser) -> None:
        """The options of mdocr."""
        group = parser.add_argument_group("mdocr")
        group.add_argument("--mdocr", action="store_true", help="Read with mdocr.")
        group.add_argument("--mdocr-model", metavar="NAME", help="A page model of mdocr.")

    @hookimpl
    def get_ocr_engine(self, options: Any) -> OcrEngine | None:
        """Ours if ``--mdocr`` is given."""
        return MdocrEngine() if getattr(options, "mdocr", False) else None


installed = Installed()


@hookimpl
def get_ocr_engine(options: Any) -> OcrEngine | None:
    """Ours, unless another is named."""
    return MdocrEngine() if getattr(options, "ocr_engine", "auto") == "auto" else None


@lru_cache(maxsize=1)
def _parser(model: str) -> Parser:
    return load_parser(model)


def _read(picture: Path, options: Any) -> Document:
    with _reading:  # OCRmyPDF reads pages in threads
        parser = _parser(getattr(options, "mdocr_model", None) or "auto")
        return parser.parse(picture, boxes="word")


def _lines(document: Document) -> Iterator[PageLine]:
    for page in document.pages:
        for block in page.blocks:
            yield from placed_lines(block)


def _has_text(block: Block) -> bool:
    return any(line.words for line in placed_lines(block))


def _paragraph(block: Block, size: tuple[int, int]) -> OcrElement:
    lines = [_line(line, size) for line in placed_lines(block) if line.words]
    return OcrElement(OcrClass.PARAGRAPH, _place(block.box, size), children=lines)


def _line(line: PageLine, size: tuple[int, int]) -> OcrElement:
    words = [
        OcrElement(OcrClass.WORD, _place(one.box, size), text=one.text, confidence=one.confidence)
        for one in line.words
    ]
    angle = float(-line.angle % 360)  # by which the text is turned counter-clockwise
    return OcrElement(OcrClass.LINE, _place(line.box, size), children=words, textangle=angle)


def _place(box: Box, size: tuple[int, int]) -> BoundingBox:
    width, height = size
    return BoundingBox(box.x0 * width, box.y0 * height, box.x1 * width, box.y1 * height)
