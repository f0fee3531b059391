"""Shared by all synthetic data: fonts, glyphs, typesetting, backgrounds, scan degradation."""
