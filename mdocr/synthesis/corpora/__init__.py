"""Texts to typeset: running text, manual pages, words of signs, a weighted vocabulary."""
