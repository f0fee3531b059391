"""Tree edit distance similarity of tables: TEDS, and TEDS-S without the cells' texts.

A table is a tree of rows and cells (arXiv 1911.10683, section 4). Renaming a cell costs 1 where its
spans differ, else the edits between both texts over the length of the longer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from mdocr.document import tables
from mdocr.document.tables import Table
from mdocr.errors import MissingExtraError
from mdocr.evaluation.metrics import edit_similarity, plain


@dataclass(frozen=True)
class Node:
    """A table, row or cell.

    Attributes:
        tag: ``table``, ``tr`` or ``td``.
        spans: rows and columns of a cell.
        text: of a cell.
        children: rows of a table, cells of a row.
    """

    tag: str
    spans: tuple[int, int] = (1, 1)
    text: str = ""
    children: Sequence["Node"] = field(default=())

    @property
    def size(self) -> int:
        """Number of descendants."""
        return sum(1 + child.size for child in self.children)


def teds(read: str, true: str, structure_only: bool = False) -> float:
    """Similarity of two tables, 0 to 1.

    Args:
        read: predicted table as HTML or OTSL; empty if there is none.
        true: ground truth.
        structure_only: ignore the texts (TEDS-S).

    Raises:
        MissingExtraError: apted is not installed.
    """
    left, right = tree(read, structure_only), tree(true, structure_only)
    largest = max(left.size, right.size)
    if not left.size or not right.size:
        return float(largest == 0)
    return max(0.0, 1 - _distance(left, right) / largest)


def tree(content: str, structure_only: bool = False) -> Node:
    """A table as a tree; without rows if it has no cell."""
    table = tables.parse(content, "") if content.strip() else Table(())
    rows = (
        Node(
            "tr",
            children=[
                Node("td", (cell.rows, cell.columns), "" if structure_only else plain(cell.text))
                for cell in row
            ],
        )
        for row in table.rows()
    )
    return Node("table", children=[*rows])


def apted() -> ModuleType:
    """Imports apted; also called to raise before long work if it is missing.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import apted
    except ImportError as error:
        raise MissingExtraError("apted", "train", "Comparing tables") from error
    found: ModuleType = apted
    return found


def _distance(left: Node, right: Node) -> float:
    class Costs(apted().Config):  # type: ignore[misc]  # apted has no types
        def rename(self, node1: Node, node2: Node) -> float:
            return rename_cost(node1, node2)

        def children(self, node: Node) -> Any:
            return node.children

    return float(apted().APTED(left, right, Costs()).compute_edit_distance())


def rename_cost(left: Node, right: Node) -> float:
    """Cost of replacing a node by another, 0 to 1."""
    if left.tag != right.tag or left.spans != right.spans:
        return 1.0
    return 1 - edit_similarity(left.text, right.text) if left.text or right.text else 0.0
