"""Regions that the layout found twice: the better reading stays."""

from mdocr.document.model import Block

_CONTAINERS = ("list", "image_block", "equation_block")
_SAME_REGION = 0.8  # intersection over union
_INSIDE = 0.9


def drop_duplicates(blocks: list[Block]) -> list[Block]:
    """The blocks without those that repeat another one, and without empty groups of others."""
    blocks = [block for block in blocks if not _only_groups(block, blocks)]
    return [
        block
        for index, block in enumerate(blocks)
        if not any(
            _repeats(block, other, later=index > place)
            for place, other in enumerate(blocks)
            if place != index
        )
    ]


def _repeats(block: Block, other: Block, *, later: bool) -> bool:
    """Whether ``block`` should give way to ``other``."""
    if _is_container(block) or _is_container(other):
        return False
    if block.box.iou(other.box) >= _SAME_REGION:
        mine, others = (_worth(block), _worth(other))
        return mine < others or (mine == others and later)
    contained = block.box.inside(other.box) >= _INSIDE
    return contained and bool(_bare(block)) and _bare(block) in _bare(other)


def _only_groups(block: Block, blocks: list[Block]) -> bool:
    """Whether the block is a frame around pictures or equations that are there themselves."""
    if block.type not in ("image_block", "equation_block") or block.content:
        return False
    inner = ("image", "chart") if block.type == "image_block" else ("equation",)
    return any(b.type in inner and b.box.inside(block.box) >= _INSIDE for b in blocks)


def _is_container(block: Block) -> bool:
    return block.type in _CONTAINERS and not block.content


def _worth(block: Block) -> tuple[bool, float]:
    return bool(block.content or block.image), block.confidence


def _bare(block: Block) -> str:
    """The text without spaces and case, which a letter that stands alone does not tell."""
    return "".join(block.content.split()).casefold()
