"""Metrics, benchmark sets, reports."""
