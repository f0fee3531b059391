"""Training of the line reader: synthetic lines and formulas, the trainer."""
