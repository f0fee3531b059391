"""Superscripts and subscripts of made lines."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("fontTools")

from mdocr.preprocessing.line_charset import PAGE_SYMBOLS
from mdocr.synthesis.common.fonts import load_fonts
from mdocr.synthesis.common.scripts import MARKABLE, kind_of, marked, plain
from mdocr.synthesis.common.typefaces import group_typefaces
from mdocr.synthesis.common.typesetting import Style, draw_style, set_line
from mdocr.synthesis.lines.scripts import with_scripts


@pytest.fixture
def style(plain_fonts: Path) -> Style:
    faces = group_typefaces(load_fonts([plain_fonts]), PAGE_SYMBOLS)
    rng = np.random.default_rng(1)
    made = draw_style(rng, faces.draw(rng), 0.0)
    return replace(made, faces=made.faces[:1], size=60, tracking=0.0, ligatures=False)


def test_marks_come_off():
    text = f"the 4{marked('th', 'sup')} of H{marked('12', 'sub')}O"
    assert plain(text) == "the 4th of H12O"
    assert [kind_of(sign) for sign in text[4:7]] == ["", "sup", "sup"]
    assert {kind_of(marked(sign, "sub")) for sign in MARKABLE} == {"sub"}


@pytest.mark.parametrize(("kind", "stands"), [("sup", 1), ("sub", -1)])
def test_marked_characters_are_smaller_and_stand_elsewhere(style: Style, kind, stands):
    line = set_line(np.random.default_rng(2), style, f"HH{marked('H', kind)}", 200)
    assert line is not None
    assert line.text == "HHH"
    (_, _, _), (_, y, large), (_, small_y, small) = line.setting.letters
    share = small.mask.shape[0] / large.mask.shape[0]
    assert 0.45 < share < 0.8
    rise = (y + large.mask.shape[0]) - (small_y + small.mask.shape[0])
    assert rise * stands > 0.05 * style.size


def test_words_with_scripts_are_of_the_charset_and_no_single_signs():
    for seed in range(300):
        text = with_scripts(np.random.default_rng(seed), "running text of some words " * 3, 40)
        assert set(plain(text)) <= set(PAGE_SYMBOLS)
        assert len(text) <= 41
        raised = ["".join(run) for run in re.findall(r"[\ue000-\ue7ff]+", text)]
        assert not {plain(run) for run in raised} & {"1", "2", "3", "a", "o"}
