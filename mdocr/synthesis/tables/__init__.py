"""Synthetic tables: cell texts, spans, rules, and their OTSL."""
