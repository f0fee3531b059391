"""Metrics, benchmark sets, and scores of word, line, formula and page models."""
