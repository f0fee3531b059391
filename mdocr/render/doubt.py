"""Words that were read with doubt, marked in running text and in the cells of tables."""

from dataclasses import replace

from mdocr.document.block_types import CODE_TYPES
from mdocr.document.inline import doubtful
from mdocr.document.model import Block, Page

FARTHEST = 60
"""Characters within which the next word of a block is looked for: one that was healed, or became
part of a formula, is not there as it was read."""


def mark_doubt(pages: tuple[Page, ...], bar: float) -> tuple[Page, ...]:
    """The pages with the words marked whose confidence is below ``bar``.

    Only blocks whose words have places can be marked (``ParseOptions.boxes``).
    """
    return tuple(
        replace(page, blocks=tuple(_marked(block, bar) for block in page.blocks)) for page in pages
    )


def _marked(block: Block, bar: float) -> Block:
    if block.format not in ("text", "otsl") or block.type in CODE_TYPES:
        return block
    content, out, end = block.content, "", 0
    for word in (word for line in block.lines for word in line.words):
        text, start = _found(content, word.text, end)
        if start < 0:
            continue
        is_marker = block.type == "list_item" and not content[:start].strip()
        is_doubtful = word.confidence < bar and not is_marker
        out += content[end:start] + (doubtful(text) if is_doubtful else text)
        end = start + len(text)
    return replace(block, content=out + content[end:])


def _found(content: str, word: str, end: int) -> tuple[str, int]:
    """A word in what follows, and where it is; if need be, without the hyphen at its end."""
    for text in (word, word.rstrip("-\u2010\u00ad")):
        start = content.find(text, end, end + FARTHEST + len(text)) if text else -1
        if start >= 0:
            return text, start
    return word, -1
