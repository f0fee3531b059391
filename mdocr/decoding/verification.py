"""Drafts of block diffusion, verified: all blocks of a text are denoised side by side.

A model that was trained on ``[prompt | text | masks]``, in which the masks of a block see the
prompt and the blocks of the text before it, judges a draft in that layout (arXiv 2603.22458,
section 3). One pass is the first denoising step of every block, each behind the draft of those
before it; as many passes follow as the slowest block needs. From the left, a block that ends as
drafted confirms that the next one stood behind the right text. The first that ends otherwise is
right itself. What those behind it have become is a better draft, since each saw the picture: it is
aligned anew behind the text, and verified in another round.

So the tokens are those of plain decoding with the same threshold and block length, in fewer passes
(*exact*). With ``BlockOptions.acceptance`` below the threshold, a token of the draft is committed
from that probability on, since two sources agree (*lenient*): fewer passes, and texts that may
differ. There a block seldom needs a second pass, so that a draft saves tokens too, as long as few
blocks are verified behind one that is refused: one block, and twice as many after each round that
confirms all.

The masks of a block stand at the positions of its draft, and their keys and values in slots of the
cache behind the text.

Shapes: M query positions, L tokens of a block.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mdocr.decoding.blocks import ActiveSequence, visible_positions
from mdocr.decoding.choices import Confidences, Tokens
from mdocr.decoding.draft_alignment import REACH, agreeing, resumption
from mdocr.decoding.requests import Feed, Request, TokenDraft

PATIENCE = 3
"""Rounds in a row, at most, in which not one block of a draft is confirmed."""


def started(number: int, index: int, request: Request, mask_id: int) -> ActiveSequence:
    """A sequence for a request, with its draft verified if that is asked for.

    Sampled texts are generated without drafts: their draws go from block to block.
    """
    options = request.options
    if options.acceptance is None or not request.draft.tokens or options.temperature:
        return ActiveSequence(number, index, request, mask_id)
    return VerifiedSequence(number, index, request, mask_id)


class DraftedBlock(ActiveSequence):
    """One block in flight, behind a text that is taken for granted.

    Args:
        request: of the whole text.
        mask_id: the mask token.
        before: tokens of the text before the block.
        draft: what the block is expected to be; shorter than a block at the end of the draft.
        slot: where the keys and values of its first token are kept.
        beside: the draft with up to ``REACH`` tokens on both sides of the block.
    """

    def __init__(
        self,
        request: Request,
        mask_id: int,
        before: tuple[int, ...],
        draft: tuple[int, ...],
        slot: int,
        beside: tuple[int, ...] = (),
    ) -> None:
        super().__init__(0, 0, replace(request, draft=TokenDraft()), mask_id)
        self.tokens, self.steps = list(before), [0] * len(before)
        self.confidences = [0.0] * len(before)
        self.proposed = [()] * len(before)
        self.draft = draft
        self.slot = slot
        self.beside = beside
        self._open_block()

    @property
    def is_done(self) -> bool:
        """Whether nothing of the block is left to be denoised."""
        return self.end is not None or not self._masked

    @property
    def is_refused(self) -> bool:
        """Whether a token has been committed that is not the draft's."""
        pairs = zip(self._block, self.draft, strict=False)
        return any(token not in (draft, self.mask_id) for token, draft in pairs)

    @property
    def position(self) -> int:
        """Of its first token in the sequence."""
        return len(self.request.prompt) + self._start

    @property
    def block(self) -> tuple[int, ...]:
        """Its tokens."""
        return self._block

    @property
    def text(self) -> tuple[int, ...]:
        """Its tokens, up to the first mask or the end of the text."""
        stop = None if self.end is None else self.end - self._start + 1
        known = self._block[:stop]
        return known[: known.index(self.mask_id)] if self.mask_id in known else known

    def _settle(self) -> None:
        self.end = self._find_end()

    def _chosen(
        self, queries: list[int], candidates: Tokens, confidences: Confidences
    ) -> NDArray[np.bool_]:
        """Also commits what the draft has, from the probability on that is accepted."""
        chosen = super()._chosen(queries, candidates, confidences)
        masked, likely = self._masked, list(self._block)
        for at, token in zip(queries, candidates.tolist(), strict=True):
            likely[at] = token if at in masked else likely[at]
        agreed = agreeing(likely, self.draft, self.beside)
        for at, sure in zip(queries, confidences.tolist(), strict=True):
            if at in masked and agreed[at] and sure >= (self.request.options.acceptance or 0.0):
                chosen[at] = True
        return chosen


def redrafted(blocks: Sequence[DraftedBlock]) -> tuple[int, ...]:
    """Blocks that ended side by side as a draft: each is followed by what its own draft has then.

    A block that has a token more than its draft ends before it, one that has a token less behind.
    """
    behind: tuple[int, ...] = ()
    for block in reversed(blocks):
        known = (*block.draft, *behind)
        near = len(block.draft)
        found = resumption(known, near, block.text) if block.is_refused else near
        behind = (*block.text, *known[near if found is None else found :])
    return behind


@dataclass(frozen=True)
class _Cell:
    """A token that is fed: where it stands, where it is kept, and what it sees."""

    token: int
    position: int
    slot: int
    visible: int
    own: tuple[int, int] = (0, 0)


class VerifiedSequence(ActiveSequence):
    """A sequence in flight whose draft is verified; see the module.

    Args:
        number: index of the request.
        index: among the concurrent sequences.
        request: with a draft; its ``confidences`` are not looked at.
        mask_id: the mask token.
    """

    def __init__(self, number: int, index: int, request: Request, mask_id: int) -> None:
        known = request.draft.tokens
        self._draft = known[: known.index(mask_id)] if mask_id in known else known
        self._place = 0  # of the token of the draft that follows the text
        self._is_lost = False  # whether that is not known
        self._confirmed = 0  # blocks of this round that ended as drafted
        self._misses = 0  # rounds in a row without such blocks
        self._is_lenient = (request.options.acceptance or 0.0) < request.options.threshold
        self._window = 1  # blocks of a lenient round, at most
        self._capacity = request.capacity
        self._blocks: list[DraftedBlock] = []
        self._known: tuple[int, ...] = ()  # of the draft, to be fed
        super().__init__(number, index, replace(request, draft=TokenDraft()), mask_id)

    @property
    def queries(self) -> list[int]:
        """Positions to predict among the tokens that are fed."""
        at, found = len(self._leading()), []
        for block in self._unfinished:
            found += [at + query for query in block.queries]
            at += len(block.block)
        return found

    def feed(self) -> Feed:
        """The input of this sequence to the next pass."""
        cells = self._leading()
        for block in self._unfinished:
            own = (block.slot, block.slot + len(block.block))
            cells += [
                _Cell(token, block.position + at, block.slot + at, block.position, own)
                for at, token in enumerate(block.block)
            ]
        return self._as_feed(cells)

    def commit(self, candidates: Tokens, confidences: Confidences) -> None:
        """Ends a step of every block."""
        start = 0
        for block in self._unfinished:
            stop = start + len(block.queries)
            block.passes = self.passes
            block.commit(candidates[start:stop], confidences[start:stop])
            start = stop
        self.passes += 1
        self._pending = ()
        self._known = ()
        self._settle()

    @property
    def _unfinished(self) -> list[DraftedBlock]:
        return [block for block in self._blocks if not block.is_done]

    def _open_block(self) -> None:
        """Begins a round: the blocks of the draft that follows, and the one behind them."""
        length, longest = self.request.options.block_length, self.request.options.max_tokens
        self._start = len(self.tokens)
        rest = () if self._is_lost else self._draft[self._place :]
        is_whole = bool(rest) and rest[-1] in self.request.stop_ids and len(rest) % length == 0
        count = len(rest) // length + (not is_whole)
        count = max(1, min(count, -(-(longest - self._start) // length)))
        count = min(count, self._window) if self._is_lenient else count
        self._known = rest[: (count - 1) * length]
        self._confirmed = 0
        self._capacity = max(self._capacity, self.request.capacity + (count - 1) * length)
        written = (*self.tokens, *self._known)
        behind = len(self.request.prompt) + self._start + count * length
        self._blocks = [
            DraftedBlock(
                self.request,
                self.mask_id,
                written[: self._start + at * length],
                rest[at * length : (at + 1) * length],
                slot=behind + at * length if at < count - 1 else behind - length,
                beside=self._beside(at * length) if self._is_lenient and rest else (),
            )
            for at in range(count)
        ]

    def _settle(self) -> None:
        """Takes blocks from the left as they end, until one is in flight or the text ends."""
        while True:
            block = self._blocks[0]
            self._take(block)
            if block.end is not None:
                self.end = block.end
                return
            is_early = block.is_refused and bool(self._unfinished)
            if not block.is_done or (is_early and not self._is_lenient):
                self._drop()
                return
            self._place += len(block.block)
            self._start += len(block.block)
            if len(self._blocks) > 1 and not block.is_refused:
                del self._blocks[0]  # its keys and values are those of the draft
                self._confirmed += 1
                continue
            self._pending += block.block
            self._realign()
            self._open_block()

    def _take(self, block: DraftedBlock) -> None:
        """The first block, at the end of the text."""
        self.tokens += block.tokens[self._start :]
        self.steps += block.steps[self._start :]
        self.confidences += block.confidences[self._start :]
        self.proposed += block.proposed[self._start :]

    def _drop(self) -> None:
        """Takes a block in flight off the text again."""
        for values in (self.tokens, self.steps, self.confidences, self.proposed):
            del values[self._start :]

    def _beside(self, at: int) -> tuple[int, ...]:
        """Of the draft, what stands around the block ``at`` tokens behind the text."""
        start, stop = self._place + at - REACH, self._place + at + REACH
        known = self._draft[max(0, start) : stop + self.request.options.block_length]
        return (*[-1] * -start, *known)

    def _realign(self) -> None:
        """Finds where the draft goes on behind a block that it does not have."""
        block = self._blocks[0]
        self._window = 2 * self._window if block.draft and not block.is_refused else 1
        if block.is_refused and not self._is_lenient:
            self._draft = (*block.draft, *redrafted(self._blocks[1:]))
            self._place = len(block.block)
            self._misses = 0 if self._confirmed else self._misses + 1
        if block.is_refused or self._is_lost:
            found = resumption(self._draft, self._place, self.tokens)
            self._is_lost = found is None or self._misses >= PATIENCE
            self._place = self._place if found is None else found

    def _leading(self) -> list[_Cell]:
        """What is fed before the blocks: text that the model has not seen, and the draft."""
        prompt, length = len(self.request.prompt), self.request.options.block_length
        tokens = (*self._pending, *self._known)
        start = prompt + self._start - len(self._pending)
        return [
            _Cell(token, at, at, visible_positions(at, prompt, length))
            for at, token in enumerate(tokens, start)
        ]

    def _as_feed(self, cells: list[_Cell]) -> Feed:
        """Cells as a feed; a single block behind the text is fed as without a draft."""
        start = cells[0].slot
        in_place = all(cell.slot == cell.position for cell in cells)
        prompt, length = len(self.request.prompt), self.request.options.block_length
        feed = Feed(
            sequence=self.index,
            start=start,
            tokens=tuple(cell.token for cell in cells),
            visible=tuple(cell.visible for cell in cells),
            queries=tuple(self.queries),
            capacity=self._capacity,
            prompt_length=prompt,
            picture=self.request.picture if start == 0 else None,
        )
        if in_place:
            visible = tuple(visible_positions(cell.position, prompt, length) for cell in cells)
            return replace(feed, visible=visible)
        return replace(
            feed,
            positions=tuple(cell.position for cell in cells),
            slots=tuple(cell.slot for cell in cells),
            own=tuple(cell.own for cell in cells),
        )
