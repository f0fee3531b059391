"""Document → text in each format."""
