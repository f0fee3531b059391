"""Made formulas: LaTeX that mathtext draws, and pictures of it."""

import re

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("cv2")

from mdocr.synthesis.formulas.grammar import (
    FAMILIES,
    draw_formula,
    draw_formulas,
    draw_latex,
    draw_sample,
)
from mdocr.synthesis.formulas.rules import RULES


def test_every_part_of_the_grammar_is_defined() -> None:
    for ways in RULES.values():
        for way in ways:
            assert set(re.findall("@([a-z]+)", way)) <= RULES.keys()


def test_formulas_are_whole_and_can_be_drawn() -> None:
    rng = np.random.default_rng(0)
    for number in range(60):
        latex = draw_latex(rng, number % 5)
        assert "@" not in latex and latex.count("{") == latex.count("}")
        assert latex.count(r"\left") >= latex.count(r"\right")
        mask = draw_formula(latex, 14, FAMILIES[number % len(FAMILIES)])
        assert mask.dtype == np.uint8 and min(mask.shape) >= 4
        assert mask[0].any() and mask[-1].any() and mask[:, 0].any() and mask[:, -1].any()


def test_depth_bounds_the_length() -> None:
    rng = np.random.default_rng(1)
    short = [len(draw_latex(rng, 0)) for _ in range(50)]
    long = [len(draw_latex(rng, 4)) for _ in range(50)]
    assert np.mean(short) < np.mean(long) and max(long) < 1000


def test_lines_of_aligned_formulas_stand_one_below_the_other() -> None:
    one = draw_formula("x = 1", 20, "stix")
    two = draw_formula(r"\begin{aligned} x &= 1 \\ &= 1 \end{aligned}", 20, "stix")
    assert two.shape[0] > 2 * one.shape[0]
    lower = two[two.shape[0] // 2 :]
    assert not lower[:, : one.shape[1] // 4].any()  # nothing before the second sign


def test_outer_fractions_are_larger_than_inner_ones() -> None:
    outer = draw_formula(r"\frac{1}{2}", 20, "cm")
    inner = draw_formula(r"x^{\frac{1}{2}}", 20, "cm")
    assert outer.shape[0] > inner.shape[0]


def test_the_seed_alone_decides() -> None:
    first, second = list(draw_formulas(4, 1.0, 5)), list(draw_formulas(4, 1.0, 5))
    for (picture, latex), (other, again) in zip(first, second, strict=True):
        assert latex == again and picture.tobytes() == other.tobytes()


def test_clean_pictures_are_black_on_white() -> None:
    seen = 0
    for seed in range(12):
        picture, _ = draw_sample(np.random.default_rng(seed), 0.0)
        assert picture.ndim == 3 and picture.shape[2] == 3
        seen += int(picture.max() > 200 and picture.min() < 120)
    assert seen >= 9
