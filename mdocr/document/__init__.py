"""What is read: the document, its tables and formulas, the released layout text."""
