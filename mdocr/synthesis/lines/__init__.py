"""Synthetic text lines of documents: their texts and their images."""
