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

HEIGHTS = {1: 64, 2: 48, 3: 40, 4: 32}
"""Input height of the recognizer by ratio; images are rendered at 0.8 to 1.5 times that height."""
FONT_SIZE, SMALL_SIZES = 48, (34, 38)
"""Sizes in pixels at which glyphs, and small capitals, are rendered before resampling."""
RATIOS = {1: (0.45, 1.48), 2: (1.52, 2.48), 3: (2.52, 3.48), 4: (3.52, 14.0)}
"""Aspect ratios that round to each bucket, with some slack for whole pixels."""
RATIO_SHARES = {1: 0.06, 2: 0.26, 3: 0.32, 4: 0.36}
"""Probability of each ratio, about that of scene-text collections."""
BESIDE = ((-0.08, 0.06), (-0.02, 0.12), (0.0, 0.15), (0.0, 0.4))
ABOVE = ((-0.06, 0.06), (0.0, 0.15), (0.05, 0.3), (0.05, 0.5))
FAR_ABOVE, FAR_SHARE = (0.3, 1.0), 0.08
"""Smallest and largest margins around a word, in its heights: real crops vary. A share has wide
margins above and below."""
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
FURTHER = 1.2
"""Bound of the further stretch after deformation; margins make up for the rest."""
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


@dataclass(frozen=True)
class Cut:
    """Margins of a word, in heights of its ink; negative where it is cropped."""

    left: float
    top: float
    right: float
    bottom: float

    def picture_ratio(self, ink: float) -> float:
        """Aspect ratio of the image, from that of the ink."""
        return (ink + self.left + self.right) / (1 + self.top + self.bottom)


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


def draw_shape(rng: np.random.Generator, box: PixelBox, difficulty: float) -> geometry.Deformation:
    """Samples shear, rotation, perspective and bend of a word."""
    width, height = box[2] - box[0], box[3] - box[1]
    angle = shear = radius = wave = 0.0
    perspective = (0.0, 0.0)
    if rng.random() < 0.65 * difficulty:
        spread = 3.0 if rng.random() < 0.75 else 9.0
        angle = float(np.radians(np.clip(rng.normal(0, spread), -22, 22)))
    if rng.random() < 0.3 * difficulty:
        shear = rng.normal(0, 0.18)
    if rng.random() < 0.35 * difficulty:
        perspective = (rng.normal(0, 0.22) / max(width, height), rng.normal(0, 0.12) / height)
    if width > 1.8 * height and rng.random() < 0.12 * difficulty:
        radius = width / rng.uniform(0.25, 1.5) * (1 if rng.random() < 0.75 else -1)
        radius = max(abs(radius), 1.2 * height) * (1 if radius > 0 else -1)
    elif rng.random() < 0.05 * difficulty:
        wave = height * rng.uniform(0.04, 0.14)
    matrix = geometry.homography(angle, shear, _limited(perspective, width, height))
    wavelength = max(width, height) / rng.uniform(2, 9)
    return geometry.Deformation(matrix, radius, wave, wavelength, 6.28 * rng.random())


def _limited(perspective: tuple[float, float], width: float, height: float) -> tuple[float, float]:
    """Limits perspective: no point is more than about twice as near as another."""
    reach = abs(perspective[0]) * width / 2 + abs(perspective[1]) * height / 2
    scale = min(1.0, 0.3 / reach) if reach else 1.0
    return perspective[0] * scale, perspective[1] * scale


def draw_cut(rng: np.random.Generator) -> Cut:
    """Samples margins as of real crops: wider above and below than at the sides."""
    beside, above = (kinds[int(rng.random() * len(kinds))] for kinds in (BESIDE, ABOVE))
    if rng.random() < FAR_SHARE:
        above = FAR_ABOVE
    left, right = rng.uniform(*beside, 2)
    top, bottom = rng.uniform(*above, 2)
    return Cut(left, top, right, bottom)


def frame(
    rng: np.random.Generator,
    shape: geometry.Deformation,
    box: PixelBox,
    ratio: int,
    cut: Cut,
    *,
    stretch: float,
) -> tuple[geometry.PlaneBox, tuple[int, int]]:
    """The crop of the image plane, and its size (width, height) in pixels.

    Some more stretch, then wider margins, make the ratio fit.
    """
    left, top, right, bottom = geometry.bounds(shape, box[2] - box[0], box[3] - box[1])
    unit = bottom - top
    around = (
        left - unit * cut.left,
        top - unit * cut.top,
        right + unit * cut.right,
        bottom + unit * cut.bottom,
    )
    crop, seen = _fitted(rng, around, RATIOS[ratio], stretch)
    return crop, _pixels(rng, seen, ratio)


def _fitted(
    rng: np.random.Generator, crop: geometry.PlaneBox, ratios: tuple[float, float], stretch: float
) -> tuple[geometry.PlaneBox, float]:
    """The crop, enlarged if needed, and its aspect ratio, within ``ratios``."""
    across, down = crop[2] - crop[0], crop[3] - crop[1]
    low, high = ratios
    seen = across / down * stretch
    if seen < low:
        stretch *= min(low / seen, FURTHER)
    elif seen > high:
        stretch *= max(high / seen, 1 / FURTHER)
    seen = across / down * stretch
    wider = max(0.0, low - seen) * down / stretch
    taller = max(0.0, seen / high - 1) * down
    share = rng.random(2)
    fitted = (
        crop[0] - wider * share[0],
        crop[1] - taller * share[1],
        crop[2] + wider * (1 - share[0]),
        crop[3] + taller * (1 - share[1]),
    )
    return fitted, min(max(seen, low), high)


def _pixels(rng: np.random.Generator, seen: float, ratio: int) -> tuple[int, int]:
    """Samples a size whose rounded ratio is ``ratio``."""
    height = int(HEIGHTS[ratio] * rng.uniform(0.8, 1.2 if seen > 6 else 1.5))
    width = round(height * seen)
    if ratio > 1:
        width = max(width, int(height * (ratio - 0.5)) + 1)
    return (min(width, int(np.ceil(height * (ratio + 0.5))) - 1) if ratio < 4 else width), height


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
