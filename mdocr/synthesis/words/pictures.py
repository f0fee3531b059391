"""Images of words for training the recognizer, a pure function of a random generator.

Equal generator states give equal images, in any process; only opened fonts are cached between
images. ``difficulty`` ranges from clean print (0) to natural scenes (1).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mdocr.errors import InputError
from mdocr.models.charset import ENGLISH
from mdocr.synthesis.common import effects
from mdocr.synthesis.common.backgrounds import FloatImage
from mdocr.synthesis.common.fonts import Font
from mdocr.synthesis.common.glyphs import (
    InkMask,
    PixelBox,
    Setting,
    open_sheet,
    set_text,
    turn_letters,
)
from mdocr.synthesis.corpora.vocabulary import LONG, LONGEST, Vocabulary
from mdocr.synthesis.words import geometry, lettering, painting
from mdocr.synthesis.words.framing import RATIOS, Cut, draw_cut, draw_shape, frame

FONT_SIZE, SMALL_SIZES = 48, (34, 38)
"""Sizes in pixels at which glyphs, and small capitals, are rendered before resampling."""
RATIO_SHARES = {1: 0.06, 2: 0.26, 3: 0.32, 4: 0.36}
"""Probability of each ratio, about that of scene-text collections."""
LETTER = {1: 0.5, 2: 0.51, 3: 0.53, 4: 0.62}
"""Median width of a letter of real words by ratio, in heights of the image.

Measured in docs/experiments/words.md.
"""
LETTER_SPREAD = 0.27
"""Standard deviation of its logarithm."""
LONG_SHARE, LONG_LETTER = 0.07, 0.46
"""Share of addresses and the like among the widest images, and the width of their letters."""
MOST_STRETCH, LEAST_STRETCH = 1.6, 0.6
"""Bounds of the horizontal stretch of letters to fill an image."""
USUAL_STRETCH, STRETCH_SPREAD = 0.95, 0.2
"""Real letters are slightly narrower than those of fonts; the spread is of the logarithm."""
TRIES = 10
SIDES = ("left", "right", "above", "below")
TORN_SHARE, SLIVER = 0.05, (0.06, 0.35)
"""Share of words that are cropped out of a longer one, and the visible part, in widths, of the next
letter, which the ground truth leaves out."""


@dataclass(frozen=True)
class Lettered:
    """A text with its font, setting and horizontal stretch."""

    text: str
    font: Font
    setting: Setting
    stretch: float


def draw_difficulty(rng: np.random.Generator, hardest: float) -> float:
    """Samples the difficulty of a word; most are close to the hardest."""
    return float(hardest * rng.random() ** 0.3)


class WordSynthesizer:
    """Synthesizes word images.

    Args:
        fonts: see ``mdocr.synthesis.common.fonts.load_fonts``.
        vocabulary: see ``mdocr.synthesis.corpora.vocabulary.load_vocabulary``.
        symbols: characters that texts may contain.

    Raises:
        InputError: no font has any of the symbols.
    """

    def __init__(
        self, fonts: Sequence[Font], vocabulary: Vocabulary, symbols: str = ENGLISH
    ) -> None:
        fonts = [font for font in fonts if not set(symbols).isdisjoint(font.symbols)]
        if not fonts:
            raise InputError("no fonts to render words with", "Install some: see docs/fonts.md.")
        self.vocabulary = vocabulary
        self.symbols = frozenset(symbols)
        self.families = _group(fonts)

    def draw(
        self, rng: np.random.Generator, ratio: int, difficulty: float
    ) -> tuple[NDArray[np.uint8], str]:
        """Samples a word.

        Args:
            rng: source of all randomness.
            ratio: 1 to 4; clip(round(width / height), 1, 4) of the image.
            difficulty: 0 (clean print) to 1 (natural scenes).

        Returns:
            uint8 RGB [height, width, 3], and the text.
        """
        difficulty *= 0.25 + 0.75 * float(np.sqrt(rng.random()))  # some scenes are clean
        cut = draw_cut(rng)
        lettered = self._letter(rng, ratio, cut, difficulty)
        neighbours = self._neighbours(rng, lettered, difficulty)
        if rng.random() < TORN_SHARE * difficulty:
            cut, neighbours = self._torn(rng, lettered, cut)
        masks, box = _ink(rng, lettered, neighbours, difficulty)
        shape = draw_shape(rng, box, difficulty)
        crop, size = frame(rng, shape, box, ratio, cut, stretch=lettered.stretch)
        centre = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        seen = geometry.resample(list(masks.values()), centre, shape, crop, size)
        picture = painting.compose(rng, dict(zip(masks, seen, strict=True)), difficulty)
        return develop(rng, picture, difficulty), lettered.text

    def _letter(
        self, rng: np.random.Generator, ratio: int, cut: Cut, difficulty: float
    ) -> Lettered:
        """Samples a text of a realistic length for the ratio, in a font that fills the image.

        A wide image holds a long word, or a short one in wide letters. By the fonts' own widths
        alone, words of wide images would be too long and their letters too narrow.
        """
        seen, length = _draw_sizes(rng, ratio)
        found: list[tuple[float, Lettered]] = []
        for _ in range(10 * TRIES):
            font = self._font(rng, difficulty)
            text = self._text(rng, font, max(1, round(length)))
            setting = _set(rng, font, text, difficulty)
            if setting is None:
                continue
            stretch = seen / max(cut.picture_ratio(setting.ratio), 0.1)
            unlikely = (np.log(stretch / USUAL_STRETCH) / STRETCH_SPREAD) ** 2
            stretch = float(np.clip(stretch, LEAST_STRETCH, MOST_STRETCH))
            found.append((unlikely, Lettered(text, font, setting, stretch)))
            if rng.random() < np.exp(-unlikely / 2):
                return found[-1][1]
            if len(found) == TRIES:
                break
        if not found:
            raise InputError(
                "the fonts have no ink for any word", "Install some: see docs/fonts.md."
            )
        return min(found, key=lambda pair: pair[0])[1]

    def _font(self, rng: np.random.Generator, difficulty: float) -> Font:
        """Samples a family by plainness, then one of its fonts."""
        least = 0.75 * (1 - difficulty)
        for _ in range(20):
            family = self.families[int(rng.random() * len(self.families))]
            font = family[int(rng.random() * len(family))]
            if font.plainness >= least and rng.random() < 0.3 + 0.7 * font.plainness**2:
                break
        return font

    def _text(self, rng: np.random.Generator, font: Font, length: int) -> str:
        """Samples a text of about ``length`` characters of both font and charset."""
        text = self.vocabulary.draw(rng, length)
        if not font.has_lowercase:
            text = text.upper()
        fitting = "".join(s for s in text if s in self.symbols and s in font.symbols)
        if fitting:
            return fitting
        usable = [symbol for symbol in font.symbols if symbol in self.symbols]
        return "".join(usable[int(rng.random() * len(usable))] for _ in text)

    def _neighbours(
        self, rng: np.random.Generator, lettered: Lettered, difficulty: float
    ) -> list[tuple[str, Setting]]:
        """Samples neighbouring words, mostly of the same font and size: sides and settings."""
        found = []
        for side in SIDES:
            if rng.random() < 0.23 * difficulty:
                same = rng.random() < 0.6
                font = lettered.font if same else self._font(rng, difficulty)
                size = FONT_SIZE if same or rng.random() < 0.5 else SMALL_SIZES[-1]
                text = self._text(rng, font, 2 + int(7 * rng.random()))
                found.append((side, set_text(open_sheet(font.path, font.index, size), text)))
        return [(side, setting) for side, setting in found if setting is not None]

    def _torn(
        self, rng: np.random.Generator, lettered: Lettered, cut: Cut
    ) -> tuple[Cut, list[tuple[str, Setting]]]:
        """A crop through the letter after or before the word, and that letter as a neighbour."""
        setting = lettered.setting
        letter = self._text(rng, lettered.font, 1)[0]
        sheet = open_sheet(lettered.font.path, lettered.font.index, setting.size)
        other = set_text(sheet, letter)
        if other is None:
            return cut, []
        sliver = rng.uniform(*SLIVER) * (other.box[2] - other.box[0])
        seen = (lettering.letter_gap(setting) + sliver) / (setting.box[3] - setting.box[1])
        if rng.random() < 0.7:
            return replace(cut, right=seen), [("next", other)]
        return replace(cut, left=seen), [("before", other)]


def _ink(
    rng: np.random.Generator,
    lettered: Lettered,
    neighbours: Sequence[tuple[str, Setting]],
    difficulty: float,
) -> tuple[dict[str, InkMask], PixelBox]:
    """Masks of shadow, edge, side, fill and second colour, as present; bounding box of the ink."""
    line = lettering.draw_word(lettered.setting, neighbours, rng)
    fill = line.mask
    if rng.random() < 0.15 * difficulty:
        fill = lettering.embolden(fill, 1)
    if rng.random() < 0.05 * difficulty:
        fill = lettering.underline(fill, line.box, rng)
    masks = {**_behind(rng, fill, difficulty), "fill": fill}
    if rng.random() < 0.05 * difficulty:
        masks["second"] = lettering.part(fill, line.box, lettered.setting, rng)
    return masks, line.box


def _draw_sizes(rng: np.random.Generator, ratio: int) -> tuple[float, float]:
    """Samples the aspect ratio of an image and its number of letters."""
    low, high = RATIOS[ratio]
    spread = float(np.exp(rng.normal(0, LETTER_SPREAD)))
    if ratio < 4:
        seen = rng.uniform(low, high)
    elif rng.random() < LONG_SHARE:
        length = rng.uniform(LONG, LONGEST)
        return float(np.clip(length * LONG_LETTER * spread**0.5, low, high)), length
    else:
        seen = min(3.5 + rng.exponential(1.2), 11.0)
    return seen, seen / (LETTER[ratio] * spread)


def _group(fonts: Sequence[Font]) -> list[list[Font]]:
    families: dict[str, list[Font]] = {}
    for font in fonts:
        families.setdefault(font.family, []).append(font)
    return [families[name] for name in sorted(families)]


def _set(rng: np.random.Generator, font: Font, text: str, difficulty: float) -> Setting | None:
    """Sets a text, at times with letter spacing, shifted or rotated letters, small capitals."""
    spacing, shifts, rest = 0.0, [], None
    sheet = open_sheet(font.path, font.index, FONT_SIZE)
    if rng.random() < 0.1 + 0.2 * difficulty:
        spacing = rng.uniform(-0.04, 0.12) if rng.random() < 0.7 else rng.uniform(0.1, 0.9)
    if rng.random() < 0.05 * difficulty:
        shifts = rng.uniform(-0.1, 0.1, len(text)).tolist()
    if text.isupper() and rng.random() < 0.12 * difficulty:
        rest = open_sheet(font.path, font.index, SMALL_SIZES[int(2 * rng.random())])
    setting = set_text(sheet, text, spacing, shifts, rest)
    if setting is not None and rng.random() < 0.04 * difficulty:
        setting = turn_letters(setting, rng.normal(0, 9.0, len(text)).tolist())
    return setting


def _behind(rng: np.random.Generator, fill: InkMask, difficulty: float) -> dict[str, InkMask]:
    """Masks behind the fill: outline, sides of solid letters, shadow."""
    chance = rng.random() / max(difficulty, 1e-6)
    dx, dy = (int(step) for step in rng.integers(-3, 4, 2))
    masks = {}
    if chance < 0.15:
        masks["edge"] = lettering.embolden(fill, 1 + int(2.5 * rng.random()))
    if 0.10 <= chance < 0.32:
        deep = 1 + int(2 * rng.random())
        masks["side"] = lettering.extrude(masks.get("edge", fill), deep * dx, deep * dy)
    if rng.random() < 0.15 * difficulty:
        source = masks.get("side", masks.get("edge", fill))
        masks["shadow"] = lettering.cast(source, dx or 1, dy or 2, 2.5 * rng.random())
    return masks


def develop(rng: np.random.Generator, picture: FloatImage, difficulty: float) -> NDArray[np.uint8]:
    """Turns a scene into a photograph."""
    picture = effects.cover(rng, picture, difficulty)
    picture = effects.light(rng, picture, difficulty)
    picture = effects.smudge(rng, picture, difficulty)
    picture = effects.blur(rng, picture, difficulty)
    height, width = picture.shape[:2]
    if rng.random() < 0.55 * difficulty:  # taken from a distance
        picture = effects.shrink(picture, rng.uniform(8, 27))
    if rng.random() < 0.5:
        picture = effects.enlarge(rng, picture, (width, height))
    picture = effects.disturb(rng, picture, difficulty)
    photograph = effects.to_bytes(picture)
    if rng.random() < 0.5 * difficulty:
        lowest = 15 if photograph.shape[0] >= effects.COARSE else 50
        photograph = effects.compress(rng, photograph, lowest, 90)
    return effects.enlarge(rng, photograph, (width, height))
