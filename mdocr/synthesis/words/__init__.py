"""Synthetic word images as found in natural scenes."""
