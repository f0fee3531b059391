"""Formulas of several rows: cut apart in pictures, put together and taken apart in LaTeX."""

import numpy as np
import pytest
from PIL import Image

from mdocr.evaluation.formulas import ReadFormula
from mdocr.preprocessing.formula_rows import cut_rows, join_rows, split_rows
from mdocr.synthesis.formulas.grammar import draw_formula


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
    "latex",
    [
        r"\frac{a}{b}",
        r"=\frac{n}{m}",
        r"\frac{1}{n}",
        r"\sum_{k=1}^{n} k",
        r"\lim_{x \to 0} f(x)",
        r"i = \hat{j}",
    ],
)
def test_what_is_one_row_stays_whole(latex):
    whole = picture(latex)
    assert cut_rows(whole) == [whole]
    blank = Image.new("L", (40, 30), 255)
    assert cut_rows(blank) == [blank]


@pytest.mark.parametrize("blank", [0.35, 0.6, 1.0])
@pytest.mark.parametrize("before", ["", "="])
def test_a_fraction_stays_whole_however_far_its_parts_are_from_the_rule(blank, before):
    letter = np.asarray(picture("n")) < 128
    letter = letter[letter.any(axis=1)][:, letter.any(axis=0)]
    height, width = letter.shape
    away, sign = round(blank * height), np.asarray(picture(before or "|")) < 128
    sign = sign[sign.any(axis=1)][:, sign.any(axis=0)] & bool(before)
    ink = np.zeros((2 * (height + away) + 3, width + 2 * sign.shape[1] + height), bool)
    middle, left = height + away + 1, ink.shape[1] - width
    ink[:height, left:] = ink[-height:, left:] = letter
    ink[middle - 1 : middle + 1, left:] = True
    rows, columns = sign.shape
    ink[middle - rows // 2 : middle - rows // 2 + rows, :columns] |= sign
    whole = Image.fromarray(255 - 255 * np.pad(ink, 20).astype(np.uint8))
    assert cut_rows(whole) == [whole]


def test_rows_with_signs_between_them_are_cut_all_the_same():
    lines = ["a &= b - c", r"&= \bar{x} - d", r"&= -\frac{a}{b}", "&= u - v"]
    whole = picture(r"\begin{aligned}" + r" \\ ".join(lines) + r"\end{aligned}")
    assert len(cut_rows(whole)) == 4


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


def test_relations_inside_arguments_align_nothing():
    assert join_rows(["a_>+b", "c)=d"]) == r"\begin{aligned}&a_{>}+b \\ c)&=d\end{aligned}"


def test_rows_without_signs_are_left_out():
    assert join_rows(["", "x=1", " "]) == "x=1"
    assert join_rows(["", ""]) == ""


def test_a_row_that_begins_with_a_star_or_a_bracket_is_no_argument_of_the_row_before():
    assert r"\\ {}[a]&=b" in join_rows(["c=d", "[a]=b"])
    assert r"\\ {}*&=b" in join_rows(["c=d", "*=b"])


def test_rows_of_latex():
    assert split_rows(r"\begin{aligned}a\in&A\\[2mm] b\\ \end{aligned}") == [r"a\in A", " b"]
    assert split_rows(r"\begin{aligned}\end{aligned}") == [""]
    assert split_rows(r"\[ a = b \]") == ["a = b"]
    assert split_rows(r"\begin{aligned}a&=b\\&=c \& d\end{aligned}") == ["a=b", r"=c \& d"]


def test_a_formula_of_several_rows_is_right_if_all_of_them_are():
    true = r"\begin{aligned} a &= \frac{b}{c} \\ &= d \end{aligned}"
    assert ReadFormula(join_rows(["a=⁄bc", "=d"]), true, passes=1).is_right
    assert not ReadFormula(join_rows(["a=⁄bc", "=e"]), true, passes=1).is_right
    assert not ReadFormula(r"a = \frac{b}{c}", true, passes=1).is_right
