"""Contact sheets of misread words."""

from collections.abc import Sequence
from pathlib import Path

from mdocr.errors import InputError
from mdocr.evaluation.words import LabelledPictures, ReadWord
from mdocr.files import written_whole
from mdocr.synthesis.samples import LabelledImage, contact_sheet

MOST = 400
"""Most words on a sheet."""


Misread = tuple[LabelledPictures, ReadWord]
"""A collection, and a misread word of it."""


def write_sheet(misread: Sequence[Misread], path: Path) -> int:
    """Writes images of misread words, each above its prediction / ground truth.

    Returns:
        Number of words on the sheet, at most ``MOST``; if 0, nothing is written.
    """
    samples: list[LabelledImage] = []
    for collection, word in misread[:MOST]:
        try:
            picture = collection.picture(word.number)
        except InputError:  # counted as misread because it cannot be opened
            continue
        samples.append((picture, f"{word.read or '(nothing)'} / {word.true}"))
    if samples:
        with written_whole(path) as temporary:
            contact_sheet(samples).save(temporary, "PNG")
    return len(samples)
