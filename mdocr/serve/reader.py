"""What a worker of a server does: reads pages, and pictures of words."""

from dataclasses import dataclass, field
from functools import cached_property

from PIL import Image

from mdocr.batch.page_model import LazyPageModel, ModelChoice
from mdocr.batch.workers.messages import Assignment, Found, FoundWord
from mdocr.batch.workers.reader import WorkerReader
from mdocr.options import RecognizeOptions
from mdocr.recognizer import Recognizer, load_recognizer


@dataclass(frozen=True)
class WordAssignment(Assignment):
    """A picture of a word, to be read.

    Attributes:
        words: how.
    """

    words: RecognizeOptions = field(default_factory=RecognizeOptions)


@dataclass(frozen=True)
class ServedReaderMaker:
    """Makes a ``ServedReader``, in the process that reads.

    Attributes:
        pages: the page model.
        words: name or path of the word model.
        max_pixels: of a picture.
    """

    pages: ModelChoice
    words: str
    max_pixels: int

    def __call__(self) -> "ServedReader":
        """A reader that has not loaded its models yet."""
        Image.MAX_IMAGE_PIXELS = self.max_pixels // 2  # Pillow refuses twice as many
        return ServedReader(self)


class ServedReader(WorkerReader):
    """Reads pages, and pictures of words; each model is loaded when it is first needed."""

    def __init__(self, maker: ServedReaderMaker) -> None:
        super().__init__(LazyPageModel(maker.pages))
        self._maker = maker

    @cached_property
    def _recognizer(self) -> Recognizer:
        choice = self._maker.pages
        return load_recognizer(self._maker.words, choice.device, choice.engine)

    def find(self, assignment: Assignment) -> Found | FoundWord:  # type: ignore[override]
        """Opens a document, or reads a picture of a word."""
        if not isinstance(assignment, WordAssignment):
            return super().find(assignment)
        (word,) = self._recognizer.recognize(assignment.path, assignment.words)
        return FoundWord(word)
