"""Synthetic training data: words, lines, formulas, tables and pages with known contents."""
