"""Corrected words as a collection of labelled pictures."""

from pathlib import Path

from PIL import Image

from mdocr.training.corrections.pictures import corrected_pictures


class CorrectedWords:
    """The pictures of a CSV of corrections, in memory; see ``mdocr.inputs.labelled.Collection``.

    Raises:
        InputError: see ``corrected_pictures``.
    """

    def __init__(self, table: Path) -> None:
        self._samples = list(corrected_pictures(table))

    def __len__(self) -> int:
        return len(self._samples)

    def picture(self, number: int) -> Image.Image:
        """See ``Collection``."""
        return self._samples[number][0]

    def text(self, number: int) -> str:
        """See ``Collection``."""
        return self._samples[number][1]

    def size(self, number: int) -> tuple[int, int]:
        """See ``Collection``."""
        return self._samples[number][0].size
