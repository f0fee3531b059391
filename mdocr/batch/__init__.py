"""Runs over many documents: results, resume."""
