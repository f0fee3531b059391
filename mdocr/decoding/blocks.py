"""Block diffusion: a text is denoised block by block, each block in as many steps as it needs.

In each step the model predicts every masked token of the block at once; those above the confidence
threshold are committed, and at least a scheduled number (arXiv 2603.22458, section 3; arXiv
2510.06303).

Sequences run concurrently, each with its own prompt, options and progress; when one ends, the next
takes its place. A finished block (or, at the start, the prompt) is fed together with the first step
of the next block: under the block-causal mask this is exact, and no pass is spent only on storing
keys and values. So a text takes exactly as many passes as denoising steps.

A block begins with what is sure of the request's draft, or all of a final one, and masks for the
rest. Blocks that are drafted throughout take no pass, and a text of which all are never reaches the
model.

The decoder knows a model only as ``predict`` (``mdocr.decoding.requests.Predict``), and no text.

Shapes: M query positions of one or all sequences of a pass, L tokens of a block, V vocabulary.
"""

from collections.abc import Callable, Collection, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from mdocr.decoding.arrays import Array
from mdocr.decoding.choices import Confidences, Tokens, likeliest, sampled, select
from mdocr.decoding.requests import Feed, Generation, Predict, Request

SAYING = 16
"""Tokens of which the mean confidence says whether more are worth it."""

PREFILL_TOKENS = 8192
"""Prompts of new sequences share a pass up to about this many tokens."""


def denoise(
    predict: Predict,
    requests: Iterable[Request],
    mask_id: int,
    batch_size: int = 8,
    start: "Start | None" = None,
    watch: "Watch | None" = None,
) -> Iterator[tuple[int, Generation]]:
    """Generates texts; requests are pulled lazily, when a sequence is free.

    Args:
        predict: the model.
        requests: what to generate; may be produced on the fly.
        mask_id: the mask token; never generated.
        batch_size: maximum number of concurrent sequences.
        start: makes a sequence of a request; ``mdocr.decoding.verification.started`` verifies its
            draft, where the model can.
        watch: called before the first pass of sequences, and after every pass.

    Yields:
        The index of a request and its text, in order of completion.
    """
    waiting = enumerate(requests)
    active: dict[int, ActiveSequence] = {}
    while True:
        fresh, drafted = _admit(waiting, active, batch_size, mask_id, start or ActiveSequence)
        yield from ((sequence.number, sequence.generation()) for sequence in drafted)
        group = fresh or list(active.values())
        if not group and drafted:
            continue  # a text may lead to further requests
        if not group:
            return
        if watch and fresh:
            watch(active.values())
        _advance(predict, group, mask_id)
        if watch:
            watch(active.values())
        for sequence in group:
            if sequence.end is not None:
                del active[sequence.index]
                yield sequence.number, sequence.generation()


class ActiveSequence:
    """A sequence in flight: what is generated, and what is still to be fed to the model.

    Args:
        number: index of the request.
        index: among the concurrent sequences, by which the model's cache knows it.
        request: what to generate.
        mask_id: the mask token.
    """

    def __init__(self, number: int, index: int, request: Request, mask_id: int) -> None:
        self.number = number
        self.index = index
        self.request = request
        self.mask_id = mask_id
        self.end: int | None = None  # length of the text, once it is known
        self.passes = 0
        self.tokens: list[int] = []
        self.steps: list[int] = []
        self.confidences: list[float] = []
        self.proposed: list[tuple[int, ...]] = []
        self.generator = np.random.default_rng((int(request.options.seed) % 2**64, number))
        self._pending = request.prompt  # committed, but not yet fed
        self._open_block()
        self._settle()

    @property
    def queries(self) -> list[int]:
        """Positions in the block to predict: the masked ones, or all when revising."""
        masked = self._masked
        revises = self.request.options.revise and len(masked) < self._scheduled
        return list(range(len(self._block))) if revises else masked

    def feed(self) -> Feed:
        """The input of this sequence to the next pass."""
        prompt, block = len(self.request.prompt), self.request.options.block_length
        tokens = (*self._pending, *self._block)
        start = prompt + self._start - len(self._pending)
        positions = range(start, start + len(tokens))
        return Feed(
            sequence=self.index,
            start=start,
            tokens=tokens,
            visible=tuple(visible_positions(at, prompt, block) for at in positions),
            queries=tuple(len(self._pending) + at for at in self.queries),
            capacity=self.request.capacity,
            prompt_length=prompt,
            picture=self.request.picture if start == 0 else None,
        )

    def commit(self, candidates: Tokens, confidences: Confidences) -> None:
        """Ends a step: commits some of the candidates [M] for the query positions."""
        queries = self.queries
        chosen = self._chosen(queries, candidates, confidences)
        self.passes += 1
        self._step += 1
        self._pending = ()
        self._keep(queries, candidates.tolist(), confidences.tolist(), chosen.tolist())
        self._settle()

    def _chosen(
        self, queries: list[int], candidates: Tokens, confidences: Confidences
    ) -> NDArray[np.bool_]:
        """Which positions of the block [L] to commit."""
        masked = self._masked
        sure = np.full(len(self._block), -np.inf, np.float32)
        sure[queries] = confidences
        sure[[at for at in queries if at not in masked]] = -np.inf
        least = self._scheduled if self.request.options.revise else len(masked)
        return select(sure, self.request.options.threshold, min(least, self._scheduled))

    def generation(self) -> Generation:
        """The finished text."""
        return Generation(
            text="",
            tokens=tuple(self.tokens[: self.end]),
            steps=tuple(self.steps[: self.end]),
            confidences=tuple(self.confidences[: self.end]),
            passes=self.passes,
            frames=self.request.frames,
            proposed=tuple(self.proposed[: self.end]),
        )

    @property
    def _block(self) -> tuple[int, ...]:
        return tuple(self.tokens[self._start :])

    @property
    def _masked(self) -> list[int]:
        """Positions in the block that are still masked."""
        return [at for at, token in enumerate(self._block) if token == self.mask_id]

    @property
    def _scheduled(self) -> int:
        """Minimum number of tokens that the current step commits."""
        schedule = self.request.options.schedule
        return schedule[min(self._step, len(schedule) - 1)]

    def _keep(
        self, queries: list[int], tokens: list[int], confidences: list[float], chosen: list[bool]
    ) -> None:
        for at, token, confidence in zip(queries, tokens, confidences, strict=True):
            if chosen[at]:
                self.tokens[self._start + at] = token
                self.steps[self._start + at] = self.passes
                self.confidences[self._start + at] = confidence
            else:
                self.proposed[self._start + at] += (token,)

    def _open_block(self) -> None:
        length = self.request.options.block_length
        self._start = len(self.tokens)
        self._step = 0
        self.tokens += [self.mask_id] * length
        self.steps += [0] * length
        self.confidences += [0.0] * length
        self.proposed += [()] * length
        for at in range(self._start, len(self.tokens)):
            token, confidence = self._drafted(at)
            is_sure = confidence >= self.request.options.draft_threshold
            if (is_sure or self.request.draft.is_final) and token != self.mask_id:
                self.tokens[at], self.confidences[at] = token, confidence

    def _drafted(self, position: int) -> tuple[int, float]:
        """Token and confidence of the draft; behind its end, where masks gain nothing, the end."""
        draft = self.request.draft
        if position < len(draft.tokens):
            return draft.tokens[position], draft.confidences[position]
        if draft.tokens and draft.tokens[-1] in self.request.stop_ids:
            return draft.tokens[-1], draft.confidences[-1]
        return self.mask_id, 0.0

    def _settle(self) -> None:
        """Ends the text, or opens blocks until one holds masks."""
        self.end = self._find_end()
        while self.end is None and not self._masked:
            self._pending += self._block
            if self._is_given_up:
                self.end = len(self.tokens)
                return
            self._open_block()
            self.end = self._find_end()

    @property
    def _is_given_up(self) -> bool:
        """Whether the blocks until now are too unsure to go on."""
        length, least = len(self.tokens), self.request.options.least_confidence
        return length >= SAYING and sum(self.confidences) < least * length

    def _find_end(self) -> int | None:
        """Length of the text if nothing before its end is masked; earlier blocks hold no stop."""
        longest = self.request.options.max_tokens
        for position in range(self._start, min(len(self.tokens), longest)):
            if self.tokens[position] == self.mask_id:
                return None
            if self.tokens[position] in self.request.stop_ids:
                return position
        return longest if len(self.tokens) >= longest else None


Start = Callable[[int, int, Request, int], ActiveSequence]
"""Makes a sequence of the arguments of ``ActiveSequence``."""

Watch = Callable[[Collection[ActiveSequence]], None]
"""Takes the sequences in flight; those that have just ended are still among them."""


def visible_positions(position: int, prompt_length: int, block_length: int) -> int:
    """Number of positions that the token at ``position`` sees: up to the end of its own block.

    Blocks are aligned to the end of the prompt; the first block of the prompt may be shorter.
    """
    block = (position - prompt_length) // block_length + 1
    return prompt_length + block * block_length


def _admit(
    waiting: Iterator[tuple[int, Request]],
    active: dict[int, ActiveSequence],
    batch_size: int,
    mask_id: int,
    start: Start,
) -> tuple[list[ActiveSequence], list[ActiveSequence]]:
    """Starts waiting requests while there is room, as many as may share a pass.

    Returns:
        Those that take part in it, and those that their drafts have ended.
    """
    fresh: list[ActiveSequence] = []
    drafted: list[ActiveSequence] = []
    free = sorted(set(range(batch_size)) - active.keys(), reverse=True)
    longest = 0
    while free and longest * (len(fresh) + 1) <= PREFILL_TOKENS and len(drafted) < batch_size:
        number, request = next(waiting, (0, None))
        if request is None:
            break
        sequence = start(number, free[-1], request, mask_id)
        if sequence.end is not None:
            drafted.append(sequence)
            continue
        fresh.append(sequence)
        active[free.pop()] = sequence
        longest = max(longest, len(request.prompt))
    return fresh, drafted


def _advance(predict: Predict, group: list[ActiveSequence], mask_id: int) -> None:
    """One pass: one denoising step of every sequence of the group."""
    feeds = [sequence.feed() for sequence in group]
    counts = [len(feed.queries) for feed in feeds]
    decided = _decide(predict(feeds), group, counts, mask_id)
    ends = np.cumsum(counts)[:-1]
    parts = zip(group, *(np.split(values, ends) for values in decided), strict=True)
    for sequence, candidates, sure in parts:
        sequence.commit(candidates, sure)


def _decide(
    logits: Array, group: list[ActiveSequence], counts: list[int], mask_id: int
) -> tuple[Tokens, Confidences]:
    """Candidate and confidence at every query position [M]."""
    if not any(sequence.request.options.temperature for sequence in group):
        return likeliest(logits, mask_id)
    decided, start = [], 0
    for sequence, count in zip(group, counts, strict=True):
        rows = logits[start : start + count]
        heat = sequence.request.options.temperature
        decided.append(
            sampled(rows, mask_id, heat, sequence.generator) if heat else likeliest(rows, mask_id)
        )
        start += count
    tokens, confidences = (np.concatenate(parts) for parts in zip(*decided, strict=True))
    return tokens, confidences
