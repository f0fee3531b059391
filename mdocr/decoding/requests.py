"""What block diffusion is asked for, what it feeds to a model, and what it returns.

Imports no torch, so that the command line can read its defaults here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mdocr.errors import UsageError
from mdocr.options import check_share


@dataclass(frozen=True)
class BlockOptions:
    """How a text is denoised.

    Attributes:
        threshold: a token is committed once its probability exceeds this, 0 to 1. Higher is slower
            and more accurate; 0.95 is twice as fast as one token per pass.
        block_length: tokens denoised together; 1 is autoregressive decoding.
        steps: maximum number of passes per block; ``block_length`` if None.
        max_tokens: longest text, in tokens.
        least_confidence: a text ends after a block that leaves the mean confidence of 16 tokens or
            more below this, 0 to 1.
        temperature: 0 takes the likeliest token; above, tokens are sampled.
        seed: seed for sampling.
        revise: if fewer tokens are masked than a step must commit, predict committed ones again to
            make up the number, as the released code does. No effect unless ``steps`` is less than
            ``block_length``.
        draft: ``ctc``: begin with what the CTC head of the model reads, if it has one;
            ``ctc-only``: take that as it is, without a pass; ``ctc-level``: as ``ctc``, but only
            of a formula that is sure throughout and a mere row of signs; or ``none``.
        draft_threshold: a token of a draft is committed from this confidence on, 0 to 1.
        acceptance: verify a draft instead (``mdocr.decoding.verification``): a token of it that is
            the likeliest in its place is committed from this probability on, 0 to 1; None does not.
    """

    threshold: float = 0.95
    block_length: int = 32
    steps: int | None = None
    max_tokens: int = 1024
    least_confidence: float = 0.0
    temperature: float = 0.0
    seed: int = 0
    revise: bool = True
    draft: str = "none"
    draft_threshold: float = 0.9
    acceptance: float | None = None

    def __post_init__(self) -> None:
        check_share("threshold", self.threshold)
        check_share("draft threshold", self.draft_threshold)
        if self.acceptance is not None:
            check_share("acceptance", self.acceptance)
        if self.block_length < 1:
            raise UsageError(f"block length must be at least 1, not {self.block_length}")
        if self.steps is not None and not 1 <= self.steps <= self.block_length:
            raise UsageError(
                f"steps must be between 1 and the block length {self.block_length}, "
                f"not {self.steps}"
            )
        if self.max_tokens < 1:
            raise UsageError(f"max tokens must be at least 1, not {self.max_tokens}")
        if self.temperature < 0:
            raise UsageError(f"temperature must not be negative, not {self.temperature}")

    @property
    def schedule(self) -> tuple[int, ...]:
        """Minimum number of tokens that each step commits; the first steps take the remainder."""
        steps = self.steps or self.block_length
        least, remainder = divmod(self.block_length, steps)
        return tuple(least + (step < remainder) for step in range(steps))


@dataclass(frozen=True)
class TokenDraft:
    """What a text is likely to be, from its start on: decoding begins with it instead of masks.

    Attributes:
        tokens: ids; a stop token at the end if the whole text is known.
        confidences: how sure each is to stand in its place, 0 to 1.
        is_final: all of it is committed, however sure: nothing is left to the model.
    """

    tokens: tuple[int, ...] = ()
    confidences: tuple[float, ...] = ()
    is_final: bool = False


@dataclass(frozen=True)
class Request:
    """One text to generate.

    Attributes:
        prompt: token ids, not empty.
        options: how to denoise it.
        stop_ids: tokens that end the text.
        picture: passed to the model with the prompt, unread by the decoder.
        draft: what is known of the text before the first pass.
        frames: of its generation.
    """

    prompt: tuple[int, ...]
    options: BlockOptions = BlockOptions()
    stop_ids: frozenset[int] = frozenset()
    picture: Any = None
    draft: TokenDraft = TokenDraft()
    frames: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not self.prompt:
            raise UsageError("the prompt is empty", "Give a task, a text or a list of token ids.")

    @property
    def capacity(self) -> int:
        """Number of positions of the prompt and all blocks."""
        block = self.options.block_length
        return len(self.prompt) + -(-self.options.max_tokens // block) * block


@dataclass(frozen=True)
class Feed:
    """The input of one sequence to one pass: its new tokens, and the block in flight.

    A model keeps, per sequence, the keys and values of all tokens fed so far. Tokens at positions
    that were fed before replace them. Masks that stand beside the draft of their block have slots
    of their own.

    Attributes:
        sequence: index among the concurrent sequences; reused when a sequence ends.
        start: position of the first token in its sequence; 0 begins a new one.
        tokens: token ids.
        visible: for each token, the number of positions it sees, counted from 0.
        queries: indices into ``tokens`` of the positions to predict.
        capacity: maximum number of positions of the sequence.
        prompt_length: number of prompt tokens.
        picture: that of the request; None unless ``start`` is 0.
        positions: of the tokens in their sequence; one behind the other from ``start`` if empty.
        slots: where their keys and values are kept; at their positions if empty.
        own: for each token, the first slot and the one behind the last that it sees besides the
            ``visible`` ones; none if empty.
    """

    sequence: int
    start: int
    tokens: tuple[int, ...]
    visible: tuple[int, ...]
    queries: tuple[int, ...]
    capacity: int
    prompt_length: int = 0
    picture: Any = None
    positions: tuple[int, ...] = ()
    slots: tuple[int, ...] = ()
    own: tuple[tuple[int, int], ...] = ()


Predict = Callable[[Sequence[Feed]], Any]
"""Logits [query positions of all feeds, V]: a tensor on any device, or a NumPy array."""


@dataclass(frozen=True)
class Generation:
    """A generated text.

    Attributes:
        text: the decoded tokens; left empty by the block decoder, which has no tokenizer.
        tokens: token ids, without the stop token.
        steps: denoising step of this text in which each token was committed, from 1; 0 if
            it is of the draft.
        confidences: probability of each token when it was committed.
        passes: forward passes that this text took part in.
        truncated: a server cut the text at its limit; that of other texts shows in ``tokens``.
        frames: how many characters stand up to each CTC frame of the picture, from left to right;
            empty where the model has no CTC head.
        proposed: for each token, the ids that earlier steps took for likeliest in its place; empty
            where that is not known.
    """

    text: str
    tokens: tuple[int, ...]
    steps: tuple[int, ...]
    confidences: tuple[float, ...]
    passes: int
    truncated: bool = False
    frames: tuple[float, ...] = ()
    proposed: tuple[tuple[int, ...], ...] = ()
