"""Images to measure with: of a folder or LMDB, or synthetic ones."""

import logging
from itertools import islice
from pathlib import Path

from mdocr.errors import InputError
from mdocr.evaluation.page_sets import SOURCES, TruePage, load_pages
from mdocr.inputs.find import FailedInput, find_files
from mdocr.inputs.labelled import open_collection
from mdocr.inputs.pictures import Picture
from mdocr.synthesis.common.fonts import load_fonts
from mdocr.synthesis.corpora.vocabulary import load_vocabulary
from mdocr.synthesis.samples import draw_words
from mdocr.synthesis.words.pictures import WordSynthesizer

logger = logging.getLogger(__name__)

DIFFICULTY = 0.5
"""Of synthetic words: between clean print and natural scenes."""


def pictures_of(data: Path, count: int | None = None) -> list[Picture]:
    """The first ``count`` images, or all.

    Args:
        data: folder of images or LMDBs, or an image; those of an LMDB are opened at once.
        count: most images.

    Raises:
        InputError: there is no image, or it cannot be read.
    """
    if data.is_dir() and next(data.rglob("data.mdb"), None):
        collection = open_collection("lmdb", data)
        return [collection.picture(number) for number in range(len(collection))[:count]]
    found: list[Picture] = []
    for path in islice(find_files([str(data)]), count):
        if isinstance(path, FailedInput):
            raise InputError(path.error.message, "Give a folder of images, or leave it out.")
        found.append(path)
    return found


def pages_of(data: Path, count: int | None = None) -> list[TruePage]:
    """The first ``count`` pages or documents, or all, with ground truth if available.

    Raises:
        InputError: there is no page.
    """
    if data.is_dir():
        try:
            return load_pages(data)[:count]
        except InputError:  # without or with damaged ground truth, it is still read
            logger.info("%s holds no ground truth", data)
    found = []
    for path in islice(find_files([str(data)], frozenset(SOURCES)), count):
        if isinstance(path, FailedInput):
            raise InputError(path.error.message, "Give a folder of pages, or leave it out.")
        found.append(TruePage(Path(path).stem, Path(path), ()))
    return found


def synthetic_words(count: int) -> list[Picture]:
    """Synthetic words in this machine's fonts, the same for every call.

    Raises:
        MdocrError: there are no fonts, or an extra is not installed.
    """
    synthesizer = WordSynthesizer(load_fonts(), load_vocabulary())
    return [picture for picture, _ in draw_words(synthesizer, count, DIFFICULTY, seed=0)]
