"""Synthetic formulas."""
