"""What block diffusion is asked for, what it hands to a model, and what it returns.

Free of torch, so that the command line can read its defaults here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mdocr.errors import UsageError


@dataclass(frozen=True)
class BlockOptions:
    """How a text is filled in.

    Attributes:
        threshold: a token is committed as soon as its probability is above it, 0 to 1. Higher is
            slower and better; 0.95 is twice as fast as one token a pass.
        block_length: tokens that are denoised together; 1 is autoregressive decoding.
        steps: passes in which a block is complete at the latest; ``block_length`` if None.
        max_tokens: longest text, in tokens.
        temperature: 0 takes the likeliest token; above, tokens are drawn.
        seed: seed of the draws.
        revise: where fewer tokens are masked than a step must commit, it decides committed ones
            anew to make up the number, as the released code does. Without effect unless ``steps``
            is less than ``block_length``.
    """

    threshold: float = 0.95
    block_length: int = 32
    steps: int | None = None
    max_tokens: int = 1024
    temperature: float = 0.0
    seed: int = 0
    revise: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.threshold <= 1:
            raise UsageError(f"threshold must be between 0 and 1, not {self.threshold}")
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
        """Tokens that each step of a block commits at least; the remainder goes first."""
        steps = self.steps or self.block_length
        least, remainder = divmod(self.block_length, steps)
        return tuple(least + (step < remainder) for step in range(steps))


@dataclass(frozen=True)
class Request:
    """One text to be generated.

    Attributes:
        prompt: token ids, not empty.
        options: how to fill it in.
        stop_ids: tokens before which the text ends.
        picture: handed to the model with the prompt; the decoder does not look at it.
    """

    prompt: tuple[int, ...]
    options: BlockOptions = BlockOptions()
    stop_ids: frozenset[int] = frozenset()
    picture: Any = None

    def __post_init__(self) -> None:
        if not self.prompt:
            raise UsageError("the prompt is empty", "Give a task, a text or a list of token ids.")

    @property
    def capacity(self) -> int:
        """Places that the prompt and all blocks may take."""
        block = self.options.block_length
        return len(self.prompt) + -(-self.options.max_tokens // block) * block


@dataclass(frozen=True)
class Feed:
    """What one sequence hands to one pass: the tokens that are new, and the block in work.

    A model keeps, per slot, keys and values of all tokens fed so far. Tokens at places that were
    fed before replace what was there.

    Attributes:
        slot: number of the sequence among those in work; reused when a sequence ends.
        start: place of the first token in its sequence; 0 begins a new one.
        tokens: token ids.
        visible: for each token, how many places of the sequence, from 0, it sees.
        wanted: indices into ``tokens`` of those to be predicted.
        capacity: places that the sequence may ever take.
        prompt_length: tokens of the sequence's prompt.
        picture: what the request brought; None unless ``start`` is 0.
    """

    slot: int
    start: int
    tokens: tuple[int, ...]
    visible: tuple[int, ...]
    wanted: tuple[int, ...]
    capacity: int
    prompt_length: int = 0
    picture: Any = None


Predict = Callable[[Sequence[Feed]], Any]
"""Logits [wanted tokens of all feeds, V]: a tensor on any device, or a NumPy array."""


@dataclass(frozen=True)
class Generation:
    """A generated text.

    Attributes:
        text: what the tokens spell; empty as long as only the decoder has had it in hand.
        tokens: token ids, without the stop token.
        steps: for each token, the denoising step of this text in which it was committed, from 1.
        confidences: for each token, its probability when it was committed.
        passes: passes through the model in which this text took part.
    """

    text: str
    tokens: tuple[int, ...]
    steps: tuple[int, ...]
    confidences: tuple[float, ...]
    passes: int
