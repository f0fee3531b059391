"""Captions and footnotes, placed beside the picture, table or code that they belong to."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mdocr.document.block_types import CODE_TYPES, PICTURE_TYPES
from mdocr.document.model import Block
from mdocr.document.turns import upright

_BODIES = {
    "image": PICTURE_TYPES,
    "table": ("table",),
    "code": CODE_TYPES,
}
_FARTHEST = 0.25  # of the page: beyond, a caption stands alone


@dataclass
class Figure:
    """A picture, table or code with what was written about it."""

    body: Block
    captions: list[Block] = field(default_factory=list)
    footnotes: list[Block] = field(default_factory=list)

    @property
    def above(self) -> list[Block]:
        """The captions that stand above the middle of the body."""
        return [block for block in self.captions if self._is_above(block)]

    @property
    def below(self) -> list[Block]:
        """The other captions, and then the footnotes."""
        return [b for b in self.captions if not self._is_above(b)] + self.footnotes

    def _is_above(self, caption: Block) -> bool:
        box, own = upright(caption, self.body.angle), upright(self.body)
        return box.y0 + box.y1 < own.y0 + own.y1


def is_body(block: Block) -> bool:
    """Whether the block can have captions."""
    return any(block.type in types for types in _BODIES.values())


def match_captions(blocks: Sequence[Block]) -> dict[int, int]:
    """Index of each caption and footnote that has a body on the page → index of that body."""
    matches = {}
    for index, block in enumerate(blocks):
        kind, _, role = block.type.partition("_")
        if role not in ("caption", "footnote") or kind not in _BODIES:
            continue
        bodies = [i for i, other in enumerate(blocks) if other.type in _BODIES[kind]]
        nearest = min(bodies, key=lambda i: _cost(index, i, blocks), default=-1)
        if nearest >= 0 and _gap(block, blocks[nearest]) <= _FARTHEST:
            matches[index] = nearest
    return matches


def figures(blocks: Sequence[Block]) -> list[Block | Figure]:
    """The blocks of a page, with captions and footnotes gathered into figures."""
    matches = match_captions(blocks)
    made = {i: Figure(block) for i, block in enumerate(blocks) if is_body(block)}
    for index, body in matches.items():
        is_caption = blocks[index].type.endswith("caption")
        (made[body].captions if is_caption else made[body].footnotes).append(blocks[index])
    return [made.get(i, block) for i, block in enumerate(blocks) if i not in matches]


def place_captions(blocks: list[Block]) -> list[Block]:
    """Captions above their body go before it; captions below, and then footnotes, after it."""
    out: list[Block] = []
    for item in figures(blocks):
        if isinstance(item, Block):
            out.append(item)
            continue
        out += [*item.above, item.body, *item.below]
    return out


def _cost(caption: int, body: int, blocks: Sequence[Block]) -> tuple[float, int]:
    return round(_gap(blocks[caption], blocks[body]), 3), abs(caption - body)


def _gap(caption: Block, body: Block) -> float:
    """Distance between two regions; sideways counts twice, since captions stand above or below."""
    first, second = upright(caption, body.angle), upright(body)
    across = max(0.0, first.x0 - second.x1, second.x0 - first.x1)
    down = max(0.0, first.y0 - second.y1, second.y0 - first.y1)
    return 2 * across + down
