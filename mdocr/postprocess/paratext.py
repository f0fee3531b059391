"""What belongs to the page and not to the text: headers, footers, page numbers, margin notes."""

from mdocr.document.block_types import PARATEXT_TYPES
from mdocr.document.model import Block


def drop_paratext(blocks: list[Block]) -> list[Block]:
    """The blocks that belong to the text."""
    return [block for block in blocks if block.type not in PARATEXT_TYPES]
