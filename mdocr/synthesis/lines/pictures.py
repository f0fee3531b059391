"""Images of text lines of documents, a pure function of a random generator.

A text is sampled, set, cropped as layout analysis crops lines, printed, scanned, and scaled to 32
rows. ``difficulty`` ranges from clean print (0) to worn copies (1).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mdocr.errors import InputError
from mdocr.preprocessing.line_charset import LONG_S, PAGE_SYMBOLS
from mdocr.synthesis.common import scans
from mdocr.synthesis.common.fonts import Font
from mdocr.synthesis.common.scans import Ink
from mdocr.synthesis.common.scripts import plain
from mdocr.synthesis.common.typefaces import Typeface, group_typefaces
from mdocr.synthesis.common.typesetting import (
    HEIGHT,
    Style,
    TypesetLine,
    draw_mask,
    draw_style,
    letters_across,
    set_line,
)
from mdocr.synthesis.corpora.sentences import Sentences
from mdocr.synthesis.lines.old_spelling import draw_old_german, with_long_s
from mdocr.synthesis.lines.texts import cut, draw_text

SAMPLE_WIDTHS = (96, 192, 320, 512)
TRIES = 10
STRETCH = (0.84, 1.2)
"""Smallest and largest horizontal stretch of a font."""
TextMaker = Callable[[np.random.Generator, Sentences, str, int], str]
OLD_SHARE = 0.06
"""Probability that a line in a font that has the long s is spelt with it, as all were once."""
WIDE_SHARE = 0.85
"""Probability that a text with rare characters gets a font that covers them; else they are lost."""


class LineSynthesizer:
    """Synthesizes text lines.

    Args:
        fonts: see ``mdocr.synthesis.common.typefaces.training_fonts``.
        sentences: see ``mdocr.synthesis.corpora.sentences.load_sentences``.
        symbols: characters that texts may contain.
        texts: samples them, as ``mdocr.synthesis.lines.texts.draw_text`` does.

    Raises:
        InputError: no font is suitable for documents.
    """

    def __init__(
        self,
        fonts: Sequence[Font],
        sentences: Sentences,
        symbols: str = PAGE_SYMBOLS,
        texts: TextMaker = draw_text,
    ) -> None:
        self.typefaces = group_typefaces(fonts, symbols)
        if not self.typefaces.families:
            raise InputError("no fonts to render lines with", "Install some: see docs/fonts.md.")
        self.sentences = sentences
        self.symbols, self._known = symbols, frozenset(symbols)
        self.texts = texts

    def draw(
        self, rng: np.random.Generator, width: int, difficulty: float
    ) -> tuple[NDArray[np.uint8], str]:
        """Samples a line.

        Args:
            rng: source of all randomness.
            width: of the image at most, in pixels; it is less than 32 narrower.
            difficulty: 0 (clean print) to 1 (worn copies of coarse scans).

        Returns:
            uint8 RGB [32, w, 3] with width - 32 < w <= width, and the text.
        """
        difficulty *= 0.2 + 0.8 * float(np.sqrt(rng.random()))  # some pages are clean
        bend = scans.draw_bend(rng, width, difficulty)
        style = draw_style(rng, self.typefaces.draw(rng), bend.slack)
        style, line = self._line(rng, style, width)
        mask = draw_mask(rng, style, line, self._around(rng))
        ink = scans.scan(rng, mask, line.width, difficulty)
        ink = scans.press(rng, scans.bend_ink(ink, bend), difficulty)
        if rng.random() < 0.04 * difficulty:
            ink = scans.shine_through(rng, ink, self._back(rng, line))
        picture = scans.overdraw(rng, scans.print_ink(rng, ink, difficulty), difficulty)
        picture = scans.copy(rng, picture, difficulty)
        picture = scans.fit(rng, picture, (line.width, HEIGHT))
        return scans.finish(rng, picture, difficulty), line.text

    def _line(
        self, rng: np.random.Generator, style: Style, width: int
    ) -> tuple[Style, TypesetLine]:
        """Samples a text that fits the width, and its style."""
        inner = max(8.0, width - 16 * rng.random() - style.margins[0] - style.margins[2])
        length = letters_across(style, inner)
        best: tuple[float, Style, TypesetLine] | None = None
        old = LONG_S in style.symbols and rng.random() < OLD_SHARE
        for _ in range(TRIES):
            text = self._text(rng, style.faces[0], max(1, round(length)))
            text = with_long_s(rng, text) if old else text
            tried, text = self._fitting(rng, style, text, round(length * 1.1))
            line = set_line(rng, tried, text, width) if text else None
            if line is None:
                continue
            stretch = line.across / line.down
            miss = abs(float(np.log(stretch)))
            if best is None or miss < best[0]:
                best = (miss, tried, line)
            if STRETCH[0] <= stretch <= STRETCH[1]:
                break
        if best is None:
            return self._line(rng, replace(style, faces=self._wide(rng)), width)
        _, style, line = best
        return style, replace(line, across=min(line.across, line.down * STRETCH[1]))

    def _text(self, rng: np.random.Generator, face: Typeface, length: int) -> str:
        """Samples a text; in blackletter it is German in most cases."""
        if face.is_blackletter and LONG_S in face.symbols and rng.random() < 0.8:
            return draw_old_german(rng, self.sentences, length)
        return self.texts(rng, self.sentences, self.symbols, length)

    def _fitting(
        self, rng: np.random.Generator, style: Style, text: str, longest: int
    ) -> tuple[Style, str]:
        """The renderable part of a text, possibly in another font that covers its characters."""
        if not style.faces[0].font.has_lowercase:
            text = text.upper()
        allowed = (style.symbols & self._known) | {"\t", " "}
        if not allowed.issuperset(plain(text)):
            if rng.random() < WIDE_SHARE:
                style = replace(style, faces=self._wide(rng))
                allowed = (style.symbols & self._known) | {"\t", " "}
            text = " ".join(word for word in text.split(" ") if allowed.issuperset(plain(word)))
        if len(text) > longest + 4:
            text = cut(rng, text, longest)
        return style, text.strip()

    def _wide(self, rng: np.random.Generator) -> tuple[Typeface, ...]:
        """A face that covers nearly all characters."""
        wide = self.typefaces.wide
        return (wide[int(rng.random() * len(wide))],)

    def _around(self, rng: np.random.Generator) -> tuple[str, str]:
        """Texts of the lines above and below, if they are close; else empty."""
        above, below = rng.random(2) < 0.09
        return (self._other(rng) if above else "", self._other(rng) if below else "")

    def _other(self, rng: np.random.Generator) -> str:
        return self.sentences.passage(rng, 70, self.sentences.language(rng))[:70]

    def _back(self, rng: np.random.Generator, line: TypesetLine) -> Ink:
        """Ink of the back side."""
        style = draw_style(rng, self.typefaces.draw(rng), 0.0)
        _, other = self._line(rng, style, line.width)
        mask = draw_mask(rng, style, other, ("", ""))
        ink: Ink = mask.astype(np.float32) * np.float32(1 / 255)
        return ink


def draw_lines(
    synthesizer: LineSynthesizer, count: int, difficulty: float, seed: int
) -> Iterator[tuple[Image.Image, str]]:
    """Yields ``count`` images of several widths with their texts; reproducible by seed."""
    rng = np.random.default_rng(seed)
    for width in rng.choice(SAMPLE_WIDTHS, count):
        picture, text = synthesizer.draw(rng, int(width), difficulty)
        yield Image.fromarray(picture), text
