"""Block diffusion: a text is filled in block by block, a block in as many steps as it needs.

In each step the model predicts every masked token of the block at once; those it is sure of are
committed, and at least a scheduled number of them (arXiv 2603.22458, section 3; arXiv 2510.06303).

Many sequences run at once, each with its own prompt, options, progress and end; one that ends
makes room for the next. A finished block (or the prompt, at the beginning) travels with the first
step of the block that follows: under the block-causal mask this changes nothing, and no pass is
spent only on storing keys and values. So a text takes exactly as many passes as denoising steps.

It knows a model only as ``predict`` (``mdocr.decoding.requests.Predict``), and nothing of text.

Shapes: M wanted tokens of one or all sequences of a pass, L tokens of a block, V vocabulary.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from mdocr.decoding.choices import Confidences, Tokens, drawn, likeliest, select
from mdocr.decoding.draft import Array
from mdocr.decoding.requests import Feed, Generation, Predict, Request

PREFILL_TOKENS = 8192
"""Prompts of newcomers share a pass up to about so many tokens."""


def denoise(
    predict: Predict, requests: Iterable[Request], mask_id: int, slots: int = 8
) -> Iterator[tuple[int, Generation]]:
    """Generates texts; requests are drawn only when there is room for them.

    Args:
        predict: the model.
        requests: what to generate, possibly made on the way.
        mask_id: the token that stands for an unknown one; never generated.
        slots: sequences in work at the same time.

    Yields:
        The number of a request and its text, in the order in which they end.
    """
    waiting = enumerate(requests)
    active: dict[int, Progress] = {}
    while True:
        group = _admit(waiting, active, slots, mask_id) or list(active.values())
        if not group:
            return
        _advance(predict, group, mask_id)
        for progress in group:
            if progress.end is not None:
                del active[progress.slot]
                yield progress.number, progress.generation()


class Progress:
    """One sequence in work: what is generated, what is still to be shown to the model.

    Args:
        number: number of the request.
        slot: slot of the model's cache.
        request: what to generate.
        mask_id: token of an unknown position.
    """

    def __init__(self, number: int, slot: int, request: Request, mask_id: int) -> None:
        self.number = number
        self.slot = slot
        self.request = request
        self.mask_id = mask_id
        self.end: int | None = None  # length of the text, once it is known
        self.passes = 0
        self.tokens: list[int] = []
        self.steps: list[int] = []
        self.confidences: list[float] = []
        self.generator = np.random.default_rng((int(request.options.seed) % 2**64, number))
        self._pending = request.prompt  # committed, but not yet shown to the model
        self._open_block()

    @property
    def wanted(self) -> list[int]:
        """Places in the block that the model is asked for: masked ones, or all when it revises."""
        masked = self._masked
        revises = self.request.options.revise and len(masked) < self._scheduled
        return list(range(len(self._block))) if revises else masked

    def feed(self) -> Feed:
        """What the next pass needs of this sequence."""
        prompt, block = len(self.request.prompt), self.request.options.block_length
        tokens = (*self._pending, *self._block)
        start = prompt + self._start - len(self._pending)
        places = range(start, start + len(tokens))
        return Feed(
            slot=self.slot,
            start=start,
            tokens=tokens,
            visible=tuple(visible_places(place, prompt, block) for place in places),
            wanted=tuple(len(self._pending) + place for place in self.wanted),
            capacity=self.request.capacity,
            prompt_length=prompt,
            picture=self.request.picture if start == 0 else None,
        )

    def commit(self, candidates: Tokens, confidences: Confidences) -> None:
        """Ends a step: commits some of the candidates [M] for the wanted places."""
        wanted, masked = self.wanted, self._masked
        sure = np.full(len(self._block), -np.inf, np.float32)
        sure[wanted] = confidences
        sure[[place for place in wanted if place not in masked]] = -np.inf
        least = self._scheduled if self.request.options.revise else len(masked)
        chosen = select(sure, self.request.options.threshold, min(least, self._scheduled))
        self.passes += 1
        self._step += 1
        self._pending = ()
        self._keep(wanted, candidates.tolist(), confidences.tolist(), chosen.tolist())
        self.end = self._find_end()
        if self.end is None and not self._masked:
            self._pending = self._block
            self._open_block()

    def generation(self) -> Generation:
        """The finished text."""
        tokens, steps = tuple(self.tokens[: self.end]), tuple(self.steps[: self.end])
        return Generation("", tokens, steps, tuple(self.confidences[: self.end]), self.passes)

    @property
    def _block(self) -> tuple[int, ...]:
        return tuple(self.tokens[self._start :])

    @property
    def _masked(self) -> list[int]:
        """Places in the block that are still masked."""
        return [place for place, token in enumerate(self._block) if token == self.mask_id]

    @property
    def _scheduled(self) -> int:
        """Tokens that the step in work must commit."""
        schedule = self.request.options.schedule
        return schedule[min(self._step, len(schedule) - 1)]

    def _keep(
        self, wanted: list[int], tokens: list[int], confidences: list[float], chosen: list[bool]
    ) -> None:
        for place, token, confidence in zip(wanted, tokens, confidences, strict=True):
            if chosen[place]:
                self.tokens[self._start + place] = token
                self.steps[self._start + place] = self.passes
                self.confidences[self._start + place] = confidence

    def _open_block(self) -> None:
        length = self.request.options.block_length
        self._start = len(self.tokens)
        self._step = 0
        self.tokens += [self.mask_id] * length
        self.steps += [0] * length
        self.confidences += [0.0] * length

    def _find_end(self) -> int | None:
        """Length of the text if nothing before its end is masked; blocks before hold no stop."""
        longest = self.request.options.max_tokens
        for place in range(self._start, min(len(self.tokens), longest)):
            if self.tokens[place] == self.mask_id:
                return None
            if self.tokens[place] in self.request.stop_ids:
                return place
        return longest if len(self.tokens) >= longest else None


def visible_places(place: int, prompt_length: int, block_length: int) -> int:
    """How many places of a sequence the token at ``place`` sees: to the end of its own block.

    Blocks are aligned to the end of the prompt; the first of the prompt may be shorter.
    """
    block = (place - prompt_length) // block_length + 1
    return prompt_length + block * block_length


def _admit(
    waiting: Iterator[tuple[int, Request]], active: dict[int, Progress], slots: int, mask_id: int
) -> list[Progress]:
    """Takes waiting requests into free slots, as many as may share a pass."""
    fresh: list[Progress] = []
    longest = 0
    for slot in sorted(set(range(slots)) - active.keys()):
        number, request = next(waiting, (0, None))
        if request is None:
            break
        fresh.append(Progress(number, slot, request, mask_id))
        active[slot] = fresh[-1]
        longest = max(longest, len(request.prompt))
        if longest * (len(fresh) + 1) > PREFILL_TOKENS:
            break
    return fresh


def _advance(predict: Predict, group: list[Progress], mask_id: int) -> None:
    """One pass, one denoising step of every sequence of the group."""
    feeds = [progress.feed() for progress in group]
    counts = [len(feed.wanted) for feed in feeds]
    decided = _decide(predict(feeds), group, counts, mask_id)
    ends = np.cumsum(counts)[:-1]
    parts = zip(group, *(np.split(values, ends) for values in decided), strict=True)
    for progress, candidates, sure in parts:
        progress.commit(candidates, sure)


def _decide(
    logits: Array, group: list[Progress], counts: list[int], mask_id: int
) -> tuple[Tokens, Confidences]:
    """Candidate and confidence of every wanted token [M]."""
    if not any(progress.request.options.temperature for progress in group):
        return likeliest(logits, mask_id)
    decided, start = [], 0
    for progress, count in zip(group, counts, strict=True):
        rows = logits[start : start + count]
        heat = progress.request.options.temperature
        decided.append(
            drawn(rows, mask_id, heat, progress.generator) if heat else likeliest(rows, mask_id)
        )
        start += count
    tokens, confidences = (np.concatenate(parts) for parts in zip(*decided, strict=True))
    return tokens, confidences
