"""Other readers that the benchmarks page stands ours beside, each as a function of a picture."""

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path


def word_readers(model: str) -> dict[str, Callable[[Path], str] | str]:
    """What reads single words, by name; a sentence where it is not installed."""
    from mdocr import load_recognizer

    reader = load_recognizer(model, "cpu", "torch")

    def ours(path: Path) -> str:
        return reader.recognize([path])[0].text

    return {
        f"mdocr {reader.model}": ours,
        tesseract_name(): tesseract("--psm", "8") or missing_peer("Tesseract"),
        rapidocr_name(): rapidocr(whole=False) or missing_peer("RapidOCR"),
    }


def page_readers() -> dict[str, Callable[[Path], str] | str]:
    """What reads whole pages besides mdocr, by name."""
    return {
        tesseract_name(): tesseract() or missing_peer("Tesseract"),
        rapidocr_name(): rapidocr(whole=True) or missing_peer("RapidOCR"),
    }


def tesseract(*flags: str) -> Callable[[Path], str] | None:
    """Reads by Tesseract's command, in English; None if it is not installed."""
    program = shutil.which("tesseract")
    if program is None:
        return None

    def read(path: Path) -> str:
        command = [program, str(path), "stdout", "-l", "eng", *flags]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    return read


def rapidocr(whole: bool) -> Callable[[Path], str] | None:
    """Reads by RapidOCR's package; None if it is not installed."""
    try:
        from rapidocr import RapidOCR
    except ImportError:
        return None
    with contextlib.redirect_stdout(sys.stderr):
        engine = RapidOCR()

    def read(path: Path) -> str:
        with contextlib.redirect_stdout(sys.stderr):
            found = engine(str(path), use_det=whole, use_cls=whole, use_rec=True)
        return "\n".join(getattr(found, "txts", None) or ())

    return read


def tesseract_name() -> str:
    """Tesseract with its version."""
    if shutil.which("tesseract") is None:
        return "Tesseract"
    done = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, check=False)
    return f"Tesseract {(done.stdout or done.stderr).split()[1]}"


def rapidocr_name() -> str:
    """RapidOCR with its version."""
    from importlib import metadata

    try:
        return f"RapidOCR {metadata.version('rapidocr')}"
    except metadata.PackageNotFoundError:
        return "RapidOCR"


def missing_peer(name: str) -> str:
    """Says that a reader is not there."""
    return f"Not measured: {name} is not installed."
