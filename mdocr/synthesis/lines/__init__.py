"""Synthetic text lines of documents."""
