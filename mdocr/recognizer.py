"""The story of ``mdocr recognize``: pictures → crops → batches of one shape → words, in order."""

import dataclasses
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Unpack

from mdocr.decoding.correction import correct
from mdocr.decoding.draft import EOS, Array, Decoding
from mdocr.decoding.lexicon import load_lexicon
from mdocr.decoding.word_drafts import with_drafts
from mdocr.decoding.words import decode
from mdocr.document.words import Character, Word
from mdocr.engines.memory import MemoryGuard
from mdocr.engines.protocols import WordEngine
from mdocr.engines.word_engines import word_engine
from mdocr.errors import InputError
from mdocr.inputs import pictures
from mdocr.inputs.find import FailedInput
from mdocr.inputs.pictures import Picture
from mdocr.models.charset import Charset
from mdocr.options import RecognizeChanges, RecognizeOptions, changed
from mdocr.preprocessing.mdiff4str import preprocess
from mdocr.weights.resolve import resolve

MANY = 128
"""Number of words from which torch, which starts in seconds but reads batches faster, pays off."""


@dataclass(frozen=True, eq=False)
class Crop:
    """A picture prepared for the model.

    Attributes:
        number: index in the input, from 0.
        path: of the picture.
        pixels: [3, height, width] in -1..1.
    """

    number: int
    path: str
    pixels: NDArray[np.float32]


@dataclass(frozen=True)
class Result:
    """The outcome of the picture with index ``number`` in the input."""

    number: int
    outcome: Word | FailedInput


class Recognizer:
    """Reads pictures of single words.

    Args:
        engine: the model, on a device.
        model: its name, for the results.
        lexicon: the lexicon that ``auto`` stands for.
    """

    def __init__(self, engine: WordEngine, model: str, lexicon: str = "none") -> None:
        self.engine = engine
        self.model = model
        self.lexicon = lexicon
        self._guard = MemoryGuard(engine)

    def recognize(
        self,
        images: Picture | Iterable[Picture],
        options: RecognizeOptions | None = None,
        **changes: Unpack[RecognizeChanges],
    ) -> list[Word]:
        """Reads all pictures.

        Args:
            images: see ``mdocr.inputs.pictures.Picture``; one, or many.
            options: how to read; the defaults if None.
            **changes: single options by name, such as ``decoder`` and ``steps``.

        Returns:
            One word per picture, in the same order.

        Raises:
            InputError: a picture cannot be read.
            UsageError: an option is invalid.
            DeviceError: out of memory.
        """
        words = []
        for outcome in self.stream(images, options, **changes):
            if isinstance(outcome, FailedInput):
                raise outcome.error
            words.append(outcome)
        return words

    def stream(
        self,
        images: Picture | Iterable[Picture],
        options: RecognizeOptions | None = None,
        **changes: Unpack[RecognizeChanges],
    ) -> Iterator[Word | FailedInput]:
        """Reads pictures lazily and yields words in input order, as soon as they are known.

        Arguments are those of ``recognize``. Only a few batches of pictures are held at a time. A
        picture that cannot be read yields a ``FailedInput`` in its place.
        """
        options = changed(options or RecognizeOptions(), changes)
        numbered = enumerate(pictures.as_iterable(images))
        crops = pictures.read_ahead(
            make_crop,
            numbered,
            depth=2 * options.batch_size,
            may_wait=lambda item: pictures.may_wait(item[1]),
        )
        return in_order(self._read_all(crops, options))

    def words(self, decoding: Decoding, options: RecognizeOptions) -> list[Word]:
        """The words of a decoded batch, unclear ones corrected by the lexicon."""
        name = self.lexicon_of(options)
        if name != "none":
            decoding = correct(decoding, self.engine.charset, load_lexicon(name))
        return words_of(decoding, self.engine.charset, self.model, options.decoder)

    def lexicon_of(self, options: RecognizeOptions) -> str:
        """Name or path of the lexicon in use, or ``none``."""
        return self.lexicon if options.lexicon == "auto" else options.lexicon

    def _read_all(
        self, crops: Iterable[Crop | Result], options: RecognizeOptions
    ) -> Iterator[Result]:
        for batch in batches(crops, options.batch_size):
            if isinstance(batch, Result):
                yield batch
                continue
            words = self._guard.run(lambda part: self._read(part, options), batch)
            for crop, word in zip(batch, words, strict=True):
                yield Result(crop.number, dataclasses.replace(word, path=crop.path))

    def _read(self, crops: Sequence[Crop], options: RecognizeOptions) -> list[Word]:
        images = np.stack([crop.pixels for crop in crops])
        return self.words(read(self.engine, images, options), options)


def load_recognizer(
    model: str | os.PathLike[str] = "auto",
    device: str = "auto",
    engine: str = "auto",
    dtype: str = "auto",
    words: int = 1,
) -> Recognizer:
    """Loads a recognizer.

    Args:
        model: a name, the path of a checkpoint, or ``auto``: the best model on this machine.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        engine: ``torch``; ``onnx``, for exported files (``mdocr export``); or ``auto``: for up to
            ``MANY`` words onnx on a CPU, if the exported files are there, else torch.
        dtype: ``auto``, ``float32`` or ``bfloat16``.
        words: approximate number of words to be read.

    Raises:
        WeightsError: the weights are missing, damaged, or of another model.
        DeviceError: the device is absent.
        UsageError: an argument is invalid.
    """
    # Invalid arguments are reported before a download.
    load = word_engine(engine, device, dtype, many=words > MANY)
    resolved = resolve(os.fspath(model), "recognizer")
    return Recognizer(load(resolved.path), resolved.name, resolved.lexicon)


def recognize(
    images: Picture | Iterable[Picture],
    model: str | os.PathLike[str] = "auto",
    device: str = "auto",
    engine: str = "auto",
    dtype: str = "auto",
    **options: Unpack[RecognizeChanges],
) -> list[Word]:
    """Loads a recognizer and reads pictures: ``load_recognizer``, then ``Recognizer.recognize``.

    The model stays loaded for the next call with the same settings.
    """
    word_engine(engine, device, dtype, many=False)  # refuses invalid arguments before a download
    files = repr(resolve(os.fspath(model), "recognizer").files)
    return _kept(os.fspath(model), files, device, engine, dtype).recognize(images, **options)


@lru_cache(maxsize=1)
def _kept(model: str, files: str, device: str, engine: str, dtype: str) -> Recognizer:
    """The model of the last call; loaded again when ``files``, its weights, have changed."""
    return load_recognizer(model, device, engine, dtype)


def read(engine: WordEngine, images: Array, options: RecognizeOptions) -> Decoding:
    """Reads one batch of pictures [B, 3, height, width] in -1..1."""
    encoded = engine.encode(images)
    denoise = partial(decode, options=options)
    blank = engine.blank(len(images))
    if options.drafts and encoded.ctc is not None:
        decoding = with_drafts(denoise, encoded.predict, blank, encoded.ctc)
    else:
        decoding = denoise(encoded.predict, blank)
    return dataclasses.replace(decoding, ctc=encoded.ctc)


def make_crop(numbered: tuple[int, Picture]) -> Crop | Result:
    """Loads and preprocesses a picture; the result holds a ``FailedInput`` if it cannot be read."""
    number, source = numbered
    path = pictures.name_of(source)
    try:
        return Crop(number, path, preprocess(pictures.open_picture(source)))
    except InputError as error:
        return Result(number, FailedInput(path, error))


def batches(crops: Iterable[Crop | Result], size: int) -> Iterator[list[Crop] | Result]:
    """Gathers crops of one shape into batches; results pass through at once.

    After ``4 * size`` further crops an incomplete batch is emitted as it is.
    """
    waiting: dict[tuple[int, ...], list[Crop]] = defaultdict(list)  # longest waiting first
    for crop in crops:
        if isinstance(crop, Result):
            yield crop
            continue
        shape = crop.pixels.shape
        waiting[shape].append(crop)
        if len(waiting[shape]) == size:
            yield waiting.pop(shape)
        oldest = next(iter(waiting.values()), [crop])[0]
        if crop.number - oldest.number >= 4 * size:
            yield waiting.pop(oldest.pixels.shape)
    yield from waiting.values()


def in_order(results: Iterable[Result]) -> Iterator[Word | FailedInput]:
    """The outcomes in input order, each as soon as all earlier ones are known."""
    early: dict[int, Word | FailedInput] = {}
    number = 0
    for result in results:
        early[result.number] = result.outcome
        while number in early:
            yield early.pop(number)
            number += 1


def words_of(decoding: Decoding, charset: Charset, model: str, decoder: str) -> list[Word]:
    """The words of a decoded batch, each up to its EOS."""
    confidences = decoding.confidences.tolist()
    steps, passes = decoding.steps.tolist(), decoding.passes.tolist()
    traces = [ids.tolist() for ids in decoding.trace]
    words = []
    for row, ids in enumerate(decoding.tokens.tolist()):
        end = ids.index(EOS) if EOS in ids else len(ids)
        text = [charset.symbols[index - 1] for index in ids[:end]]
        characters = tuple(map(Character, text, confidences[row], steps[row]))
        confidence = sum(confidences[row][:end]) / max(end, 1)
        trace = tuple(_partial(ids[row], charset, end) for ids in traces[: passes[row]])
        if trace:
            trace = (*trace[:-1], "".join(text))  # the last pass also fills in what was left masked
        words.append(
            Word("", "".join(text), confidence, characters, model, decoder, passes[row], trace)
        )
    return words


def _partial(ids: list[int], charset: Charset, end: int) -> str:
    """An unfinished word, with ``_`` for masked positions before its final ``end``."""
    written = ids[: ids.index(EOS)] if EOS in ids else ids
    while len(written) > end and written[-1] == charset.mask_id:
        written = written[:-1]
    return "".join("_" if i == charset.mask_id else charset.symbols[i - 1] for i in written)
