"""What a worker of a server does: reads pages, and pictures of words."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from PIL import Image

from mdocr.batch.page_model import LazyPageModel, ModelChoice
from mdocr.batch.workers.messages import Assignment, Found, FoundWords
from mdocr.batch.workers.reader import WorkerReader
from mdocr.document.words import Word
from mdocr.errors import MdocrError
from mdocr.options import RecognizeOptions
from mdocr.parsing.page_work import as_known
from mdocr.recognizer import Recognizer, load_recognizer


@dataclass(frozen=True)
class WordAssignment(Assignment):
    """A picture of a word, to be read.

    Attributes:
        words: how.
        others: that are read with it, in the same way.
    """

    words: RecognizeOptions = field(default_factory=RecognizeOptions)
    others: tuple[Assignment, ...] = ()

    @property
    def all(self) -> tuple[Assignment, ...]:
        """It, and the others, each alone."""
        return (replace(self, others=()), *self.others)

    def is_like(self, other: Assignment) -> bool:
        """Whether another is a word that is read in the same way."""
        return isinstance(other, WordAssignment) and other.words == self.words

    def once_more(self, left: Sequence[int]) -> list[Assignment]:
        """Each word alone, since one of them may have ended the worker."""
        return [replace(one, again=True) for one in self.all]


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

    def find(self, assignment: Assignment) -> Found | FoundWords:  # type: ignore[override]
        """Opens a document, or reads pictures of words."""
        if not isinstance(assignment, WordAssignment):
            return super().find(assignment)
        numbers = [one.number for one in assignment.all]
        return FoundWords(tuple(zip(numbers, self._words(assignment), strict=True)))

    def _words(self, assignment: WordAssignment) -> list[Word | MdocrError]:
        """What was read of each, or why it was not; a fault of all is that of each."""
        paths = [one.path for one in assignment.all]
        try:
            read = list(self._recognizer.stream(paths, assignment.words))
        except MemoryError:
            raise
        except Exception as error:
            return [as_known(error)] * len(paths)
        return [word if isinstance(word, Word) else word.error for word in read]
