"""Huge pictures are shrunk strip by strip, without a second picture of their size."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from mdocr.inputs import colours
from mdocr.inputs.colours import to_rgb
from mdocr.inputs.pages import open_pages


def noise(mode: str) -> Image.Image:
    levels = np.random.default_rng(1).integers(0, 256, (371, 203, 4), np.uint8)
    picture = Image.fromarray(levels, "RGBA")
    return picture if mode == "RGBA" else picture.convert("RGB").convert(mode)


@pytest.mark.parametrize("mode", ["RGBA", "RGB", "L", "LA", "P", "1", "CMYK", "I", "I;16", "F"])
@pytest.mark.parametrize("factor", [2, 3])
def test_strips_make_the_same_picture(mode: str, factor: int, monkeypatch) -> None:
    monkeypatch.setattr(colours, "STRIP", 7)
    picture = noise("L").convert(mode) if mode in ("I", "I;16", "F", "LA") else noise(mode)
    whole = to_rgb(picture).reduce(factor)
    assert np.array_equal(to_rgb(picture, factor), whole)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_huge_picture_is_turned_when_it_is_small(orientation: int, tmp_path: Path) -> None:
    picture = noise("RGB").crop((0, 0, 202, 370))
    exif = Image.Exif()
    exif[colours.ORIENTATION] = orientation
    picture.save(tmp_path / "a.png", exif=exif)
    with Image.open(tmp_path / "a.png") as opened:
        made = to_rgb(opened, 2)
        whole = ImageOps.exif_transpose(opened).reduce(2)
    assert np.array_equal(made, whole)


def test_of_deep_levels_there_is_no_second_picture(monkeypatch) -> None:
    rows = []

    def seen(strip: Image.Image, scale: float) -> Image.Image:
        rows.append(strip.height)
        return Image.new("L", strip.size)

    monkeypatch.setattr(colours, "STRIP", 7)
    monkeypatch.setattr(colours, "_to_8_bits", seen)
    to_rgb(noise("L").convert("F"), 2)
    assert sum(rows) == 371 and max(rows) == 14


def test_light_ink_on_nothing_gets_a_dark_ground_in_every_strip(monkeypatch) -> None:
    monkeypatch.setattr(colours, "STRIP", 5)
    picture = Image.new("RGBA", (200, 300), (0, 0, 0, 0))
    picture.paste((255, 255, 255, 255), (20, 20, 180, 40))
    made = np.asarray(to_rgb(picture, 2))
    assert made[60:].max() == 0
    assert made[12:18, 20:80].min() == 255


def test_the_page_keeps_its_size(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("mdocr.inputs.page_picture.PIXEL_LIMIT", 10_000)
    Image.new("RGBA", (400, 200), "white").save(tmp_path / "a.png", dpi=(100, 100))
    page = next(open_pages(tmp_path / "a.png"))
    assert page.picture.width * page.picture.height <= 10_000
    assert (page.width, page.height) == pytest.approx((288, 144), abs=2)
