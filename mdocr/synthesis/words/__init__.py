"""Synthetic word images."""
