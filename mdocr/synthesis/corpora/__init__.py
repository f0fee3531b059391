"""Texts to typeset: sentences, manuals, signs, vocabulary."""
