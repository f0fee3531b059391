"""Shared by all kinds of synthetic data: fonts, glyphs, paper, wear."""
