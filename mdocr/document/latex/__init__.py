"""LaTeX formulas: tokens, repair, and the list of commands that may be written."""
