"""Training of the line reader: lines and formulas, the trainer."""
