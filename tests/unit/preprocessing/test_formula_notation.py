"""The notation of formulas: to it and back, what looks alike, what it does not know."""

import numpy as np
import pytest

from mdocr.errors import InputError
from mdocr.preprocessing.formula_notation import (
    FORMULA_SYMBOLS,
    OPERATORS,
    PREFIXES,
    SIGNS,
    to_latex,
    to_notation,
)
from mdocr.synthesis.formulas.grammar import draw_latex
from mdocr.training.line_reader.formula_order import in_reading_order


@pytest.mark.parametrize(
    ("latex", "notation"),
    [
        (r"E = mc^2", "E=mc^2"),
        (r"\frac{\hat{x}^{2}}{n + 1}", "⁄{ˆx^2}{n+1}"),
        (r"x_{i}^{10} \leq \alpha y", "x_i^{10}≤αy"),
        (r"\sqrt{x} + \sqrt[3]{2y}", "√x+∛3{2y}"),
        (r"\sqrt \alpha", "√α"),
        (r"\sin x + \mathrm{max}", "ʀ{sin}x+ʀ{max}"),
        (r"f'(x)", "f^′(x)"),
        (r"f''_1 + g'''", "f_1^{′′}+g^{′′′}"),
        (r"x^{2}_{1} + y_1^2", "x_1^2+y_1^2"),
        (r"\left. \pi*x \right|_{0}", "π*x|_0"),
        (r"\left\{ x \in \mathbb{R} : \left| x \right| > 1 \right\}", "⦃x∈▯R:|x|>1⦄"),
        (r"\int_0^\infty e^{-t} \, dt", "∫_0^∞e^{-t}dt"),
        (r"{a}{b}", "ab"),
        (r"\frac{\frac{1}{2}}{\mathbf{x}}", "⁄⁄12▮x"),
        ("x^{}", "x^{}"),
    ],
)
def test_formulas_in_notation(latex, notation):
    assert to_notation(latex) == notation
    assert to_notation(to_latex(notation)) == notation


@pytest.mark.parametrize(
    "latex",
    [
        r"\begin{aligned} a \end{aligned}",
        r"\unheardof",
        "a}",
        "{a",
        r"\frac{a}",
        "ж",
        "^",
        "a & b",
        "x\\",
        "#",
    ],
)
def test_what_it_does_not_know_is_refused(latex):
    with pytest.raises(InputError, match="notation of formulas"):
        to_notation(latex)


def test_made_formulas_come_back_as_they_were():
    for number in range(400):
        latex = draw_latex(np.random.default_rng(number))
        if latex.startswith(r"\begin"):
            continue
        notation = to_notation(latex)
        assert set(notation) <= set(FORMULA_SYMBOLS)
        assert to_notation(to_latex(notation)) == notation


def test_all_commands_survive():
    for command in SIGNS:
        assert to_notation(to_latex(to_notation(f"x {command} y"))) == f"x{SIGNS[command]}y"
    for command in PREFIXES:
        notation = to_notation(command + "{ab}{cd}")
        assert notation.startswith(PREFIXES[command] + "{ab}")
        assert command + "{ab}" in to_latex(notation)
    for name in OPERATORS:
        assert to_latex(to_notation(rf"\{name} x")) == rf"\{name} x"


def test_brackets_around_tall_signs_grow():
    assert to_latex("(⁄ab)+(c)") == r"\left(\frac{a}{b}\right)+(c)"
    assert to_latex("[0,1)") == "[0,1)"
    assert to_latex("((√x)") == r"(\left(\sqrt{x}\right)"


def test_endless_nesting_is_refused_and_written_as_far_as_it_goes():
    with pytest.raises(InputError, match="levels"):
        to_notation(r"\hat" * 3000 + "x")
    for notation in ("√" * 1000, "{" * 1000, "⁄" * 300, "^" * 500):
        latex = to_latex(notation)
        assert latex.count("{") == latex.count("}")
    assert to_latex("√" * 1000).count(r"\sqrt") == 1000


def test_a_star_is_no_part_of_a_command_and_a_bracket_no_end_of_a_degree():
    assert to_latex("α*β") == r"\alpha *\beta"
    assert to_notation(to_latex("α*β")) == "α*β"
    assert to_latex("∛{[n]}x") == r"\sqrt[{[n]}]{x}"
    assert to_notation(r"\sqrt[{[n]}]{x}") == "∛{[n]}x"


@pytest.mark.parametrize(
    ("notation", "latex"),
    [
        ("x^2^3", "x^{2}{}^{3}"),
        ("x^2 ^3", "x^{2} {}^{3}"),
        ("x^2'", "x^{2}{}'"),
        ("x'^2", "x'^{2}"),
        ("x^2}^3", "x^{2}{}^{3}"),
        ("x_1^2_3", "x_{1}^{2}{}_{3}"),
    ],
)
def test_a_second_script_has_a_base_of_its_own(notation, latex):
    assert to_latex(notation) == latex


def test_characters_of_tex_are_escaped():
    assert to_latex("a\\b#$~%&") == r"a\backslash b\#\$\sim\%\&"


@pytest.mark.parametrize("damaged", ["⁄a", "⁄", "x^", "}{", "a}b", "⁄{a", "∛", "ʀ", "{{{"])
def test_damaged_notation_still_gives_balanced_latex(damaged):
    latex = to_latex(damaged)
    assert latex.count("{") == latex.count("}")


def test_signs_sorted_as_the_columns_show_them():
    assert in_reading_order("a+b_i=c") == "a+b_i=c"
    assert in_reading_order("⁄{a+b}{c+d}") == "⁄{a{c++bd}}"
    assert in_reading_order("⁄abc") == "⁄abc"
    assert in_reading_order("⁄1{x+y+z}") == "⁄{x+1y+z}"
    for number in range(200):
        latex = draw_latex(np.random.default_rng(number))
        if not latex.startswith(r"\begin"):
            notation = to_notation(latex)
            assert sorted(in_reading_order(notation)) == sorted(notation)


def test_a_second_script_of_a_kind_is_no_error_of_tex():
    assert to_latex("g_i^2") == "g_{i}^{2}"
    assert to_latex("g_i_j^2_k") == "g_{i}{}_{j}^{2}{}_{k}"
    assert to_notation("g_{i}{}_{j}") == "g_i_j"
