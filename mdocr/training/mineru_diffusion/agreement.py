"""Similarity of two answers to a task, 0 to 1.

Layouts: PageIoU, the mean IoU of each region with its best match, both ways. Tables: TEDS (arXiv
1911.10683). Formulas and texts: edit similarity.
"""

from collections.abc import Sequence
from itertools import combinations

from mdocr.document.layout_text import parse_layout
from mdocr.document.model import Block
from mdocr.evaluation.metrics import edit_similarity
from mdocr.evaluation.table_trees import teds
from mdocr.postprocess.duplicates import drop_duplicates


def consistency(task: str, answers: Sequence[str]) -> float:
    """Mean pairwise similarity of answers; 1 for fewer than two."""
    pairs = list(combinations(answers, 2))
    return sum(similarity(task, *pair) for pair in pairs) / len(pairs) if pairs else 1.0


def similarity(task: str, one: str, other: str) -> float:
    """Symmetric similarity of two answers, 0 to 1.

    Raises:
        MissingExtraError: rapidfuzz or apted is not installed.
    """
    if one == other:
        return 1.0
    if task == "layout":
        return page_iou(_regions(one), _regions(other))
    if task == "table":
        return teds(one, other)
    return edit_similarity(one, other)


def _regions(layout: str) -> list[Block]:
    return drop_duplicates(list(parse_layout(layout).regions))


def page_iou(one: Sequence[Block], other: Sequence[Block]) -> float:
    """Mean IoU of the regions of both layouts with their best match in the other.

    A region matches only regions of its type.
    """
    if not one or not other:
        return float(not one and not other)
    best = [_best(block, other) for block in one] + [_best(block, one) for block in other]
    return sum(best) / len(best)


def _best(block: Block, others: Sequence[Block]) -> float:
    alike = (block.box.iou(other.box) for other in others if other.type == block.type)
    return max(alike, default=0.0)
