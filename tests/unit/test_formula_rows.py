"""Formulas of several rows: cut apart in pictures, put together and taken apart in LaTeX."""

import numpy as np
import pytest
from PIL import Image

from mdocr.evaluation.formulas import ReadFormula
from mdocr.models.formula_rows import cut_rows, join_rows, split_rows
from mdocr.synthesis.formulas import draw_formula


def picture(latex: str) -> Image.Image:
    return Image.fromarray(255 - np.pad(draw_formula(latex, 32, "cm"), 12))


@pytest.mark.parametrize("count", [2, 3, 4])
def test_rows_are_cut_between_their_lines(count):
    lines = ["a &= b + c", r"&= \frac{1}{2}", "&= e^{x}", r"&= \sum_{i} i"][:count]
    whole = picture(r"\begin{aligned}" + r" \\ ".join(lines) + r"\end{aligned}")
    rows = cut_rows(whole)
    assert len(rows) == count
    assert sum(row.height for row in rows) == whole.height
    ink = [np.count_nonzero(np.asarray(row) < 128) for row in rows]
    assert sum(ink) == np.count_nonzero(np.asarray(whole) < 128) and min(ink) > 0


@pytest.mark.parametrize(
    "latex", [r"\frac{a}{b}", r"\sum_{k=1}^{n} k", r"\lim_{x \to 0} f(x)", r"i = \hat{j}"]
)
def test_what_is_one_row_stays_whole(latex):
    whole = picture(latex)
    assert cut_rows(whole) == [whole]
    blank = Image.new("L", (40, 30), 255)
    assert cut_rows(blank) == [blank]


def test_specks_are_no_rows():
    whole = picture("x = y")
    grey = np.pad(np.asarray(whole), ((40, 60), (0, 0)), constant_values=255)
    grey[5:8, 20:23] = grey[-9:-5, 30:33] = 0
    dirty = Image.fromarray(grey)
    assert cut_rows(dirty) == [dirty]


def test_rows_are_aligned_at_their_first_relation():
    assert join_rows(["x^2=1"]) == "x^{2}=1"
    rows = ["x_{i=1}+(y=2)≤1", "=⁄12", "a+b"]
    assert join_rows(rows) == (
        r"\begin{aligned}x_{i=1}+(y=2)&\leq1 \\ &=\frac{1}{2} \\ &a+b\end{aligned}"
    )


def test_rows_of_latex():
    assert split_rows(r"\[ a = b \]") == ["a = b"]
    assert split_rows(r"\begin{aligned}a&=b\\&=c \& d\end{aligned}") == ["a=b", r"=c \& d"]


def test_a_formula_of_several_rows_is_right_if_all_of_them_are():
    true = r"\begin{aligned} a &= \frac{b}{c} \\ &= d \end{aligned}"
    assert ReadFormula(join_rows(["a=⁄bc", "=d"]), true, passes=1).is_right
    assert not ReadFormula(join_rows(["a=⁄bc", "=e"]), true, passes=1).is_right
    assert not ReadFormula(r"a = \frac{b}{c}", true, passes=1).is_right
