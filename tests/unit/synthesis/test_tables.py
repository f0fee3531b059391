"""Made tables: cells that cover their grid, ink that fits, OTSL that comes back."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("fontTools")

from mdocr.document.tables import Cell, Table, from_otsl
from mdocr.synthesis.common.fonts import load_fonts
from mdocr.synthesis.common.paragraphs import (
    Face,
    break_lines,
    joined,
    plain,
    set_lines,
)
from mdocr.synthesis.common.typefaces import Typefaces, group_typefaces
from mdocr.synthesis.corpora.sentences import Sentences
from mdocr.synthesis.tables.pictures import (
    RULES,
    draw_family,
    draw_sample,
    draw_table_style,
    otsl,
    set_table,
)
from mdocr.synthesis.tables.texts import Texts, draw_table

WORDS = ("alpha", "beta", "gamma", "delta", "omega", "long-winded", "short")
SENTENCES = Sentences(
    {"en": tuple(f"{' '.join(WORDS)}, number {n}." for n in range(5))}, {"en": WORDS}
)


@pytest.fixture(scope="module")
def typefaces(plain_fonts: Path) -> Typefaces:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MDOCR_CACHE", str(plain_fonts / "cache"))
        return group_typefaces(load_fonts([plain_fonts]))


def test_cells_cover_the_grid_once_and_some_span() -> None:
    rng = np.random.default_rng(0)
    spans = 0
    for _ in range(80):
        table, head = draw_table(rng, Texts(SENTENCES, "en"))
        assert 0 <= head <= 2 and table.width >= 2 and table.height > head
        covered = sum(cell.rows * cell.columns for cell in table.cells)
        assert covered == table.width * table.height == sum(map(len, table.grid()))
        spans += table.has_spans
    assert 15 < spans < 65


def test_otsl_gives_the_table_back(typefaces: Typefaces) -> None:
    rng = np.random.default_rng(1)
    for _ in range(30):
        table, head = draw_table(rng, Texts(SENTENCES, "en"))
        style = draw_table_style(rng, draw_family(rng, typefaces), 16, table.width)
        shown, mask = set_table(table, head, style)
        assert from_otsl(otsl(shown)) == shown
        assert "\n" not in otsl(shown) and otsl(shown).count("<nl>") == table.height
        assert mask.any() and mask.dtype == np.uint8


def test_a_rule_never_crosses_a_cell_that_spans(typefaces: Typefaces) -> None:
    rng = np.random.default_rng(2)
    wide = Table((Cell("", 0, 0, columns=2), Cell("", 1, 0), Cell("", 1, 1)))
    style = draw_table_style(rng, draw_family(rng, typefaces), 20, 2)
    grid = type(style)(**{**vars(style), "rules": "grid", "shade": 0, "head_shade": 0})
    _, mask = set_table(wide, 0, grid)
    middle = np.flatnonzero((mask == 255).mean(0) > 0.4)
    inner = [x for x in middle if mask.shape[1] // 4 < x < 3 * mask.shape[1] // 4]
    assert inner and not mask[mask.shape[0] // 4, inner].any()


@pytest.mark.parametrize("rules", sorted(set(RULES)))
def test_every_way_of_ruling(typefaces: Typefaces, rules: str) -> None:
    rng = np.random.default_rng(3)
    table = Table(tuple(Cell(str(3 * r + c), r, c) for r in range(3) for c in range(3)))
    style = draw_table_style(rng, draw_family(rng, typefaces), 20, 3)
    _, mask = set_table(table, 1, type(style)(**{**vars(style), "rules": rules, "shade": 0}))
    lines = int(((mask == 255).mean(1) > 0.9).sum() > 0)
    assert lines == (rules != "none")


def test_pictures_and_labels_depend_on_the_seed_alone(typefaces: Typefaces) -> None:
    for seed in range(3):
        first = draw_sample(np.random.default_rng(seed), typefaces, SENTENCES, 1.0)
        again = draw_sample(np.random.default_rng(seed), typefaces, SENTENCES, 1.0)
        assert np.array_equal(first[0], again[0]) and first[1] == again[1]


def test_lines_fit_and_give_their_text_back(typefaces: Typefaces) -> None:
    face = Face(plain(typefaces.wide), 20)
    text = "considerable paragraphs of running words, hyphenated where understanding allows it"
    lines = break_lines(face, text, 220, indent=30, hyphenate=True)
    assert joined(lines) == text
    assert any(line.broken for line in lines) and lines[0].indent == 30 and lines[-1].last
    for line in lines:
        assert line.indent + face.width(line.text) <= 220
    assert break_lines(face, "incomprehensibilities", 40) == []


def test_justified_lines_reach_the_right_edge(typefaces: Typefaces) -> None:
    face = Face(plain(typefaces.wide), 20)
    lines = break_lines(face, " ".join(WORDS * 4), 300)
    ink = set_lines(face, lines, 300, "justify")
    for row in range(len(lines) - 1):
        drawn = ink[row * face.step : (row + 1) * face.step]
        assert np.flatnonzero(drawn.any(0))[-1] >= 294
