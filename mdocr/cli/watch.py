"""``--watch`` and ``--record``: the denoising of what is read, in the terminal and as an SVG.

In a terminal, tokens go from masked (░) to proposed (faint) to committed while they are decoded.
There and elsewhere, a plain line tells of each page and word that was read.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from mdocr.batch.display import Display
from mdocr.batch.ownership import OwnFiles
from mdocr.cli import console
from mdocr.cli.live import Row, Screen, TextsInFlight, WordsInFlight
from mdocr.decoding.blocks import ActiveSequence
from mdocr.decoding.word_state import Predict
from mdocr.document.model import Page
from mdocr.document.words import Word
from mdocr.files import write_text
from mdocr.models.charset import Charset
from mdocr.render.denoising import Denoised
from mdocr.render.denoising_svg import render_svg

PAUSE, WORD_PAUSE = 0.06, 0.3
"""Seconds for which a step of texts, and of words, is shown at least."""

MOST_RECORDED = 40
"""Words, or texts of a page."""


class Watcher:
    """Shows the denoising of pages and words, and records it; leave it by ``with``.

    Args:
        shows: show it in the terminal.
        record: the SVG to write at the end; None for none.
        force: write over a file that mdocr has not written.
    """

    def __init__(self, shows: bool, record: Path | None, *, force: bool = False) -> None:
        if record and not force:
            OwnFiles().refuse_foreign([record])
        self._shows = shows
        self._record = record
        self._recorded: list[Denoised] = []
        self._is_full = False
        self._title = ""
        self._screen = Screen()
        self._flight = TextsInFlight()
        self._began = 0.0

    def __enter__(self) -> "Watcher":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        place: TracebackType | None,
    ) -> None:
        self._screen.clear()

    def display(self, shown: Display) -> Display:
        """A display that takes pages and words too, and speaks above what is shown."""

        def say(message: str) -> None:
            self._screen.clear()
            shown.say(message)

        return replace(shown, say=say, look=self._look)

    def texts(
        self, decode: Callable[[Iterable[int]], str], sequences: Collection[ActiveSequence]
    ) -> None:
        """Takes texts in flight, as ``mdocr.batch.page_model.Watch``."""
        self._began = self._began or time.perf_counter()
        self._flight.take(decode, sequences)
        if self._screen.is_there:
            status = f"{self._flight.passes} passes, {self._flight.tokens} tokens, {self._speed}"
            self._screen.draw(self._flight.rows, status, PAUSE)

    def words(self, charset: Charset, predict: Predict) -> Predict:
        """What predicts a batch of words, looked at, as ``mdocr.recognizer.Recognizer.watch``."""
        if not self._screen.is_there:
            return predict
        passes = 0

        def look(rows: list[Row]) -> None:
            nonlocal passes
            self._screen.draw(rows, f"{passes} passes, {len(rows)} words", WORD_PAUSE)
            passes += 1

        return WordsInFlight(charset).looked_at(predict, look)

    def end(self) -> list[Path]:
        """Writes the record; returns its file."""
        if not self._record or not self._recorded:
            return []
        write_text(self._record, render_svg(self._recorded, self._title))
        OwnFiles().add([self._record])
        return [self._record]

    @property
    def _speed(self) -> str:
        """Of all texts until now, without the time for which steps were only shown."""
        seconds = time.perf_counter() - self._began - self._screen.held
        return f"{self._flight.tokens / max(seconds, 1e-3):.0f} tokens/s"

    def _look(self, read: Page | Word) -> None:
        self._screen.clear()
        if isinstance(read, Page):
            self._page(read)
        else:
            self._word(read)

    def _page(self, page: Page) -> None:
        self._flight.forget()
        texts = list(_texts(page))
        count = sum(len(text.tokens) for text in texts)
        steps = max((text.last for text in texts), default=0)
        if self._shows:
            said = f"{count} tokens in {steps} steps, {self._speed}"
            console.note(f"page {page.number}: {said if steps else 'no text was denoised'}")
        if not self._is_full and texts:
            self._recorded, self._is_full = texts[:MOST_RECORDED], True
            self._title = f"page {page.number} · {count} tokens"

    def _word(self, word: Word) -> None:
        text = Denoised(Path(word.path).name, word.characters)
        if self._shows:
            console.note(f"{text.name}: {word.text}, {word.steps} steps")
        if len(self._recorded) < MOST_RECORDED:
            self._recorded.append(text)
            self._title = f"{len(self._recorded)} words"


def _texts(page: Page) -> Iterator[Denoised]:
    for block in page.blocks:
        if block.tokens:
            yield Denoised(f"page {page.number}, {block.type}", block.tokens)
