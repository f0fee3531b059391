"""Packages of extras that an evaluation needs, imported before its long work begins."""

from mdocr.evaluation.metrics import rapidfuzz, sacrebleu
from mdocr.evaluation.page_parts import markdown_parser
from mdocr.evaluation.table_trees import apted


def check_words() -> None:
    """Raises before words are scored if a package is missing.

    Raises:
        MissingExtraError: it is not installed.
    """
    rapidfuzz()


def check_pages() -> None:
    """The same for the scores of pages."""
    rapidfuzz()
    apted()
    markdown_parser()


def check_shuffle() -> None:
    """The same for the shuffle benchmark."""
    rapidfuzz()
    sacrebleu()
    markdown_parser()
