"""Texts, formulas, tables and orders are compared as the metrics' definitions say."""

import pytest

from mdocr.evaluation.metrics import (
    bleu,
    edit_similarity,
    formula_similarity,
    formula_tokens,
    order_distance,
)
from mdocr.evaluation.table_trees import teds

TABLE = "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>dd</td></tr></table>"


def test_edit_similarity_is_edits_over_the_longer_text():
    assert edit_similarity("kitten", "sitting") == pytest.approx(1 - 3 / 7)
    assert edit_similarity("", "") == 1
    assert edit_similarity("", "abc") == 0


def test_formulas_that_only_look_different_in_source_are_alike():
    assert formula_similarity(r"\[ \left( x^{2} \right) \, + y_1 \]", r"(x^2)+y_{1}") == 1
    assert formula_tokens(r"\frac{a}{b}") == [r"\frac", "{", "a", "}", "{", "b", "}"]
    assert formula_similarity(r"\alpha", r"\beta") == 0


def test_reading_order_counts_moved_and_missing_paragraphs():
    paragraphs = ["the first paragraph", "another one follows", "and this is the last"]
    assert order_distance("\n".join(paragraphs), paragraphs) == 0
    swapped = "\n".join([paragraphs[1], paragraphs[0], paragraphs[2]])
    assert order_distance(swapped, paragraphs) == pytest.approx(2 / 3)
    assert order_distance("\n".join(paragraphs[:2]), paragraphs) == pytest.approx(1 / 3)
    assert order_distance("", paragraphs) == 1
    assert order_distance("anything", []) == 0


def test_teds_counts_nodes_and_texts():
    assert teds(TABLE, TABLE) == 1
    one_cell_off = TABLE.replace("dd", "de")  # one cell half wrong, of 2 rows and 4 cells
    assert teds(one_cell_off, TABLE) == pytest.approx(1 - 0.5 / 6)
    assert teds(one_cell_off, TABLE, structure_only=True) == 1
    one_row_less = "<table><tr><td>a</td><td>b</td></tr></table>"
    assert teds(one_row_less, TABLE) == pytest.approx(1 - 3 / 6)
    assert teds("", TABLE) == 0


def test_teds_sees_spans_and_reads_otsl():
    spanned = "<table><tr><td colspan='2'>a</td></tr><tr><td>c</td><td>dd</td></tr></table>"
    other = "<table><tr><td>a</td></tr><tr><td>c</td><td>dd</td></tr></table>"
    assert teds("<fcel>a<lcel><nl><fcel>c<fcel>dd<nl>", spanned) == 1
    assert teds(other, spanned, structure_only=True) < 1


def test_bleu_falls_with_the_order_of_words():
    true = ["the quick brown fox jumps over the lazy dog tonight"]
    assert bleu(true, true) == pytest.approx(1)
    assert bleu(["dog the fox lazy over quick tonight brown the jumps"], true) < 0.3
