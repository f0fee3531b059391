"""``--watch`` and ``--record``: the denoising of what is read, in the terminal and as an SVG.

Each page plays once it has been read, and each word: tokens go from masked (░) to proposed (faint)
to committed. Without a terminal there is a plain line for each.
"""

import time
from collections.abc import Iterator
from pathlib import Path

from rich.live import Live
from rich.text import Text

from mdocr.batch.ownership import OwnFiles
from mdocr.cli import console
from mdocr.document.model import Page
from mdocr.document.words import Word
from mdocr.files import write_text
from mdocr.render.denoising import Denoised
from mdocr.render.denoising_svg import render_svg

PAUSE = 0.09
"""Seconds of a step."""

STYLES = {"masked": "bright_black", "proposed": "dim italic", "committed": "", "new": "green"}

MOST_RECORDED = 40
"""Words, or texts of a page."""


class Watcher:
    """Shows and records the denoising of pages and words, which must have been read with a trace.

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

    @property
    def is_on(self) -> bool:
        """Whether a trace is needed."""
        return self._shows or self._record is not None

    def page(self, page: Page) -> None:
        """Takes a page that was read."""
        texts = list(_texts(page))
        count = sum(len(text.tokens) for text in texts)
        speed = count / page.seconds if page.seconds else 0.0
        steps = max((text.last for text in texts), default=0)
        said = f"page {page.number}: {count} tokens in {steps} steps, {speed:.0f} tokens/s"
        if self._shows:
            self._play(texts)
            console.note(said)
        if not self._is_full and texts:
            self._recorded, self._is_full = texts[:MOST_RECORDED], True
            self._title = f"page {page.number} · {count} tokens"

    def word(self, word: Word) -> None:
        """Takes a word that was read."""
        text = Denoised(Path(word.path).name, word.characters)
        if self._shows:
            self._play([text])
            count = len(word.characters)
            console.note(f"{text.name}: {count} characters in {word.steps} steps")
        if len(self._recorded) < MOST_RECORDED:
            self._recorded.append(text)
            self._title = f"{len(self._recorded)} words"

    def end(self) -> list[Path]:
        """Writes the record; returns its file."""
        if not self._record or not self._recorded:
            return []
        write_text(self._record, render_svg(self._recorded, self._title))
        OwnFiles().add([self._record])
        return [self._record]

    def _play(self, texts: list[Denoised]) -> None:
        """Plays texts one after another, if there is a terminal."""
        screen = console.console()
        if not screen.is_terminal or console.verbosity.quiet:
            return
        for text in texts:
            with Live(console=screen, auto_refresh=False, vertical_overflow="crop") as live:
                for step in range(text.last + 1):
                    live.update(_styled(text, step), refresh=True)
                    time.sleep(PAUSE)


def _texts(page: Page) -> Iterator[Denoised]:
    for block in page.blocks:
        if block.tokens:
            yield Denoised(f"page {page.number}, {block.type}", block.tokens)


def _styled(text: Denoised, step: int) -> Text:
    shown = Text()
    for token in text.after(step):
        shown.append(token.text, STYLES[token.state])
    return shown
