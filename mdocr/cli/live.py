"""Texts that are being denoised, a line each in the terminal: what is masked, proposed, committed.

What is shown is what the decoder holds after a pass. It waits while a step is shown.
"""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import groupby

from rich.cells import cell_len
from rich.console import Group
from rich.live import Live
from rich.text import Text

from mdocr.cli import console
from mdocr.decoding.arrays import Array
from mdocr.decoding.blocks import ActiveSequence
from mdocr.decoding.word_state import EOS, Predict
from mdocr.models.charset import Charset
from mdocr.render.denoising import MASK, Shown, State

STYLES = {"masked": "bright_black", "proposed": "dim italic", "committed": "", "new": "green"}

BELOW = 3
"""Rows of the terminal that are left free."""

Row = Sequence[Shown]


class Screen:
    """Rows of tokens at the foot of a terminal, until something is said above them."""

    def __init__(self) -> None:
        self._console = console.console()
        self._live: Live | None = None
        self._drawn = 0.0
        self.held = 0.0  # seconds

    @property
    def is_there(self) -> bool:
        """Whether there is a terminal, and people want to see something."""
        return self._console.is_terminal and not console.verbosity.quiet

    def draw(self, rows: Iterable[Row], status: str, hold: float) -> None:
        """Shows rows, and a line below them, once what was there has been seen for ``hold``."""
        begin = time.perf_counter()
        time.sleep(max(0.0, self._drawn + hold - begin))
        width, height = self._console.size
        lines = [_line(row, width) for row in rows][: max(1, height - BELOW)]
        if self._live is None:
            self._live = Live(
                console=self._console, auto_refresh=False, transient=True, redirect_stdout=False
            )
            self._live.start()
        self._live.update(Group(*lines, Text(status, "bright_black")), refresh=True)
        self._drawn = time.perf_counter()
        self.held += self._drawn - begin

    def clear(self) -> None:
        """Takes the rows away."""
        if self._live:
            self._live.stop()
            self._live = None


class WordsInFlight:
    """A batch of words between its passes: ids [B, L], and what the last pass proposed."""

    def __init__(self, charset: Charset) -> None:
        self._charset = charset
        self._tokens: dict[int, list[int]] = {}
        self._before: dict[int, list[int]] = {}
        self._proposed: dict[int, list[int]] = {}

    def looked_at(self, predict: Predict, look: Callable[[list[Row]], None]) -> Predict:
        """What predicts the words of a batch, calling ``look`` with its rows before each pass."""
        self._tokens, self._proposed = {}, {}

        def looking(tokens: Array, rows: Array | None) -> Array:
            numbers = range(len(tokens)) if rows is None else rows.tolist()
            self._before = dict(self._tokens)
            self._tokens.update(zip(numbers, tokens.tolist(), strict=True))
            look([self._row(number) for number in sorted(self._tokens)])
            logits = predict(tokens, rows)
            self._proposed.update(zip(numbers, logits.argmax(-1).tolist(), strict=True))
            return logits

        return looking

    def _row(self, number: int) -> Row:
        """A word up to its end, as far as that is known."""
        tokens = self._tokens[number]
        masks = [self._charset.mask_id] * len(tokens)
        before, proposed = self._before.get(number, masks), self._proposed.get(number, masks)
        row: list[Shown] = []
        for token, old, proposal in zip(tokens, before, proposed, strict=True):
            known = proposal if token == self._charset.mask_id else token
            if known == EOS:
                break
            if known == self._charset.mask_id:
                row.append(Shown(MASK, "masked"))
                continue
            committed: State = "committed" if token == old else "new"
            state = committed if known == token else "proposed"
            row.append(Shown(self._charset.symbols[known - 1], state))
        return row


class TextsInFlight:
    """Texts that the block decoder denoises, each in the row of its place in the batch.

    Attributes:
        passes: of the decoder.
        tokens: committed.
    """

    def __init__(self) -> None:
        self.passes = 0
        self._ended = 0
        self._open = 0
        self._rows: dict[int, Row] = {}

    @property
    def tokens(self) -> int:
        """Committed, of all texts."""
        return self._ended + self._open

    @property
    def rows(self) -> list[Row]:
        """The texts in flight, and those that have ended in whose places none has begun."""
        return [self._rows[place] for place in sorted(self._rows)]

    def forget(self) -> None:
        """Leaves the rows of texts that have ended."""
        self._rows = {}

    def take(
        self, decode: Callable[[Iterable[int]], str], sequences: Collection[ActiveSequence]
    ) -> None:
        """Takes the state of the decoder, as it calls ``Watch``."""
        self.passes += all(sequence.passes for sequence in sequences)
        self._open = 0
        for sequence in sequences:
            committed = sum(token != sequence.mask_id for token in sequence.tokens[: sequence.end])
            if sequence.end is None:
                self._open += committed
            else:
                self._ended += committed
            self._rows[sequence.index] = row_of(sequence, decode)


def row_of(sequence: ActiveSequence, decode: Callable[[Iterable[int]], str]) -> Row:
    """The tokens of a text as they stand now."""
    row = []
    end = len(sequence.tokens) if sequence.end is None else sequence.end
    for token, step, proposed in zip(
        sequence.tokens[:end], sequence.steps, sequence.proposed, strict=False
    ):
        if token != sequence.mask_id:
            is_new = 0 < step == sequence.passes
            row.append(Shown(decode([token]), "new" if is_new else "committed"))
        elif text := decode(proposed[-1:]):
            row.append(Shown(text, "proposed"))
        else:  # nothing is proposed yet, or that the text ends here
            row.append(Shown(MASK, "masked"))
    return row


def _line(row: Row, width: int) -> Text:
    """As much of a row as there is room for: its end, where the work is."""
    left, shown = width - 1, 0
    for token in reversed(row):
        left -= cell_len(token.text)
        if left < 0:
            break
        shown += 1
    line = Text(no_wrap=True, overflow="crop")
    for state, tokens in groupby(row[len(row) - shown :], key=lambda token: token.state):
        line.append("".join(token.text for token in tokens).replace("\n", " "), STYLES[state])
    return line
