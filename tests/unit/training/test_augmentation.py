"""RandAugment: pure, as strong as PARSeq's, every operation effective."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from mdocr.training.recognizer.augmentation import CHANGES, OPERATIONS, rand_augment


@pytest.fixture
def picture() -> Image.Image:
    rng = np.random.default_rng(1)
    pixels = np.full((30, 90, 3), (190, 170, 140), np.float64)
    pixels[8:22, 10:80] = (60, 40, 90)
    return Image.fromarray(
        np.clip(pixels + rng.normal(0, 6, pixels.shape), 0, 255).astype(np.uint8)
    )


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture, np.int16)


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("level", [0.5, 1.0])
def test_each_operation_changes_the_picture_and_keeps_its_form(picture, name, level):
    before = pixels(picture).copy()
    changed = CHANGES[name](picture, level, np.random.default_rng(0))
    assert changed.mode == "RGB"
    if name == "rotate":
        assert changed.width > picture.width and changed.height > picture.height
    else:
        assert changed.size == picture.size
        assert np.abs(pixels(changed) - before).mean() > 0.5
    assert np.array_equal(pixels(picture), before)


@pytest.mark.parametrize(
    "name", ["rotate", "shear-across", "shear-down", "shift-across", "shift-down", "blur", "noise"]
)
def test_level_zero_leaves_the_picture(picture, name):
    changed = CHANGES[name](picture, 0.0, np.random.default_rng(0))
    assert np.array_equal(pixels(changed), pixels(picture))


@pytest.mark.parametrize("size", [(1, 1), (2, 40), (300, 3)])
@pytest.mark.parametrize("name", CHANGES)
def test_slivers_survive(name, size):
    changed = CHANGES[name](Image.new("RGB", size, "red"), 1.0, np.random.default_rng(0))
    assert changed.size == size or name == "rotate"


def test_rotation_cuts_no_letter_off():
    picture = Image.new("RGB", (300, 30), "white")
    for left in (0, 290):
        picture.paste("black", (left, 10, left + 10, 20))
    ink = (255 - pixels(picture)).sum()
    for seed in range(4):
        turned = CHANGES["rotate"](picture, 0.5, np.random.default_rng(seed))
        dark = (pixels(turned) < 60).all(-1).sum() * 3 * 255
        assert dark > 0.8 * ink


def test_noise_is_as_strong_as_that_of_parseq():
    picture = Image.new("RGB", (300, 100), (128, 128, 128))
    noised = pixels(CHANGES["noise"](picture, 0.5, np.random.default_rng(0))) - 128
    assert np.array_equal(noised[..., 0], noised[..., 1])  # equal in all channels
    assert noised.std() == pytest.approx((21**2 + 21) ** 0.5, rel=0.03)
    assert abs(noised.mean()) < 1
    small = pixels(CHANGES["noise"](picture.resize((20, 10)), 0.5, np.random.default_rng(0))) - 128
    assert small.std() < 8  # λ is a fifth of the longer side at most


def test_blur_is_bounded_by_the_size(picture):
    sharp = CHANGES["blur"](picture, 1.0, np.random.default_rng(0))  # 90 px: radius 2
    expected = picture.filter(ImageFilter.GaussianBlur(2))
    assert np.array_equal(pixels(sharp), pixels(expected))


def test_operations_are_chosen_without_repeating(picture, monkeypatch):
    applied = []
    for name in CHANGES:
        monkeypatch.setitem(CHANGES, name, lambda p, *_, name=name: applied.append(name) or p)
    monkeypatch.setattr("mdocr.training.recognizer.augmentation.PROBABILITY", 1.0)
    for seed in range(100):
        applied.clear()
        rand_augment(picture, np.random.default_rng(seed))
        assert len(applied) == len(set(applied)) == OPERATIONS


def test_geometry_moves_by_the_stated_shares(picture):
    for seed in range(4):
        moved = pixels(CHANGES["shift-across"](picture, 1.0, np.random.default_rng(seed)))
        step = 9  # a tenth of the width
        to_the_left = np.array_equal(moved[:, :-step], pixels(picture)[:, step:])
        to_the_right = np.array_equal(moved[:, step:], pixels(picture)[:, :-step])
        assert to_the_left or to_the_right


def test_a_pure_function_of_picture_and_generator(picture):
    made = [pixels(rand_augment(picture, np.random.default_rng(seed))) for seed in range(30)]
    again = [pixels(rand_augment(picture, np.random.default_rng(seed))) for seed in range(30)]
    assert all(np.array_equal(a, b) for a, b in zip(made, again, strict=True))
    assert len({picture.tobytes() for picture in made}) > 20


def test_about_an_eighth_stays_as_it_is(picture):
    before = pixels(picture)
    made = [rand_augment(picture, np.random.default_rng(seed)) for seed in range(200)]
    same = sum(np.array_equal(pixels(changed), before) for changed in made)
    assert OPERATIONS == 3
    assert 10 <= same <= 45  # none of three operations carried out: 25 expected
