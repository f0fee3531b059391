"""The run over many pictures of words: read, written as they come, counted."""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from mdocr.batch.display import Display
from mdocr.batch.tally import Tally
from mdocr.batch.words import WordWriter, one_line
from mdocr.document.words import Word
from mdocr.inputs.find import FailedInput
from mdocr.inputs.page_size import frames_of, has_room_for_lines, is_large
from mdocr.models.mdiff4str_config import DecoderConfig
from mdocr.options import RecognizeOptions
from mdocr.recognizer import Recognizer

if TYPE_CHECKING:
    from mdocr.batch.review import Review

logger = logging.getLogger(__name__)

Outcome = Word | FailedInput

LONGEST = DecoderConfig.max_length
"""Characters of the longest word that can be read."""

UNSURE = 0.3
"""Confidence below which a picture may show anything, or nothing."""

SURE, FEW = 0.9, 20
"""Confidence from which a small picture is taken for that of a word, and pictures of one run up to
which those below it are looked at."""


def read_words(
    found: Sequence[str | FailedInput],
    load: Callable[[], Recognizer],
    options: RecognizeOptions,
    drafts: Sequence[str | None] | None = None,
) -> Iterator[Outcome]:
    """Missing inputs first, then words; the model is loaded only if there is anything to read.

    Args:
        found: the inputs.
        load: returns what reads them.
        options: how.
        drafts: what another has read of each path among them, to be verified.
    """
    yield from (path for path in found if not isinstance(path, str))
    paths = [path for path in found if isinstance(path, str)]
    if paths and drafts is not None:
        yield from load().stream(paths, options, draft=drafts)
    elif paths:
        yield from load().stream(paths, options)


def write_words(
    outcomes: Iterator[Outcome],
    writer: WordWriter,
    tally: Tally,
    display: Display,
    *,
    traced: bool = False,
    review: "Review | None" = None,
) -> None:
    """Writes words as they come.

    Args:
        outcomes: words, and inputs that cannot be read.
        writer: writes the words.
        tally: counts both.
        display: shows progress and what cannot be read.
        traced: show the steps of each word too.
        review: gathers the doubtful ones.

    Raises:
        MdocrError: there was not one word; nothing is written then.
    """
    display.expect(tally.inputs)
    for outcome in outcomes:
        display.advance()
        if isinstance(outcome, Word):
            if traced:
                display.say(_trace(outcome))
            display.look(outcome)
            writer.write(outcome)
            note_word(outcome, tally.inputs <= FEW)
            _note_page(outcome, tally.inputs <= FEW)
            if review:
                review.add_word(outcome)
            tally.read += 1
        else:
            tally.miss(outcome.error)
            if not tally.alone:
                display.say(f"cannot be read: {outcome.error}")
    if tally.failures and not tally.read:
        tally.end()
    writer.end()


def note_word(word: Word, few: bool) -> None:
    """Says of a picture that nothing was read in it, or unsurely, or perhaps not all.

    Of many pictures the confidences tell which were read unsurely.
    """
    if not word.text:
        logger.warning("%s: nothing was read in it", one_line(word.path))
    elif few and word.confidence < UNSURE:
        logger.warning(
            "%s: it was read with a confidence of %.0f %% only, and may show no word",
            one_line(word.path),
            100 * word.confidence,
        )
    if len(word.text) >= LONGEST:
        logger.warning(
            "%s: it may go on: a word is read up to %d characters. Read a line with: mdocr parse",
            one_line(word.path),
            LONGEST,
        )


def _note_page(word: Word, few: bool) -> None:
    """Says of a picture that it shows more than a word, as it is read by another command.

    Among many pictures only those of a page's size are looked at: the rest takes its time.
    """
    large = is_large(word.path)  # as all are that have several frames
    if large and (frames := frames_of(word.path)) > 1:
        logger.warning(
            "%s: of its %d frames the first is read. Read all with: mdocr parse",
            one_line(word.path),
            frames,
        )
    doubtful = few and word.confidence < SURE and has_room_for_lines(word.path)
    if not doubtful and not large:
        return
    from mdocr.parsing.kinds import shows_lines  # with the layout: not at start-up

    if shows_lines(word.path):
        logger.warning(
            "%s: it shows more text than one word, as pages do. Read it with: mdocr parse",
            one_line(word.path),
        )


def _trace(word: Word) -> str:
    steps = (f"{number:6}  {text}" for number, text in enumerate(word.trace, start=1))
    return "\n".join([one_line(word.path), *steps])
