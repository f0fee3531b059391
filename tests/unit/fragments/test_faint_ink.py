"""Letters that grey levels hardly show, and what is pale and stays so."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from mdocr.fragments.faint_ink import with_faint_ink

WORDS = "Confidential draft for internal use"
PAGE = (900, 500)


def page(ink: str, ground: str, text: str = "black") -> Image.Image:
    """A page with lines of text, and words below them."""
    sheet = Image.new("RGB", PAGE, ground)
    draw = ImageDraw.Draw(sheet)
    for row in range(5):
        draw.text((60, 60 + 45 * row), "The harbour authority opened it", text, font(28))
    draw.text((60, 400), WORDS, ink, font(28))
    return sheet


def font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def grey(picture: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).convert("L"), np.int64)


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("#ededed", "white"),
        ("#f8f8f8", "white"),
        ("#ff0000", "#008200"),
        ("#ffff00", "#e2e2e2"),
        ("#363636", "#202020"),
    ],
)
def test_faint_letters_are_drawn(ink, ground):
    given = np.asarray(page(ink, ground, "white" if ground == "#202020" else "black"))
    drawn = grey(with_faint_ink(given))
    words = drawn[390:450]
    assert np.ptp(np.percentile(words, [1, 99])) > 100
    assert (drawn[:350] == grey(given)[:350]).all()


def test_a_page_without_any_is_returned_itself():
    given = np.asarray(page("black", "white"))
    assert with_faint_ink(given) is given


def test_a_watermark_stays_pale():
    sheet = page("black", "white")
    watermark = Image.new("RGB", PAGE, "white")
    ImageDraw.Draw(watermark).text((60, 60), "COPY", "#ececec", font(300))
    given = np.minimum(np.asarray(sheet), np.asarray(watermark))
    assert with_faint_ink(given) is given


def test_the_grain_of_a_picture_stays_pale():
    given = np.asarray(page("black", "white")).copy()
    grain = np.random.default_rng(0).normal(0, 5, (20, 120))
    picture = Image.fromarray((128 + grain).astype(np.uint8)).resize((600, 100))
    given[390:490, 60:660] = np.asarray(picture)[..., None]
    assert (with_faint_ink(given) == given).all()
