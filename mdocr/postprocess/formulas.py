r"""Formulas mended: what a model leaves open is closed, what it closes twice is closed once.

Covers braces, ``\left`` and ``\right``, environments, double scripts, rows outside environments.
A formula without faults comes back as it was, less its delimiters.
"""

from dataclasses import replace

from mdocr.document.latex.repair import repair
from mdocr.document.latex.tokens import Span, split_formulas
from mdocr.document.model import Block


def repair_formulas(blocks: list[Block]) -> list[Block]:
    """Repairs equations, and the formulas inside texts."""
    return [_repaired_block(block) for block in blocks]


def _repaired_block(block: Block) -> Block:
    pieces = split_formulas(block.content)
    is_equation = block.format == "latex" or block.type == "equation"
    if is_equation and not _is_sentence(pieces):
        return replace(block, content=repair(block.content), format="latex")
    if block.format not in ("text", "latex") or "\\" not in block.content:
        return block
    return replace(block, content="".join(map(_repaired_piece, pieces)), format="text")


def _is_sentence(pieces: list[Span]) -> bool:
    """Whether an equation was read as text with several formulas in it."""
    texts = [piece.content for piece in pieces if not piece.is_formula and piece.content.strip()]
    return 0 < len(texts) < len(pieces) and not any("\\" in text for text in texts)


def _repaired_piece(piece: Span) -> str:
    return f"\\({repair(piece.content)}\\)" if piece.is_formula else piece.content
