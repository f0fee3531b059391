"""Reads pictures with one program: the worker process of ``peers.py``.

    python reader.py tesseract|rapidocr|mdocr word|page THREADS [--model NAME] [--languages eng]

Each line of stdin is a JSON list of paths; each is answered by a line of stdout, a JSON list of
their texts, which are empty where nothing could be read. Everything else is printed to stderr. The
reader's own packages are imported only, so that it can be run in an environment of its own.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

Read = Callable[[Sequence[str]], list[str]]
"""Paths of pictures → their texts, in the same order."""

PAGE_BREAK = "\f"
"""What Tesseract writes between two pictures of a list."""


def main() -> None:
    """Answers each line of stdin until it ends."""
    options = arguments()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the packages print is no answer
    read = READERS[options.reader](options)
    for line in sys.stdin:
        answers.write(json.dumps(read(json.loads(line))) + "\n")
        answers.flush()


def tesseract(options: argparse.Namespace) -> Read:
    """One run of the command for all pictures of a line; it stops at a picture that is damaged."""
    mode = ["--psm", "8"] if options.kind == "word" else []
    command = ["-l", options.languages, *mode]

    def read(paths: Sequence[str]) -> list[str]:
        texts = _tesseract(paths, command)
        if len(texts) == len(paths):
            return texts
        return [_tesseract([path], command)[0] for path in paths]

    return read


def _tesseract(paths: Sequence[str], options: Sequence[str]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        listing = Path(folder) / "pictures.txt"
        listing.write_text("\n".join(paths) + "\n", encoding="utf-8")
        command = ["tesseract", str(listing), "stdout", *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
    return [text.strip() for text in done.stdout.split(PAGE_BREAK)]


def rapidocr(options: argparse.Namespace) -> Read:
    """The package's models in one session; its lines come as they are found."""
    import cv2
    from rapidocr import RapidOCR

    cv2.setNumThreads(options.threads)
    chosen = {f"EngineConfig.onnxruntime.{name}_op_num_threads" for name in ("intra", "inter")}
    engine = RapidOCR(params=dict.fromkeys(chosen, options.threads))
    whole = options.kind == "page"

    def read_one(path: str) -> str:
        try:
            found = engine(path, use_det=whole, use_cls=whole, use_rec=True)
        except Exception as error:  # of many kinds; one damaged picture does not end the run
            print(f"{path}: {error}", file=sys.stderr)
            return ""
        return "\n".join(getattr(found, "txts", None) or ())

    return lambda paths: [read_one(path) for path in paths]


def mdocr(options: argparse.Namespace) -> Read:
    """Batches of words, or pages one after another with their texts in shared batches."""
    return _mdocr_words(options.model) if options.kind == "word" else _mdocr_pages(options.model)


def _mdocr_words(model: str) -> Read:
    from mdocr import Word, load_recognizer

    reader = load_recognizer(model, "cpu")

    def read(paths: Sequence[str]) -> list[str]:
        outcomes = reader.stream(list(paths))
        return [one.text if isinstance(one, Word) else "" for one in outcomes]

    return read


def _mdocr_pages(model: str) -> Read:
    from mdocr import ParseOptions, load_parser
    from mdocr.evaluation.page_sets import TruePage
    from mdocr.evaluation.pages import read_pages

    parser = load_parser(model, "cpu")

    def read(paths: Sequence[str]) -> list[str]:
        pages = [TruePage(Path(path).stem, Path(path), ()) for path in paths]
        found = {each.page.path: each.text for each in read_pages(parser, pages, ParseOptions())}
        return [found.get(page.path, "") for page in pages]

    return read


READERS: dict[str, Callable[[argparse.Namespace], Read]] = {
    "tesseract": tesseract,
    "rapidocr": rapidocr,
    "mdocr": mdocr,
}


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("reader", choices=READERS)
    parser.add_argument("kind", choices=("word", "page"))
    parser.add_argument("threads", type=int)
    parser.add_argument("--model", default="lite", help="of mdocr")
    parser.add_argument("--languages", default="eng", help="of Tesseract, joined by +")
    return parser.parse_args()


if __name__ == "__main__":
    main()
