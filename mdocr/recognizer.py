"""The story of ``mdocr recognize``: pictures → crops → batches of one shape → words, in order."""

import dataclasses
import os
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from typing_extensions import Unpack

from mdocr.decoding.arrays import Array, namespace
from mdocr.decoding.correction import correct
from mdocr.decoding.lexicons import load_lexicon
from mdocr.decoding.word_drafts import verify, with_drafts
from mdocr.decoding.word_results import words_of
from mdocr.decoding.word_state import EOS, Decoding, Predict
from mdocr.decoding.words import decode
from mdocr.document.words import Word
from mdocr.engines.memory import MemoryGuard
from mdocr.engines.protocols import EncodedWords, WordEngine
from mdocr.engines.word_engines import word_engine
from mdocr.errors import InputError
from mdocr.inputs import pictures
from mdocr.inputs.find import FailedInput
from mdocr.inputs.pictures import Picture
from mdocr.inputs.word_crops import Crop, check_draft, make_crop, paired
from mdocr.options import RecognizeChanges, RecognizeOptions, changed
from mdocr.weights.resolve import resolve


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

    Attributes:
        watch: put around what predicts the words of each batch, to look at its passes.
    """

    def __init__(self, engine: WordEngine, model: str, lexicon: str = "none") -> None:
        self.engine = engine
        self.model = model
        self.lexicon = lexicon
        self.watch: Callable[[Predict], Predict] | None = None
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
            **changes: single options by name, such as ``decoder`` and ``steps``. A list as
                ``draft`` is what another has read, a text (or None) for each picture: each is
                verified, and the picture is read only where it does not stand.

        Returns:
            One word per picture, in the same order.

        Raises:
            InputError: a picture cannot be read, or a draft cannot be of this model.
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
        given = changes.pop("draft", None)
        if isinstance(given, str):
            changes["draft"] = given
        options = changed(options or RecognizeOptions(), changes)
        drafts = None if isinstance(given, str) else given
        crops = pictures.read_ahead(
            self._make_crop,
            enumerate(paired(pictures.as_iterable(images), drafts)),
            depth=2 * options.batch_size,
            may_wait=lambda item: pictures.may_wait(item[1][0]),
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

    def _make_crop(self, numbered: tuple[int, tuple[Picture, str | None]]) -> Crop | Result:
        """A picture for the model; a ``FailedInput`` if it, or its draft, is of no use."""
        number, (source, draft) = numbered
        try:
            if draft is not None:
                longest = self.engine.blank(1).shape[1] - 1
                check_draft(draft, pictures.name_of(source), self.engine.charset, longest)
            return dataclasses.replace(make_crop(number, source), draft=draft)
        except InputError as error:
            return Result(number, FailedInput(pictures.name_of(source), error))

    def _read(self, crops: Sequence[Crop], options: RecognizeOptions) -> list[Word]:
        encoded = self.engine.encode(np.stack([crop.pixels for crop in crops]))
        if self.watch:
            encoded = dataclasses.replace(encoded, predict=self.watch(encoded.predict))
        blank = self.engine.blank(len(crops))
        drafts = [crop.draft for crop in crops if crop.draft is not None]
        if drafts:
            return self._verified(encoded, blank, drafts, options)
        return self.words(decoded(encoded, blank, options), options)

    def _verified(
        self, encoded: EncodedWords, blank: Array, drafts: list[str], options: RecognizeOptions
    ) -> list[Word]:
        """Words with a draft each: as drafted where it stands, else as read without it."""
        charset, package = self.engine.charset, namespace(blank)
        given = package.zeros_like(blank) + blank
        for row, draft in enumerate(drafts):
            ids = [*charset.encode(draft), EOS]
            given[row, : len(ids)] = package.asarray(ids)
        found = verify(encoded.predict, blank, given)
        claims = words_of(found.decoding, charset, self.model, options.decoder)
        words = list(claims)
        (refused,) = package.where(~found.stands)
        if len(refused):
            part = decoded(encoded.part(refused), blank[refused], options)
            for row, word in zip(refused.tolist(), self.words(part, options), strict=True):
                words[row] = dataclasses.replace(word, steps=word.steps + 1)
        return [
            dataclasses.replace(word, draft=claim.text, draft_confidence=claim.confidence)
            for word, claim in zip(words, claims, strict=True)
        ]


def load_recognizer(
    model: str | os.PathLike[str] = "auto",
    device: str = "auto",
    engine: str = "auto",
    dtype: str = "auto",
) -> Recognizer:
    """Loads a recognizer.

    Args:
        model: a name, the path of a checkpoint, or ``auto``: the best model on this machine.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        engine: ``torch``; ``onnx``, for exported files (``mdocr export``); or ``auto``: onnx on a
            CPU, if the exported files are there, else torch.
        dtype: ``auto``, ``float32`` or ``bfloat16``.

    Raises:
        WeightsError: the weights are missing, damaged, or of another model.
        DeviceError: the device is absent.
        UsageError: an argument is invalid.
    """
    # Invalid arguments are reported before a download.
    load = word_engine(engine, device, dtype)
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
    word_engine(engine, device, dtype)  # refuses invalid arguments before a download
    files = repr(resolve(os.fspath(model), "recognizer").files)
    return _kept(os.fspath(model), files, device, engine, dtype).recognize(images, **options)


@lru_cache(maxsize=1)
def _kept(model: str, files: str, device: str, engine: str, dtype: str) -> Recognizer:
    """The model of the last call; loaded again when ``files``, its weights, have changed."""
    return load_recognizer(model, device, engine, dtype)


def read(engine: WordEngine, images: Array, options: RecognizeOptions) -> Decoding:
    """Reads one batch of pictures [B, 3, height, width] in -1..1."""
    return decoded(engine.encode(images), engine.blank(len(images)), options)


def decoded(encoded: EncodedWords, blank: Array, options: RecognizeOptions) -> Decoding:
    """Reads one batch of encoded pictures, from fully masked words [B, L]."""
    denoise = partial(decode, options=options)
    if options.drafts and encoded.ctc is not None:
        decoding = with_drafts(denoise, encoded.predict, blank, encoded.ctc)
    else:
        decoding = denoise(encoded.predict, blank)
    return dataclasses.replace(decoding, ctc=encoded.ctc)


def batches(crops: Iterable[Crop | Result], size: int) -> Iterator[list[Crop] | Result]:
    """Gathers crops of one shape, all with a draft or none, into batches; results pass at once.

    After ``4 * size`` further crops an incomplete batch is emitted as it is.
    """
    waiting: dict[Hashable, list[Crop]] = defaultdict(list)  # longest waiting first
    for crop in crops:
        if isinstance(crop, Result):
            yield crop
            continue
        waiting[_kind(crop)].append(crop)
        if len(waiting[_kind(crop)]) == size:
            yield waiting.pop(_kind(crop))
        oldest = next(iter(waiting.values()), [crop])[0]
        if crop.number - oldest.number >= 4 * size:
            yield waiting.pop(_kind(oldest))
    yield from waiting.values()


def _kind(crop: Crop) -> Hashable:
    return crop.pixels.shape, crop.draft is None


def in_order(results: Iterable[Result]) -> Iterator[Word | FailedInput]:
    """The outcomes in input order, each as soon as all earlier ones are known."""
    early: dict[int, Word | FailedInput] = {}
    number = 0
    for result in results:
        early[result.number] = result.outcome
        while number in early:
            yield early.pop(number)
            number += 1
