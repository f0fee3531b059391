"""Synthetic formulas: a grammar of LaTeX, and strips of one formula each."""
