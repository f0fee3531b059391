"""The document and what it is made of: pages, tables, formulas, text with scripts, layouts."""
